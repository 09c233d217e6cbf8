"""Optuna's TPE with its Hyperband pruner, as its documentation pairs them."""

import optuna

from benchmarks.curves.loop import Start
from benchmarks.curves.models import EPOCHS
from benchmarks.curves.table import CurveTable
from benchmarks.search.peers_optuna import distribution


class OptunaHyperband:
    """A study in memory."""

    def __init__(self, table: CurveTable, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = {p.name: distribution(p) for p in table.parameters}
        self._study = optuna.create_study(
            direction="minimize",
            sampler=optuna.samplers.TPESampler(seed=seed),
            pruner=optuna.pruners.HyperbandPruner(
                min_resource=1, max_resource=EPOCHS, reduction_factor=3
            ),
            study_name=f"seed-{seed}",  # the pruner draws brackets from the name
        )

    def start(self) -> Start:
        """Return the study's next trial."""
        trial = self._study.ask(fixed_distributions=self._space)
        return Start(parameters=dict(trial.params), to=EPOCHS, tag=trial)

    def report(self, start: Start, step: int, value: float) -> bool:
        """Ask the pruner."""
        start.tag.report(value, step)
        if step == start.to:
            self._study.tell(start.tag, value)
        elif start.tag.should_prune():
            self._study.tell(start.tag, state=optuna.trial.TrialState.PRUNED)
            return False
        return True
