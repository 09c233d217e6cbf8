"""A tuning job in virtual time: `decide()` on one side, synthetic learning curves on the other.

One step of every trial takes one unit of virtual time; after each step its value is reported and
`decide()` is asked. Nothing sleeps and nothing is random but the seeds.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from kubetune.api.parameters import ParameterValue
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Outcome
from kubetune.core.objective import final_value
from kubetune.core.trial import Observation, Trial
from kubetune.planner import decide
from tests.core.builders import START

Curve = Callable[[int, Mapping[str, ParameterValue], int], float]
"""(index of the trial, its parameters, step) -> the value that it reports at that step."""

OtherRule = Callable[[TuningJobSpec, Sequence[Trial], int], Sequence[int]]
"""(spec, trials, index of the trial that has just reported) -> indices of the trials to stop."""


@dataclass(kw_only=True)
class Simulation:
    """A job and its trials.

    Attributes:
        spec: The wish.
        curve: What trials report.
        full: Steps of a trial that is never stopped.
        seed: Seed of the run.
        duration: Virtual seconds per step of a trial.
        rule: A stopping rule to try instead of the one that `decide()` uses.
        trials: The trials by index.
        steps: Steps that all trials used together.
        clock: Virtual seconds since the start.
        outcome: The end of the job; None before.
    """

    spec: TuningJobSpec
    curve: Curve
    full: int
    seed: int
    duration: Callable[[int], float] = lambda _: 1.0
    rule: OtherRule | None = None
    trials: dict[int, Trial] = field(default_factory=dict)
    steps: int = 0
    clock: float = 0.0
    outcome: Outcome | None = None
    _queue: list[tuple[float, int]] = field(default_factory=list)

    def run(self, max_steps: int | None = None) -> None:
        """Go on until the job ends, or all trials together have used that many steps."""
        self._decide(reporter=-1)
        while self._queue and self.outcome is None:
            if max_steps is not None and self.steps >= max_steps:
                return
            self.clock, index = heapq.heappop(self._queue)
            if self.trials[index].state is TrialState.RUNNING:
                self._step(index)
                self._decide(reporter=index)

    def _step(self, index: int) -> None:
        trial = self.trials[index]
        step = len(trial.observations) + 1
        seen = Observation(step=step, value=self.curve(index, trial.parameters, step))
        self.steps += 1
        self.trials[index] = replace(trial, observations=(*trial.observations, seen))
        if step == self.full:
            self._finish(index, TrialState.SUCCEEDED)
        else:
            heapq.heappush(self._queue, (self.clock + self.duration(index), index))

    def _finish(self, index: int, state: TrialState) -> None:
        trial, objective = self.trials[index], self.spec.objective
        self.trials[index] = replace(
            trial,
            state=state,
            value=final_value(trial.observations, objective.value, objective.goal),
            finished_at=START + timedelta(seconds=self.clock),
            holds_slot=False,
        )

    def _decide(self, *, reporter: int) -> None:
        """Ask and obey until there is nothing more to do now: a stop makes room for a launch."""
        while True:
            trials = list(self.trials.values())
            decision = decide(
                self.spec,
                trials,
                seed=self.seed,
                started_at=START,
                now=START + timedelta(seconds=self.clock),
            )
            stops: Sequence[int] = [stop.index for stop in decision.stop]
            if self.rule is not None:
                stops = self.rule(self.spec, trials, reporter)
            for index in stops:
                self._finish(index, TrialState.EARLY_STOPPED)
            for suggestion in decision.launch:
                self._launch(suggestion.index, suggestion.parameters, suggestion.bracket)
            self.outcome = decision.outcome
            if not stops and not decision.launch:
                return

    def _launch(
        self, index: int, parameters: Mapping[str, ParameterValue], bracket: int | None
    ) -> None:
        self.trials[index] = Trial(
            index=index,
            name=f"trial-{index}",
            parameters=parameters,
            state=TrialState.RUNNING,
            bracket=bracket,
            started_at=START + timedelta(seconds=self.clock),
            holds_slot=True,
        )
        heapq.heappush(self._queue, (self.clock + self.duration(index), index))
