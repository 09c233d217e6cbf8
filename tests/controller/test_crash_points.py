"""The operator may die, or lose a request or an answer, at any call: the end is the same."""

import asyncio
import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.controller.fake_operator import (
    Operator,
    ProcessDiedError,
    let_pass,
    run_to_the_end,
    run_until,
    until_running,
)
from tests.controller.faults import Fault, death, lost_answer, lost_request, run_with
from tests.controller.specs import HIDDEN, spec_fields, template
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

TRIALS = 3
SPEC = spec_fields("Hyperband", hyperband={"maxResource": 4, "reductionFactor": 2, "brackets": 1})
SPEC["limits"] = {"maxTrials": TRIALS, "maxParallelTrials": 2}
LOSER = 2


def script(index: int) -> Script:
    """The loser is slower and worse than the others at every rung, and never ends by itself."""
    if index == LOSER:
        return Script(values=(0.1, 0.1, 0.1, 0.1), pace=4, ends=False)
    return Script(values=tuple(0.5 + index / 10 + step / 100 for step in range(4)))


def make_world() -> World:
    world = World(script=script)
    world.submit(SPEC)
    return world


def calls_of_a_run_without_faults() -> int:
    async def count() -> int:
        world = make_world()
        operator = Operator(world)
        await run_to_the_end(world, operator)
        return len(operator.client.calls)

    return asyncio.run(count())


CALLS = calls_of_a_run_without_faults()


@pytest.mark.parametrize("number", range(CALLS))
@pytest.mark.parametrize("fault", [lost_request, lost_answer, death])
async def test_whatever_happens_at_one_call_no_trial_is_lost_and_none_runs_twice(
    fault: Callable[[int], Fault], number: int
) -> None:
    world = make_world()
    await run_with(world, fault(number))
    # A Trial whose creation was lost is replaced by one of another index.
    assert sorted(world.states.values()) == ["EarlyStopped", "Succeeded", "Succeeded"]
    assert world.states["digits-2"] == "EarlyStopped"
    assert world.jobs_made == dict.fromkeys(world.states, 1)
    assert world.most_live_pods["*"] <= 2
    assert world.status["phase"] == "Complete"
    assert world.status["best"]["trial"] == max(world.states.keys() - {"digits-2"})
    counts = world.status["trials"]
    assert (counts["succeeded"], counts["earlyStopped"], sum(counts.values())) == (2, 1, TRIALS)


PROMOTION = spec_fields(
    "Hyperband",
    hyperband={"mode": "Promotion", "maxResource": 4, "reductionFactor": 2, "brackets": 1},
    checkpoint={"volumeClaimTemplate": {"spec": {}}},
    limits={"maxTrials": 4},
    job_template=template(
        containers=[
            {
                "name": "train",
                "image": "trainer:1",
                "args": ["--all=$(KUBETUNE_PARAMETERS)", "--epochs=$(trial.resource)"],
            }
        ]
    ),
)


def make_promotion_world(mode: str) -> World:
    """A trial is the better the greater its index, so the last ones go on."""
    world = World(
        script=lambda index: Script(values=tuple(0.5 + index / 10 + n / 100 for n in range(4)))
    )
    spec = copy.deepcopy(PROMOTION)
    spec["strategy"]["hyperband"]["mode"] = mode
    world.submit(spec)
    return world


# Each call is met by one of these; all calls with all faults take a minute.
@pytest.mark.parametrize(
    ("fault", "mode", "offset"),
    [
        (fault, mode, 2 * number + other)
        for number, fault in enumerate([lost_request, lost_answer, death])
        for other, mode in enumerate(["Promotion", "Synchronous"])
    ],
)
async def test_whatever_happens_at_one_call_no_step_is_trained_twice_and_none_is_lost(
    fault: Callable[[int], Fault], mode: str, offset: int
) -> None:
    quiet = make_promotion_world(mode)
    first = Operator(quiet)
    await run_to_the_end(quiet, first)
    for number in range(offset, len(first.client.calls), 6):
        world = make_promotion_world(mode)
        await run_with(world, fault(number))
        said = f"fault at call {number}"
        assert len(world.trials) == 4, said
        assert set(world.states.values()) == {"Succeeded", "EarlyStopped"}, said
        best = max(world.trials, key=lambda trial: int(trial["spec"]["index"]))
        assert best["status"]["state"] == "Succeeded", said
        for trial in world.trials:
            name, status = trial["metadata"]["name"], trial["status"]
            assert world.steps_trained[name] == status.get("resource", 1), said
            promotions = sum("promotion" in rung for rung in status["rungs"])
            assert world.jobs_made[name] == 1 + promotions, said
            assert world.most_live_pods[name] == 1, said
        assert world.most_live_pods["*"] <= 2, said
        assert len(world.api.all("persistentvolumeclaims")) == 1, said


@pytest.mark.parametrize("number", range(4, 16))
@pytest.mark.parametrize("fault", [lost_request, lost_answer, death])
async def test_whatever_happens_at_one_call_a_grid_is_tried_point_by_point(
    fault: Callable[[int], Fault], number: int
) -> None:
    world = World()
    world.submit(spec_fields("Grid", parameters=[HIDDEN], limits={"maxTrials": None}))
    await run_with(world, fault(number))
    tried = sorted(trial["spec"]["parameters"]["hidden"] for trial in world.trials)
    assert tried == [16, 32, 48, 64]
    assert set(world.states.values()) == {"Succeeded"}
    assert world.jobs_made == dict.fromkeys(world.states, 1)


@pytest.mark.parametrize(
    ("edit", "want_states"),
    [
        pytest.param({"stop": True}, {"Stopped"}, id="stop"),
        pytest.param({"suspend": True}, {"Pending"}, id="suspend"),
        pytest.param({"runId": "second"}, {"Stopped", "Running"}, id="a new run"),
        pytest.param({"limits": {"maxParallelTrials": 3}}, {"Running"}, id="more at a time"),
    ],
)
@pytest.mark.parametrize("number", range(14))
async def test_a_process_that_dies_while_it_follows_an_edit_leaves_it_to_the_next(
    edit: dict[str, Any], want_states: set[str], number: int
) -> None:
    world = World(script=lambda _: Script(values=(0.5,), ends=False))
    world.submit(spec_fields())
    first = Operator(world)
    await until_running(world, first)
    world.edit(**edit)
    first.client.around = death(len(first.client.calls) + number)
    with suppress(ProcessDiedError):
        await let_pass(world, first, seconds=6)
    second = Operator(world)
    want_pods = {"stop": 0, "suspend": 0, "runId": 2, "limits": 3}[next(iter(edit))]
    await run_until(
        world,
        [second],
        lambda: set(world.states.values()) == want_states and len(world.live_pods) == want_pods,
        within=30,
    )
    assert all(n == 1 for name, n in world.most_live_pods.items() if name != "*")
    assert world.most_live_pods["*"] <= max(2, want_pods)
    assert all(made == 1 for made in world.jobs_made.values())


async def test_processes_that_all_die_at_their_fifth_call_get_to_the_end_together() -> None:
    world = make_world()
    for _ in range(20):
        operator = Operator(world)
        operator.client.around = death(4)
        with suppress(ProcessDiedError):
            await run_to_the_end(world, operator)
    assert world.is_finished()
    assert sorted(world.states.values()) == ["EarlyStopped", "Succeeded", "Succeeded"]
    assert world.jobs_made == dict.fromkeys(world.states, 1)
