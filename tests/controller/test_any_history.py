"""Whatever users, the cluster and the operator's deaths do in whatever order: the promises hold."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kubetune.errors import UnavailableError
from tests.controller.fake_cluster import Call
from tests.controller.fake_operator import Operator, ProcessDiedError, run_to_the_end
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script
from tests.examples import examples

TRIALS = 5
PARALLEL = 2


def script(index: int) -> Script:
    """Two of three trials succeed after a while; every third one crashes."""
    crashes = index % 3 == 2
    return Script(values=(0.1, 0.2, 0.3 + index / 100), exit_code=1 if crashes else 0)


class History(RuleBasedStateMachine):
    """One TuningJob, one operator at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World(script=script)
        self.operator = Operator(self.world)
        self.wanted = TRIALS

    def do(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(coroutine)

    @initialize(strategy=st.sampled_from(["Random", "Hyperband"]))
    def submit(self, strategy: str) -> None:
        limits = {
            "maxTrials": TRIALS,
            "maxParallelTrials": PARALLEL,
            "maxInitialFailures": 0,
        }
        spec = spec_fields(strategy, limits=limits, hyperband={"maxResource": 3}, seed=None)
        self.world.submit(spec)

    @rule(seconds=st.integers(1, 4))
    def time_passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.tick()
            self.do(self.operator.work())

    @rule(seconds=st.integers(1, 6))
    def the_operator_is_away(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.tick()
        self.operator = Operator(self.world)

    @rule(after=st.integers(0, 4))
    def the_operator_dies_at_a_call(self, after: int) -> None:
        died = len(self.operator.client.calls) + after

        def around(number: int, _call: Call, when: str) -> None:
            if (number, when) == (died, "after") or number > died:
                raise ProcessDiedError

        self.operator.client.around = around
        self.world.tick()
        with suppress(ProcessDiedError):
            self.do(self.operator.work())
        self.operator = Operator(self.world)

    @rule(after=st.integers(0, 4), when=st.sampled_from(["before", "after"]))
    def a_request_or_its_answer_is_lost(self, after: int, when: str) -> None:
        lost = len(self.operator.client.calls) + after

        def around(number: int, _call: Call, moment: str) -> None:
            if (number, moment) == (lost, when):
                raise UnavailableError(0, "timed out")

        self.operator.client.around = around
        self.world.tick()
        self.do(self.operator.work())

    @rule(suspend=st.booleans())
    def the_user_suspends_or_resumes(self, suspend: bool) -> None:  # noqa: FBT001  drawn by hypothesis
        self.world.edit(suspend=suspend)

    @rule(more=st.integers(1, 2))
    def the_user_asks_for_more(self, more: int) -> None:
        if self.world.condition("Finished") != "True":
            self.wanted += more
            self.world.edit(limits={"maxTrials": self.wanted})

    @precondition(lambda self: self.world.live_pods)
    @rule(data=st.data())
    def a_pod_is_disrupted(self, data: st.DataObject) -> None:
        self.world.disrupt(data.draw(st.sampled_from(sorted(self.world.live_pods))))

    @precondition(lambda self: self.world.api.all("jobs"))
    @rule(data=st.data())
    def somebody_deletes_a_job(self, data: st.DataObject) -> None:
        names = sorted(job["metadata"]["name"] for job in self.world.api.all("jobs"))
        self.world.delete_job_of(data.draw(st.sampled_from(names)))

    @invariant()
    def no_trial_has_two_live_pods(self) -> None:
        live = self.world.live_pods
        assert len(live) == len(set(live)), live

    @invariant()
    def the_limits_hold(self) -> None:
        assert len(self.world.trials) <= self.wanted
        assert len(self.world.live_pods) <= PARALLEL

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def finish(self) -> None:
        """Let the rest of the story be quiet: the job ends, with all of its trials."""
        if not self.world.api.all("tuningjobs"):
            return
        self.operator.client.around = lambda _number, _call, _when: None
        self.world.edit(suspend=False)
        self.do(run_to_the_end(self.world, self.operator, within=300))
        assert len(self.world.trials) == self.wanted
        ends = {"Succeeded", "EarlyStopped", "Failed"}
        assert set(self.world.states.values()) <= ends
        counts = self.world.status["trials"]
        assert sum(counts.values()) == self.wanted
        reasons = {trial["status"]["reason"] for trial in self.world.trials}
        assert reasons <= {"Completed", "WillNotWin", "ContainerFailed", "JobDeleted"}


def test_the_promises_hold_in_any_history() -> None:
    run_state_machine_as_test(History, settings=examples(8, steps=20))
