"""Jobs that begin with the results of finished ones, by the state of the cluster afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE, make_body
from tests.controller.fake_operator import Operator, let_pass, run_until
from tests.controller.specs import HIDDEN, spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

SOON = 5  # Seconds: far below the interval at which a refused job is looked at anyway.
IDENTICAL = {"from": ["old"], "type": "IdenticalDataAndAlgorithm"}
ONE = {"maxTrials": 1, "maxParallelTrials": 1}
RELATED = {"from": ["old"], "type": "TransferLearning"}


def world_with(
    *, old: Mapping[str, Any] | None = None, new: Mapping[str, Any] | None = None
) -> World:
    """A world with the jobs `old` and `new`, each if its spec is given; better from 16 to 64."""
    world = World(script=lambda index: Script(values=(0.5, 0.5 + index / 100)))
    for name, spec in (("old", old), ("new", new)):
        if spec is not None:
            submit(world, name, spec)
    return world


def submit(world: World, name: str, spec: Mapping[str, Any]) -> None:
    world.api.create("tuningjobs", NAMESPACE, make_body(spec, name=name))


def job(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = world.api.find("tuningjobs", ObjectKey(NAMESPACE, name))
    return found


def status(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = job(world, name)["status"]
    return found


def condition(world: World, kind: str, name: str = "new") -> dict[str, Any] | None:
    conditions = status(world, name).get("conditions", [])
    return next((c for c in conditions if c["type"] == kind), None)


def trials(world: World, name: str) -> list[dict[str, Any]]:
    return [trial for trial in world.trials if trial["spec"]["tuningJob"] == name]


def ended(world: World, name: str) -> bool:
    return status(world, name).get("phase") in ("Complete", "Failed")


def hidden_spec(**fields: Any) -> dict[str, Any]:
    return spec_fields(parameters=[HIDDEN], **{"limits": {"maxTrials": 2}, **fields})


def heir_spec(**fields: Any) -> dict[str, Any]:
    return hidden_spec(**{"warmStart": IDENTICAL, **fields})


async def test_a_job_waits_for_its_parent_and_is_woken_by_its_end() -> None:
    world = world_with(old=hidden_spec(), new=heir_spec())
    operator = Operator(world)
    await run_until(world, [operator], lambda: "conditions" in status(world, "new"))
    refusal = condition(world, "Accepted")
    assert refusal is not None
    assert (refusal["status"], refusal["reason"]) == ("False", "ParentNotFinished")
    assert refusal["message"] == (
        "spec.warmStart.from[old] has not finished, it is Running: this job starts when it has"
    )
    waits = condition(world, "Reconciling"), condition(world, "Stalled")
    assert [found["status"] for found in waits if found] == ["True", "False"]
    await run_until(world, [operator], lambda: ended(world, "old"))
    await run_until(world, [operator], lambda: bool(trials(world, "new")), within=SOON)
    old_end, new_start = (
        datetime.fromisoformat(status(world, name)[field])
        for name, field in (("old", "completionTime"), ("new", "startTime"))
    )
    assert new_start >= old_end


async def test_a_parent_that_is_created_later_is_found() -> None:
    world = world_with(new=heir_spec())
    operator = Operator(world)
    await run_until(world, [operator], lambda: "conditions" in status(world, "new"))
    assert status(world, "new")["reason"] == "ParentNotFound"
    assert status(world, "new")["message"] == (
        "spec.warmStart.from[old] is not a TuningJob in the namespace team-a: correct the name, or "
        "create it"
    )
    submit(world, "old", hidden_spec())
    await run_until(world, [operator], lambda: ended(world, "old"))
    await run_until(world, [operator], lambda: ended(world, "new"))


@pytest.mark.parametrize(
    ("old", "new", "reason", "words"),
    [
        pytest.param(
            hidden_spec(goal="Minimize"),
            heir_spec(),
            "ParentDiffers",
            "spec.warmStart.from[old] has the goal Minimize, this job Maximize",
            id="another goal",
        ),
        pytest.param(
            spec_fields(),
            heir_spec(),
            "ParentDiffers",
            "does not tune hidden, this job does",
            id="other parameters",
        ),
        pytest.param(
            hidden_spec(),
            heir_spec(warmStart={**IDENTICAL, "fixed": {"hiden": 64}}),
            "ParentDiffers",
            "spec.warmStart.fixed.hiden is needed for no parent",
            id="a misspelt fixed value",
        ),
        pytest.param(
            hidden_spec(limits={"maxTrials": 4}),
            heir_spec(),
            "NothingLeftToTry",
            "all 4 points of the search space were tried",
            id="nothing left",
        ),
        pytest.param(
            spec_fields(parameters=[HIDDEN], limits={"maxTrials": 2}, stop=True),
            heir_spec(),
            "ParentWithoutResult",
            "spec.warmStart.from[old] has no succeeded trial",
            id="a parent that was stopped before it began",
        ),
    ],
)
async def test_what_cannot_be_a_parent_is_said_on_the_job(
    old: Mapping[str, Any], new: Mapping[str, Any], reason: str, words: str
) -> None:
    world = world_with(old=old, new=new)
    operator = Operator(world)
    await run_until(world, [operator], lambda: ended(world, "old"))
    await run_until(
        world, [operator], lambda: status(world, "new").get("reason") == reason, within=SOON
    )
    assert words in status(world, "new")["message"]
    refusal = condition(world, "Accepted")
    assert refusal is not None
    assert refusal["status"] == "False"
    assert trials(world, "new") == []


async def test_an_identical_parents_points_are_known_and_its_best_may_be_the_best_of_all() -> None:
    world = world_with(old=hidden_spec(), new=heir_spec(limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: ended(world, "new"))
    points = [trial["spec"]["parameters"]["hidden"] for trial in world.trials]
    assert sorted(points) == [16, 32, 48, 64]
    assert status(world, "new")["reason"] == "SearchSpaceExhausted"
    assert status(world, "new")["message"].startswith(
        "All 2 combinations that spec.warmStart left were tried."
    )
    assert (status(world, "new")["progress"], status(world, "new")["plan"]["combinations"]) == (
        "2/2",
        4,
    )
    assert status(world, "new")["warmStart"] == [
        {"tuningJob": "old", "uid": job(world, "old")["metadata"]["uid"], "trials": 2}
    ]
    overall = status(world, "new")["overallBest"]
    assert (overall["tuningJob"], overall["trial"]) == ("new", "new-1")
    assert overall["value"] == status(world, "new")["best"]["value"]


async def test_the_best_of_all_may_be_a_parents() -> None:
    world = world_with(old=hidden_spec(), new=heir_spec(limits=ONE))
    operator = Operator(world)
    await run_until(world, [operator], lambda: ended(world, "new"))
    overall = status(world, "new")["overallBest"]
    assert (overall["tuningJob"], overall["trial"], overall["value"]) == ("old", "old-1", 0.51)
    assert status(world, "new")["best"]["trial"] == "new-0"


async def test_with_transfer_learning_the_parents_best_is_tried_first() -> None:
    world = world_with(old=hidden_spec(), new=heir_spec(warmStart=RELATED))
    operator = Operator(world)
    await run_until(world, [operator], lambda: ended(world, "new"))
    best = trials(world, "old")[1]["spec"]["parameters"]
    assert trials(world, "new")[0]["spec"]["parameters"] == best
    assert "overallBest" not in status(world, "new")


async def test_a_restart_changes_nothing_about_what_was_taken_over() -> None:
    world = world_with(old=hidden_spec(), new=heir_spec(limits={"maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: bool(trials(world, "new")))
    await run_until(world, [Operator(world)], lambda: ended(world, "new"))
    points = [trial["spec"]["parameters"]["hidden"] for trial in world.trials]
    assert sorted(points) == [16, 32, 48, 64]


async def test_a_parent_that_is_deleted_meanwhile_is_missed_and_the_run_goes_on() -> None:
    limits = {"maxTrials": 3, "maxParallelTrials": 1}
    world = world_with(old=hidden_spec(), new=heir_spec(limits=limits))
    operator = Operator(world)
    await run_until(world, [operator], lambda: bool(trials(world, "new")))
    assert condition(world, "Degraded") is None
    world.api.remove("tuningjobs", ObjectKey(NAMESPACE, "old"))

    def says_so() -> bool:
        degraded = condition(world, "Degraded")
        return degraded is not None and degraded["status"] == "True"

    await run_until(world, [operator], says_so, within=SOON)
    degraded = condition(world, "Degraded")
    assert degraded is not None
    assert degraded["message"] == (
        "old had 2 trials with a value when this run started and has 0 now: the run goes on "
        "without the others"
    )
    await run_until(world, [operator], lambda: ended(world, "new"))
    assert status(world, "new")["phase"] == "Complete"
    assert len(trials(world, "new")) == 3


async def test_a_new_run_of_the_parent_changes_nothing() -> None:
    limits = {"maxTrials": 2, "maxParallelTrials": 1}
    world = world_with(old=hidden_spec(), new=heir_spec(limits=limits))
    operator = Operator(world)
    await run_until(world, [operator], lambda: bool(trials(world, "new")))
    world.api.patch("tuningjobs", ObjectKey(NAMESPACE, "old"), None, {"spec": {"runId": "again"}})
    await run_until(world, [operator], lambda: ended(world, "new") and ended(world, "old"))
    assert condition(world, "Degraded") is None
    first = [t for t in trials(world, "old") if "runId" not in t["spec"]]
    points = [t["spec"]["parameters"]["hidden"] for t in (*first, *trials(world, "new"))]
    assert sorted(points) == [16, 32, 48, 64]


async def test_a_waiting_job_costs_no_requests() -> None:
    world = world_with(new=heir_spec())
    operator = Operator(world)
    await run_until(world, [operator], lambda: "conditions" in status(world, "new"))
    calls = len(operator.client.calls)
    await let_pass(world, operator, seconds=200)
    assert len(operator.client.calls) == calls
