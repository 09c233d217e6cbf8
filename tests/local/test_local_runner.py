"""The runner in virtual time: whole jobs, interruptions, and crashes at any point."""

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubetune import planner
from kubetune.core.decision import Decision
from kubetune.kube.objects import Trial
from kubetune.local.attempt import Terms
from kubetune.local.look import Looker, World
from kubetune.local.opening import RefusedError
from kubetune.local.runner import Runner, Tools, body_of
from tests.examples import examples
from tests.local.fake_processes import FakeBell, FakeMachine, FakeProcesses, Script
from tests.local.local_builders import (
    TERMS,
    MemoryStore,
    at,
    attempt,
    manifest,
    no_command,
    opened,
)


class CrashError(Exception):
    """The runner dies here."""


class FullStore(MemoryStore):
    """A store on a disk that takes so many trials and no more."""

    def __init__(self, on_write: Callable[[str], None], *, room: int) -> None:
        super().__init__(on_write)
        self._room = room

    def save_trial(self, trial: Trial, tuning_job: str) -> None:
        self._room -= 1
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().save_trial(trial, tuning_job)


class Laptop:
    """A machine, a store, and calls of the runner.

    Attributes:
        touches: Number of effects so far, in all calls.
        notices: What the user was told beside the job, each once.
        crashes: Numbers of the effects at which the runner dies.
    """

    def __init__(
        self, script: Callable[[str], Script], *, crashes: frozenset[int] = frozenset()
    ) -> None:
        self.notices: list[str] = []
        self.machine = FakeMachine(script)
        self.store: MemoryStore = MemoryStore(self.touched)
        self.touches = 0
        self.crashes = crashes

    def touched(self, what: str) -> None:
        del what
        self.touches += 1
        if self.touches in self.crashes:
            self.machine.is_runner_dead = True
            raise CrashError

    def call(
        self, body: dict[str, Any], *, asked_at: tuple[float, ...] = (), terms: Terms = TERMS
    ) -> World:
        """Run the job once, as `kubetune run` does."""
        self.machine.is_runner_dead = False
        opening = opened(body, self.store.job(), tuple(self.store.trials()), now=self.machine.now())
        for trial in opening.ended:
            self.store.save_trial(trial, body["metadata"]["name"])
        self.store.save_job(body_of(opening.world))
        tools = Tools(
            store=self.store,
            processes=FakeProcesses(self.machine, self.touched),
            command=no_command,
            terms=terms,
            bell=FakeBell(self.machine, list(asked_at)),
            now=self.machine.now,
            on_change=self.shown,
        )
        return Runner(tools, opening.world).run()

    def shown(self, body: object, changed: object, notice: str | None) -> None:
        del body, changed
        if notice is not None and notice not in self.notices:
            self.notices.append(notice)

    def call_until_it_lives(self, body: dict[str, Any], **how: Any) -> World:
        """Call again after every crash."""
        while True:
            try:
                return self.call(body, **how)
            except CrashError:
                continue

    def states(self) -> dict[str, str]:
        return {t.metadata.name: t.status.state for t in self.store.trials()}

    def reasons(self) -> dict[str, str]:
        return {t.metadata.name: t.status.reason for t in self.store.trials()}


def values(**by_name: float) -> Callable[[str], Script]:
    return lambda name: Script(values=(by_name[name.replace("-", "_")],))


def test_a_job_runs_to_its_end_and_the_best_trial_is_found() -> None:
    laptop = Laptop(values(toy_0=0.5, toy_1=0.25, toy_2=0.75, toy_3=0.3))
    world = laptop.call(manifest())
    assert laptop.states() == dict.fromkeys(("toy-0", "toy-1", "toy-2", "toy-3"), "Succeeded")
    status = world.status
    assert (status.phase, status.reason, status.progress) == ("Complete", "MaxTrialsReached", "4/4")
    assert status.best is not None
    assert (status.best.trial, status.best.value) == ("toy-1", 0.25)
    assert laptop.machine.crowd == 2
    assert laptop.store.bodies[""]["status"]["phase"] == "Complete"


def test_a_second_call_after_the_end_changes_nothing() -> None:
    laptop = Laptop(lambda _: Script())
    laptop.call(manifest())
    before = dict(laptop.store.bodies)
    laptop.call(manifest())
    assert laptop.store.bodies == before
    assert len(laptop.machine.all) == 4


def test_ctrl_c_ends_processes_and_a_second_call_goes_on() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    world = laptop.call(manifest(), asked_at=(15.0,))
    assert laptop.machine.alive() == []
    assert (world.status.phase, world.status.reason) == ("Suspended", "Interrupted")
    assert list(laptop.states().values()) == ["Succeeded", "Succeeded", "Pending", "Pending"]
    assert laptop.reasons()["toy-2"] == "Interrupted"
    world = laptop.call(manifest())
    assert world.status.phase == "Complete"
    assert set(laptop.states().values()) == {"Succeeded"}
    assert [t.status.attempts for t in world.trials] == [1, 1, 2, 2]


def test_a_process_that_heeds_no_request_is_ended_after_its_grace_period() -> None:
    laptop = Laptop(lambda _: Script(seconds=1000, heeds_sigterm=False, values=(0.5,) * 1000))
    laptop.call(manifest(), asked_at=(5.0,), terms=replace(TERMS, grace=timedelta(seconds=3)))
    assert laptop.machine.alive() == []
    assert laptop.machine.clock == 8


def test_a_second_ctrl_c_does_not_wait_for_the_grace_period() -> None:
    laptop = Laptop(lambda _: Script(seconds=1000, heeds_sigterm=False))
    laptop.call(manifest(), asked_at=(5.0, 6.0))
    assert laptop.machine.alive() == []
    assert laptop.machine.clock == 6


def test_the_user_is_told_what_is_waited_for() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(), asked_at=(5.0,))
    assert laptop.notices == ["2 processes have been asked to end; Ctrl-C again does not wait"]


def test_a_full_disk_leaves_no_process_running() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.store = FullStore(laptop.touched, room=6)
    with pytest.raises(OSError, match="No space left"):
        laptop.call(manifest())
    assert len(laptop.machine.all) == 2
    assert laptop.machine.alive() == []


def test_what_a_running_trial_reports_is_saved_once_a_second_at_most() -> None:
    laptop = Laptop(lambda _: Script(seconds=5.5, values=(0.5, 0.4, 0.3, 0.2)))
    laptop.call(manifest(limits={"maxTrials": 1}))
    saved = [len(c["status"].get("observations", [])) for c in laptop.store.saved["toy-0"]]
    assert saved == [0, 0, 1, 2, 3, 4, 4], "created, running, four reports, succeeded"


def test_a_look_at_a_job_where_nothing_happens_decides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, decide = [], planner.decide

    def counted(*arguments: Any, **keywords: Any) -> Decision:
        asked.append(keywords["now"])
        return decide(*arguments, **keywords)

    monkeypatch.setattr(planner, "decide", counted)
    world = opened(manifest(limits={"maxTrials": 2, "maxRuntime": "1m"})).world
    looker = Looker(TERMS)
    first = looker.look(world, {}, now=at(0))
    running = {name: attempt(uid=name) for name in ("toy-0",)}
    second = looker.look(first.world, running, now=at(1))
    third = looker.look(second.world, running, now=at(2))
    assert third.world is second.world
    assert asked == [at(0), at(1)]
    last = looker.look(third.world, running, now=at(60)).world.status
    assert "limits.maxRuntime" in (last.message or "")


def test_limits_may_change_between_two_calls() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(), asked_at=(5.0,))
    more = manifest(limits={"maxTrials": 6, "maxParallelTrials": 1})
    world = laptop.call(more)
    assert world.status.phase == "Complete"
    assert len(laptop.states()) == 6
    assert world.body["metadata"]["generation"] == 2


def test_with_fewer_workers_interrupted_trials_wait_for_each_other() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(limits={"maxTrials": 4, "maxParallelTrials": 4}), asked_at=(5.0,))
    before = laptop.machine.clock
    laptop.call(manifest(limits={"maxTrials": 4, "maxParallelTrials": 1}))
    assert laptop.machine.clock == before + 40


def test_a_change_of_what_is_fixed_is_refused_in_the_words_of_the_api() -> None:
    laptop = Laptop(lambda _: Script())
    laptop.call(manifest())
    changed = manifest(strategy={"type": "Random", "seed": 8})
    with pytest.raises(RefusedError, match="strategy can't be changed within a run: set a new"):
        laptop.call(changed)
    with pytest.raises(RefusedError, match="holds the TuningJob 'toy' and not 'other'"):
        laptop.call(manifest(name="other"))


def test_a_new_run_id_starts_another_run_and_keeps_what_was() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(), asked_at=(15.0,))
    world = laptop.call(manifest(runId="b", strategy={"type": "Random", "seed": 8}))
    assert world.status.phase == "Complete"
    assert [run.run_id for run in world.status.previous_runs] == [None]
    assert laptop.states()["toy-2"] == "Stopped"
    assert laptop.reasons()["toy-2"] == "NewRun"
    assert laptop.states()["toy-b-3"] == "Succeeded"
    with pytest.raises(RefusedError, match="runId can't be removed"):
        laptop.call(manifest())


def test_trials_that_will_not_win_are_stopped_with_evidence() -> None:
    def script(name: str) -> Script:
        worst = name in ("toy-3", "toy-4", "toy-5")
        return Script(seconds=20.5, values=((9.0 if worst else 0.5),) * 20)

    laptop = Laptop(script)
    body = manifest(earlyStopping={"type": "Auto"}, limits={"maxTrials": 6, "maxParallelTrials": 1})
    laptop.call(body)
    assert "EarlyStopped" in laptop.states().values()
    stopped = [t for t in laptop.store.trials() if t.status.state == "EarlyStopped"]
    assert all(trial.status.evidence for trial in stopped)


def test_failures_are_tried_again_as_often_as_backoff_limit_allows() -> None:
    laptop = Laptop(lambda name: Script(exit_code=1 if name == "toy-1" else 0))
    world = laptop.call(manifest(), terms=replace(TERMS, backoff_limit=2))
    assert laptop.states()["toy-1"] == "Failed"
    assert [trial.status.attempts for trial in world.trials] == [1, 3, 1, 1]


def test_a_target_ends_the_job_and_the_processes() -> None:
    laptop = Laptop(lambda name: Script(seconds=2 if name == "toy-0" else 50, values=(0.1,)))
    world = laptop.call(manifest(completion={"target": 0.2}))
    assert world.status.reason == "TargetReached"
    assert laptop.states() == {"toy-0": "Succeeded", "toy-1": "Stopped"}
    assert laptop.machine.alive() == []


def test_a_job_that_is_suspended_starts_nothing() -> None:
    laptop = Laptop(lambda _: Script())
    world = laptop.call(manifest(suspend=True))
    assert (world.status.phase, laptop.states()) == ("Suspended", {})


SCRIPTS = st.builds(
    Script,
    seconds=st.sampled_from([0.0, 1.0, 2.5, 4.0]),
    exit_code=st.sampled_from([0, 0, 0, 1]),
    values=st.sampled_from([(), (0.5,), (0.25, 0.125), (0.9, 0.8, 0.7)]),
    heeds_sigterm=st.booleans(),
)


@examples(30)
@example(scripts=[Script()] * 7, crashes=frozenset({1}), asked=3.0, workers=2)
@example(scripts=[Script(seconds=0.0)] * 7, crashes=frozenset({3, 4, 5}), asked=0.0, workers=3)
@given(
    scripts=st.lists(SCRIPTS, min_size=7, max_size=7),
    crashes=st.frozensets(st.integers(1, 60), max_size=8),
    asked=st.sampled_from([0.0, 1.5, 4.0, 1000.0]),
    workers=st.integers(1, 3),
)
def test_wherever_the_runner_dies_every_trial_is_recorded_exactly_once(
    scripts: list[Script], crashes: frozenset[int], asked: float, workers: int
) -> None:
    by_name = {f"toy-{index}": script for index, script in enumerate(scripts)}
    laptop = Laptop(by_name.__getitem__, crashes=crashes)
    body = manifest(limits={"maxTrials": 7, "maxParallelTrials": workers, "maxInitialFailures": 0})
    laptop.call_until_it_lives(body, asked_at=(asked,))
    world = laptop.call_until_it_lives(body)

    assert laptop.machine.alive() == []
    assert laptop.machine.crowd <= workers
    assert list(laptop.states()) == list(by_name), "every index once"
    assert world.status.phase in ("Complete", "Failed")
    for name, script in by_name.items():
        wants = "Succeeded" if script.values and script.seconds >= 1 else "MetricsUnavailable"
        assert laptop.states()[name] == ("Failed" if script.exit_code else wants)
        history = [content["status"] for content in laptop.store.saved[name]]
        ends = [s for s in history if s["state"] not in ("Pending", "Running")]
        assert ends
        assert all(end == ends[0] for end in ends), "a finished trial never changes"
    seeds = {body["status"]["seed"] for body in [laptop.store.bodies[""]]}
    assert seeds == {7}
