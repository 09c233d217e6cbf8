"""What the operator makes for trials beside their Jobs: accounts and bindings, and no more."""

from typing import Any

import pytest

from kubetune.controller.settings import RoleKind
from tests.controller.fake_operator import (
    Operator,
    count_by_kind,
    let_pass,
    run_to_the_end,
    start_operator,
)
from tests.controller.specs import spec_fields, template
from tests.controller.toy_cluster import KEY, World
from tests.controller.toy_kubelet import Script


@pytest.mark.parametrize(
    ("spec", "want_account", "want_binding", "want_role"),
    [
        pytest.param(
            spec_fields(), "kubetune-trial", "kubetune-collector", "kubetune-collector", id="Stdout"
        ),
        pytest.param(
            spec_fields(source="Annotation"),
            "kubetune-annotator",
            "kubetune-annotator",
            "kubetune-annotator",
            id="Annotation",
        ),
        pytest.param(
            spec_fields(job_template=template(pod={"serviceAccountName": "mine"})),
            None,
            "kubetune-collector-mine",
            "kubetune-collector",
            id="an account of the user's own",
        ),
        pytest.param(
            spec_fields(job_template=template(pod={"serviceAccountName": "kubetune-mine"})),
            None,
            "kubetune-collector-kubetune-mine",
            "kubetune-collector",
            id="an account of the user's own with our prefix",
        ),
        pytest.param(
            spec_fields(job_template=template(pod={"serviceAccountName": "kubetune-annotator"})),
            None,
            "kubetune-collector-kubetune-annotator",
            "kubetune-collector",
            id="the other source's account",
        ),
    ],
)
async def test_trials_get_the_rights_that_their_source_needs(
    spec: dict[str, Any], want_account: str | None, want_binding: str, want_role: str
) -> None:
    world = World()
    world.submit(spec)
    await start_operator(world)
    assert [a["metadata"]["name"] for a in world.api.all("serviceaccounts")] == (
        [want_account] if want_account else []
    )
    (binding,) = world.api.all("rolebindings")
    pod = world.api.all("jobs")[0]["spec"]["template"]["spec"]
    assert binding["metadata"]["name"] == want_binding
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("ClusterRole", want_role)
    assert [s["name"] for s in binding["subjects"]] == [pod["serviceAccountName"]]


async def test_an_operator_without_cluster_roles_binds_the_namespaces_own_role() -> None:
    world = World()
    world.submit(spec_fields())
    operator = Operator(world, role_kind=RoleKind.ROLE)
    await let_pass(world, operator, seconds=3)
    (binding,) = world.api.all("rolebindings")
    assert binding["metadata"]["name"] == "kubetune-collector-local"
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == (
        "Role",
        "kubetune-collector",
    )


async def test_jobs_that_run_when_roles_of_another_kind_are_used_get_these() -> None:
    world = World(script=lambda _: Script(values=(), ends=False))
    world.submit(spec_fields())
    await let_pass(world, Operator(world), seconds=3)
    successor = Operator(world, role_kind=RoleKind.ROLE)
    await let_pass(world, successor, seconds=30)
    kinds = {b["metadata"]["name"]: b["roleRef"]["kind"] for b in world.api.all("rolebindings")}
    assert kinds == {"kubetune-collector": "ClusterRole", "kubetune-collector-local": "Role"}
    assert count_by_kind(successor.client.calls)["POST rolebindings"] == 1, "once is enough"


async def test_nothing_is_done_to_the_users_own_object_but_its_status() -> None:
    world = World()
    world.submit(spec_fields())
    before = {key: value for key, value in world.job.items() if key != "status"}
    operator = Operator(world)
    await run_to_the_end(world, operator)
    after = {key: value for key, value in world.job.items() if key != "status"}
    before["metadata"].pop("resourceVersion")
    after["metadata"].pop("resourceVersion")
    assert after == before
    written = {(c.method, c.subresource) for c in operator.client.calls if c.plural == "tuningjobs"}
    assert written == {("PATCH", "status")}
    assert world.api.find("tuningjobs", KEY)["metadata"]["generation"] == 1
