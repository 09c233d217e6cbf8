"""A tuning job in virtual time.

What happens at one moment is seen in one look, as by an operator that looks at the world and not at
events; then `decide()` is asked and obeyed. Nothing sleeps.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from kubetune import planner
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Decision, Outcome
from kubetune.core.trial import Trial
from kubetune.simulator.cluster import START, VirtualCluster
from kubetune.simulator.incumbents import Incumbents
from kubetune.simulator.mark import Mark
from kubetune.simulator.training import Training
from kubetune.simulator.weather import CALM, Weather


class DecideFn(Protocol):
    """`planner.decide`, or what a test or a comparison puts in its place."""

    def __call__(
        self,
        spec: TuningJobSpec,
        trials: Sequence[Trial],
        *,
        seed: int,
        started_at: datetime,
        now: datetime,
    ) -> Decision:
        """Return what to do now."""


class Simulation:
    """A job and its trials.

    Attributes:
        spec: The wish.
        seed: Seed of the job.
        marks: How the incumbent came about, in the order of time. Its value mostly rises; it falls
            where the first trial that Succeeded follows trials that were stopped.
        looks: How often `decide()` was asked.
        outcome: The end of the job; None before.
        complaint: Why a strategy's answer was first replaced by random search; None if never.
    """

    def __init__(
        self,
        spec: TuningJobSpec,
        training: Training,
        *,
        seed: int,
        weather: Weather = CALM,
        decide: DecideFn = planner.decide,
        on_look: Callable[["Simulation"], None] = lambda _: None,
    ) -> None:
        """Prepare a job; nothing is launched yet.

        Args:
            spec: One in which `planner.check` finds nothing.
            training: What trials report.
            seed: Seed of the job.
            weather: Faults and delays.
            decide: Who decides.
            on_look: Called after every look, for example to show progress.
        """
        self.spec = spec
        self.seed = seed
        self.marks: list[Mark] = []
        self.looks = 0
        self.outcome: Outcome | None = None
        self.complaint: str | None = None
        self._cluster = VirtualCluster(training, spec, seed=seed, weather=weather)
        self._weather = weather
        self._decide = decide
        self._on_look = on_look
        self._best = Incumbents(spec.objective.goal)
        self._is_news = True
        self._wakes: set[float] = set()

    @property
    def trials(self) -> Mapping[int, Trial]:
        """The trials by index."""
        return self._cluster.trials

    @property
    def incumbent(self) -> Trial | None:
        """The best trial so far; None while none has a value."""
        index = self.best_index
        return None if index is None else self.trials[index]

    @property
    def best_index(self) -> int | None:
        """Index of the best trial so far; None while none has a value."""
        return self._best.index(self.trials)

    @property
    def peaks(self) -> Sequence[Mark]:
        """How the best value that any trial ever reported came about, in the order of time."""
        return self._cluster.peaks

    @property
    def clock(self) -> float:
        """Virtual seconds since the start."""
        return self._cluster.clock

    @property
    def steps(self) -> int:
        """Steps that all attempts of all trials used together."""
        return self._cluster.steps

    @property
    def cost(self) -> float:
        """Seconds that all pods together have used, those that are still there included."""
        return self._cluster.cost

    @property
    def finished(self) -> int:
        """Number of trials that have ended."""
        return len(self._cluster.finished)

    def run(self, *, max_steps: int | None = None, max_cost: float | None = None) -> Outcome | None:
        """Go on until the job ends, or until its trials have used that much.

        Returns:
            The end of the job; None if it has not ended: a limit was reached, or nothing will
            happen any more because the job is suspended.
        """
        while self.outcome is None:
            next_at = self._cluster.next_at
            if self._is_news and (next_at is None or next_at > self.clock):
                self._look()
                continue
            is_spent = max_steps is not None and self.steps >= max_steps
            if next_at is None or is_spent or (max_cost is not None and self.cost >= max_cost):
                break
            known = len(self._cluster.rested)
            is_change = self._cluster.advance()
            self._is_news = self._is_news or is_change
            self._mark(known)
        return self.outcome

    def _look(self) -> None:
        """Ask and obey."""
        self._is_news = False
        back_at = self._weather.back_at(self.clock)
        if back_at is not None:
            self._wake(back_at)
            return
        cluster = self._cluster
        decision = self._decide(
            self.spec,
            tuple(cluster.trials.values()),
            seed=self.seed,
            started_at=START,
            now=cluster.now,
        )
        self.looks += 1
        self.complaint = self.complaint or decision.fallback
        known = len(cluster.rested)
        for stop in decision.stop:
            cluster.stop(stop.index, TrialState.EARLY_STOPPED)
        for promotion in decision.promote:
            cluster.promote(promotion)
        for suggestion in decision.launch:
            cluster.launch(suggestion)
        if decision.outcome is not None:
            self.outcome = decision.outcome
            for trial in [t for t in cluster.trials.values() if not t.state.is_finished]:
                cluster.stop(trial.index, TrialState.STOPPED)
        elif decision.wake_after is not None:
            self._wake(self.clock + decision.wake_after.total_seconds())
        self._mark(known)
        self._on_look(self)

    def _wake(self, at: float) -> None:
        """Look again at that moment whatever happens; deadlines are exact to a microsecond."""
        at = round(at, 6)
        if at not in self._wakes:
            self._wakes.add(at)
            self._cluster.wake_at(at)

    def _mark(self, known: int) -> None:
        """Take up the trials that have finished or paused since there were `known` of them."""
        for index in self._cluster.rested[known:]:
            trial = self.trials[index]
            self._best.see(trial)
            if self._best.index(self.trials) == index and trial.value is not None:
                self.marks.append(self._cluster.mark(index, trial.value))
