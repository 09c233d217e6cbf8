"""The runner in virtual time: whole jobs, and crashes at any point."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubetune import planner
from kubetune.core.decision import Decision
from kubetune.local.look import Looker
from tests.examples import examples
from tests.local.fake_processes import Script
from tests.local.laptop import Laptop
from tests.local.local_builders import TERMS, at, attempt, manifest, opened


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
