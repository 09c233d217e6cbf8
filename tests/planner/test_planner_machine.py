"""A job under any order of events: what must hold after each of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Decision, Outcome, Promotion
from kubetune.core.space import SearchSpace, build_space
from kubetune.core.trial import Observation, Trial
from kubetune.planner import decide
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, START, make_spec
from tests.examples import examples

PENDING, RUNNING, PAUSED = TrialState.PENDING, TrialState.RUNNING, TrialState.PAUSED
SPACES = {"finite": [HIDDEN, ACTIVATION], "infinite": [LEARNING_RATE, HIDDEN]}
FULL = 9


class TuningJobMachine(RuleBasedStateMachine):
    """The world as the operator sees it: a spec and trials; anything may happen to them."""

    spec: TuningJobSpec
    space: SearchSpace
    max_trials: int
    parallel: int

    def __init__(self) -> None:
        super().__init__()
        self.trials: dict[int, Trial] = {}
        self.used: set[int] = set()
        self.lost = 0
        self.clock = 0
        self.suspended = False
        self.outcome: Outcome | None = None

    @initialize(
        strategy=st.sampled_from(["Grid", "Random", "Hyperband", "Promotion", "Synchronous"]),
        space=st.sampled_from(["finite", "infinite"]),
        max_trials=st.integers(1, 14),
        parallel=st.integers(1, 5),
        auto=st.booleans(),
        initial=st.lists(st.sampled_from([{}, {"hidden": 32}, {"hidden": 64}]), max_size=3),
    )
    def start(
        self,
        *,
        strategy: str,
        space: str,
        max_trials: int,
        parallel: int,
        auto: bool,
        initial: list[dict[str, int]],
    ) -> None:
        parameters = SPACES["finite" if strategy == "Grid" else space]
        self.max_trials = 12 if strategy == "Grid" else max_trials
        self.parallel = min(parallel, self.max_trials)
        pauses = strategy in ("Promotion", "Synchronous")
        mode = {"mode": strategy, "restartPromoted": True} if pauses else {}
        is_hyperband = pauses or strategy == "Hyperband"
        self.spec = make_spec(
            "Hyperband" if pauses else strategy,
            parameters=parameters,
            hyperband={"maxResource": FULL, "brackets": 2, **mode} if is_hyperband else None,
            limits={
                "maxTrials": self.max_trials,
                "maxParallelTrials": self.parallel,
                "maxInitialFailures": 0,
            },
            initialTrials=[{"parameters": point} for point in initial],
            earlyStopping={"type": "Auto" if auto and not is_hyperband else "Off"},
        )
        self.space = build_space(self.spec.parameters)

    def _decide(self) -> Decision:
        return decide(
            self.spec.model_copy(update={"suspend": self.suspended}),
            list(self.trials.values()),
            seed=7,
            started_at=START,
            now=START + timedelta(seconds=self.clock),
        )

    def _choose(self, data: st.DataObject, wanted: Callable[[Trial], bool]) -> Trial | None:
        found = [trial for trial in self.trials.values() if wanted(trial)]
        return data.draw(st.sampled_from(found)) if found else None

    def _end(self, trial: Trial, state: TrialState) -> None:
        self.clock += 1
        seen = trial.observations
        self.trials[trial.index] = replace(
            trial,
            state=state,
            value=seen[-1].value if seen and state is not TrialState.FAILED else None,
            finished_at=START + timedelta(seconds=self.clock),
        )

    @precondition(lambda self: self.outcome is None)
    @rule(data=st.data(), crash=st.booleans())
    def reconcile(self, data: st.DataObject, *, crash: bool) -> None:
        """Carry out a decision; a crash loses some of its launches."""
        decision = self._decide()
        self.outcome = decision.outcome
        for stop in decision.stop:
            assert self.trials[stop.index].state in (RUNNING, PAUSED)
            self._end(self.trials[stop.index], TrialState.EARLY_STOPPED)
        for promotion in decision.promote:
            if not (crash and data.draw(st.booleans())):
                self._promote(promotion)
        for suggestion in decision.launch:
            assert suggestion.index not in self.used
            if crash and data.draw(st.booleans()):
                continue
            self.used.add(suggestion.index)
            self.trials[suggestion.index] = Trial(
                index=suggestion.index,
                name=f"trial-{suggestion.index}",
                parameters=suggestion.parameters,
                state=PENDING,
                resource=suggestion.resource,
                bracket=suggestion.bracket,
                holds_slot=True,
            )
        if not crash:
            again = self._decide()
            assert again.launch == ()
            assert again.promote == ()
            assert again.stop == () or again.outcome is not None

    def _promote(self, promotion: Promotion) -> None:
        trial = self.trials[promotion.index]
        assert trial.state is PAUSED
        assert (trial.resource or 0) < promotion.resource <= FULL
        self.trials[trial.index] = replace(
            trial,
            state=PENDING,
            resource=promotion.resource,
            observations=(),
            value=None,
            holds_slot=True,
        )

    def _complete(self, trial: Trial) -> None:
        """Let a training end well: at its rung if it has one."""
        resource = trial.resource or FULL
        settings = self.spec.strategy.hyperband
        if settings is None or not settings.mode.pauses or resource == FULL:
            self._end(trial, TrialState.SUCCEEDED)
            return
        value = trial.observations[-1].value
        self.trials[trial.index] = replace(
            trial,
            state=PAUSED,
            value=value,
            rungs=(*trial.rungs, Observation(step=resource, value=value)),
        )

    @rule(data=st.data())
    def pod_starts(self, data: st.DataObject) -> None:
        trial = self._choose(data, lambda t: t.state is PENDING)
        if trial and not self.suspended:
            self.trials[trial.index] = replace(trial, state=RUNNING, started_at=START)

    @rule(data=st.data(), value=st.floats(-1, 1), jump=st.integers(1, 4))
    def report(self, data: st.DataObject, value: float, jump: int) -> None:
        trial = self._choose(data, lambda t: t.state is RUNNING)
        if trial:
            last = trial.observations[-1].step if trial.observations else 0
            seen = Observation(step=last + jump, value=value)
            self.trials[trial.index] = replace(trial, observations=(*trial.observations, seen))

    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        trial = self._choose(data, lambda t: t.state is RUNNING and bool(t.observations))
        if trial:
            self._complete(trial)

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        trial = self._choose(data, lambda t: not t.state.is_idle)
        if trial:
            self._end(trial, TrialState.FAILED)

    @rule(data=st.data())
    def pod_goes(self, data: st.DataObject) -> None:
        trial = self._choose(data, lambda t: t.state.is_idle and t.holds_slot)
        if trial:
            self.trials[trial.index] = replace(trial, holds_slot=False)

    @precondition(lambda self: self.lost < 3)
    @rule(data=st.data())
    def disappear(self, data: st.DataObject) -> None:
        """Somebody deletes a Trial, though not the newest: that one leaves no trace."""
        trial = self._choose(data, lambda t: t.index != max(self.trials))
        if trial:
            self.lost += 1
            del self.trials[trial.index]

    @rule()
    def suspend_or_resume(self) -> None:
        self.suspended = not self.suspended
        for trial in self.trials.values():
            if self.suspended and trial.state is RUNNING:
                again = replace(trial, state=PENDING, observations=(), started_at=None)
                self.trials[trial.index] = again

    @rule()
    def restart(self) -> None:
        """A new operator decides the same from the same world, in whatever order it lists it."""
        before = self._decide()
        self.trials = dict(reversed(self.trials.items()))
        assert self._decide() == before

    @invariant()
    def parallelism_and_budget_hold(self) -> None:
        if self.trials:
            assert sum(t.holds_slot for t in self.trials.values()) <= self.parallel
            assert len(self.trials) <= self.max_trials

    @invariant()
    def no_discrete_point_is_tried_twice(self) -> None:
        if self.trials and self.space.size is not None:
            keys = [self.space.key(trial.parameters) for trial in self.trials.values()]
            assert len(set(keys)) == len(keys)

    @invariant()
    def an_end_has_its_reason(self) -> None:
        if self.outcome is not None:
            assert self.outcome.reason in (
                "MaxTrialsReached",
                "SearchSpaceExhausted",
                "NoTrialSucceeded",
            )

    def teardown(self) -> None:
        """Whatever happened: with a healthy cluster the job comes to its end."""
        if not hasattr(self, "spec"):
            return
        self.suspended = False
        for _ in range(6 * self.max_trials):
            for trial in list(self.trials.values()):
                if not trial.state.is_idle:
                    seen = trial.observations or (Observation(step=1, value=0.0),)
                    trial = replace(trial, state=RUNNING, observations=seen)  # noqa: PLW2901 - the same trial
                    self._complete(trial)
                self.trials[trial.index] = replace(self.trials[trial.index], holds_slot=False)
            decision = self._decide()
            if decision.outcome is not None:
                size = self.space.size or self.max_trials
                assert len(self.trials) == min(self.max_trials, size)
                left = {stop.index for stop in decision.stop}
                assert left == {t.index for t in self.trials.values() if t.state is PAUSED}
                return
            for stop in decision.stop:
                self._end(self.trials[stop.index], TrialState.EARLY_STOPPED)
            for promotion in decision.promote:
                self._promote(promotion)
            for suggestion in decision.launch:
                self.trials[suggestion.index] = Trial(
                    index=suggestion.index,
                    name=f"trial-{suggestion.index}",
                    parameters=suggestion.parameters,
                    state=PENDING,
                    resource=suggestion.resource,
                    bracket=suggestion.bracket,
                    holds_slot=True,
                )
        raise AssertionError("the job does not end")


TestTuningJobMachine = TuningJobMachine.TestCase
TestTuningJobMachine.settings = settings(
    examples(30, steps=40), suppress_health_check=[HealthCheck.too_slow]
)
