"""The median rule on synthetic curves: what it saves, and that it keeps the best."""

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.objective import incumbent
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import train_along
from tests.core.builders import make_spec
from tests.simulation.curves import FAMILIES, PARAMETERS

FULL, TRIALS, SEEDS = 27, 30, range(3)


@pytest.mark.parametrize("family", FAMILIES)
def test_with_its_defaults_the_rule_saves_steps_and_never_stops_the_eventual_best(
    family: str,
) -> None:
    steps = 0
    for seed in SEEDS:
        curve = FAMILIES[family](seed)
        job = Simulation(
            make_spec(
                "Random",
                parameters=PARAMETERS,
                limits={"maxTrials": TRIALS, "maxParallelTrials": 4},
                earlyStopping={"type": "Auto"},
            ),
            train_along(curve, steps=FULL),
            seed=seed,
        )
        job.run()
        best = max(job.trials.values(), key=lambda t: curve(t.index, t.parameters, FULL))
        assert best.state is TrialState.SUCCEEDED
        assert incumbent(job.trials.values(), job.spec.objective) is best
        steps += job.steps
    assert steps < 0.9 * TRIALS * FULL * len(SEEDS)
