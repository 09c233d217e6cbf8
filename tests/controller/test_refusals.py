"""What cannot be run is said on the TuningJob before any trial starts."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kubetune.errors import ClusterError, ForbiddenError, InvalidError, UnavailableError
from tests.controller.fake_operator import (
    Operator,
    let_pass,
    run_to_the_end,
    run_until,
    start_operator,
    until_running,
)
from tests.controller.specs import HIDDEN, spec_fields, template
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

COMPLAINT = (
    'Job.batch "digits-0" is invalid: spec.template.spec.containers[0].image: Required value'
)

POLICY = "admission policy denied the request: no training on Fridays"
ARGUMENT = "--lr=$(params.lr)"


def container(*arguments: str, name: str = "train") -> dict[str, Any]:
    return {"name": name, "image": "i", "args": list(arguments)}


def refuse_jobs(error: ClusterError) -> Callable[[str, Mapping[str, Any]], None]:
    def admission(plural: str, _body: Mapping[str, Any]) -> None:
        if plural == "jobs":
            raise error

    return admission


def assert_refused(world: World, reason: str) -> None:
    assert world.condition("Accepted") == "False"
    assert (world.condition("Stalled"), world.condition("Ready")) == ("True", "False")
    assert (world.status["phase"], world.status["reason"]) == ("Pending", reason)
    assert world.status["observedGeneration"] == world.job["metadata"]["generation"]
    assert world.trials == []
    assert world.api.all("jobs") == []


@pytest.mark.parametrize(
    ("spec", "want_reason", "want_words"),
    [
        pytest.param(
            spec_fields(job_template=template(containers=[container(ARGUMENT, "$(params.rate)")])),
            "InvalidPlaceholders",
            "$(params.rate)",
            id="a placeholder of no parameter",
        ),
        pytest.param(
            spec_fields(job_template=template(containers=[container("--epochs=3")])),
            "InvalidPlaceholders",
            "lr",
            id="a parameter that is never used",
        ),
        pytest.param(
            spec_fields("Grid", parameters=[HIDDEN], limits={"maxTrials": 7}),
            "GridSizeMismatch",
            "7",
            id="a grid of another size than maxTrials",
        ),
        pytest.param(
            spec_fields(initialTrials=[{"parameters": {}}, {"parameters": {"lr": 3}}]),
            "InvalidInitialTrials",
            "spec.initialTrials[1].parameters.lr is 3 but must be from 0.0001 to 1.0",
            id="an initial trial outside the search space",
        ),
        pytest.param(
            spec_fields(
                metrics={"container": "fit"},
                job_template=template(containers=[container(ARGUMENT)]),
            ),
            "InvalidSpec",
            "fit",
            id="a training container that is not there",
        ),
        pytest.param(
            spec_fields(
                source="Annotation",
                job_template=template(
                    containers=[container(ARGUMENT)], pod={"serviceAccountName": "mine"}
                ),
            ),
            "ServiceAccountNotAllowed",
            "leave serviceAccountName out, or use source Stdout or File",
            id="another service account with the Annotation source",
        ),
        pytest.param(
            spec_fields("Evolutionary"), "InvalidSpec", "Evolutionary", id="an unknown strategy"
        ),
    ],
)
async def test_a_spec_is_refused_before_any_trial_and_the_message_says_why(
    spec: dict[str, Any], want_reason: str, want_words: str
) -> None:
    world = World()
    world.submit(spec)
    await start_operator(world)
    assert_refused(world, want_reason)
    assert want_words in world.status["message"]


async def test_the_api_servers_complaint_about_the_template_is_passed_on_word_for_word() -> None:
    world = World()
    world.api.admission = refuse_jobs(InvalidError(422, COMPLAINT))
    world.submit(spec_fields())
    await start_operator(world)
    assert_refused(world, "TemplateRejected")
    assert COMPLAINT in world.status["message"]


async def test_a_refusal_is_told_once_and_asked_about_no_more() -> None:
    world = World()
    world.api.admission = refuse_jobs(InvalidError(422, COMPLAINT))
    world.submit(spec_fields())
    operator = await start_operator(world)
    calls, told = len(operator.client.calls), list(operator.notes.told)
    await let_pass(world, operator, seconds=200)
    assert (len(operator.client.calls), operator.notes.told) == (calls, told)
    assert [reason for _, reason, _ in told] == ["TemplateRejected"]


async def test_a_refusal_longer_than_a_message_may_be_is_told_in_part() -> None:
    world = World()
    world.api.admission = refuse_jobs(InvalidError(422, "too long; " * 2000))
    world.submit(spec_fields())
    await start_operator(world)
    assert_refused(world, "TemplateRejected")


async def test_a_refused_spec_that_is_mended_runs() -> None:
    world = World()
    world.submit(spec_fields("Grid", parameters=[HIDDEN], limits={"maxTrials": 7}))
    operator = await start_operator(world)
    world.edit(limits={"maxTrials": 4})
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "SearchSpaceExhausted"
    assert world.condition("Accepted") == "True"


async def test_a_policy_that_is_lifted_lets_the_job_run_without_an_edit() -> None:
    world = World()
    world.api.admission = refuse_jobs(ForbiddenError(403, POLICY))
    world.submit(spec_fields())
    operator = await start_operator(world)
    assert_refused(world, "TemplateForbidden")
    assert POLICY in world.status["message"]
    world.api.admission = lambda _plural, _body: None
    await run_to_the_end(world, operator)
    assert world.status["phase"] == "Complete"


async def test_an_api_server_that_is_away_during_the_check_is_not_a_refusal() -> None:
    world = World()
    world.api.admission = refuse_jobs(UnavailableError(503, "etcd is away"))
    world.submit(spec_fields())
    operator = await start_operator(world)
    assert world.status == {"observedGeneration": -1}
    world.api.admission = lambda _plural, _body: None
    await run_to_the_end(world, operator)


async def test_an_edit_that_is_refused_lets_running_trials_go_on_and_starts_no_more() -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields("Grid", parameters=[HIDDEN], limits={"maxTrials": 4}))
    operator = Operator(world)
    await until_running(world, operator, 1)
    world.edit(limits={"maxTrials": 3})
    await run_until(world, [operator], lambda: not world.live_pods)
    assert world.condition("Accepted") == "False"
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}
    world.edit(limits={"maxTrials": 4})
    await run_to_the_end(world, operator)
    assert world.status["progress"] == "4/4"
