"""What cannot be run is said on the TuningJob, and what is in the way of a trial on the Trial."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kubetune.controller.settings import RoleKind
from kubetune.errors import ClusterError, ForbiddenError, InvalidError, UnavailableError
from kubetune.kube.objects import ObjectKey
from kubetune.trialjob.identity import owner_reference
from tests.controller.builders import HIDDEN, NAMESPACE, make_body, spec_fields, template
from tests.controller.fake_operator import Operator, count_by_kind, run_to_the_end, run_until
from tests.controller.toy_cluster import KEY, Script, World

COMPLAINT = (
    'Job.batch "digits-0" is invalid: spec.template.spec.containers[0].image: Required value'
)
QUOTA = 'jobs.batch "digits-0" is forbidden: exceeded quota: gpus'
POLICY = "admission policy denied the request: no training on Fridays"
ARGUMENT = "--lr=$(params.lr)"


def container(*arguments: str, name: str = "train") -> dict[str, Any]:
    return {"name": name, "image": "i", "args": list(arguments)}


def refuse_jobs(error: ClusterError) -> Callable[[str, Mapping[str, Any]], None]:
    def admission(plural: str, _body: Mapping[str, Any]) -> None:
        if plural == "jobs":
            raise error

    return admission


async def look(world: World, seconds: int = 3) -> Operator:
    operator = Operator(world)
    await look_on(world, operator, seconds=seconds)
    return operator


async def look_on(world: World, operator: Operator, *, seconds: int) -> None:
    for _ in range(seconds):
        world.tick()
        await operator.work()


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
    await look(world)
    assert_refused(world, want_reason)
    assert want_words in world.status["message"]


async def test_the_api_servers_complaint_about_the_template_is_passed_on_word_for_word() -> None:
    world = World()
    world.api.admission = refuse_jobs(InvalidError(422, COMPLAINT))
    world.submit(spec_fields())
    await look(world)
    assert_refused(world, "TemplateRejected")
    assert COMPLAINT in world.status["message"]


async def test_a_refusal_is_told_once_and_asked_about_no_more() -> None:
    world = World()
    world.api.admission = refuse_jobs(InvalidError(422, COMPLAINT))
    world.submit(spec_fields())
    operator = await look(world)
    calls, told = len(operator.client.calls), list(operator.notes.told)
    for _ in range(200):
        world.tick()
        await operator.work()
    assert (len(operator.client.calls), operator.notes.told) == (calls, told)
    assert [reason for _, reason, _ in told] == ["TemplateRejected"]


async def test_a_refusal_longer_than_a_message_may_be_is_told_in_part() -> None:
    world = World()
    world.api.admission = refuse_jobs(InvalidError(422, "too long; " * 2000))
    world.submit(spec_fields())
    await look(world)
    assert_refused(world, "TemplateRejected")


async def test_a_refused_spec_that_is_mended_runs() -> None:
    world = World()
    world.submit(spec_fields("Grid", parameters=[HIDDEN], limits={"maxTrials": 7}))
    operator = await look(world)
    world.edit(limits={"maxTrials": 4})
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "SearchSpaceExhausted"
    assert world.condition("Accepted") == "True"


async def test_a_policy_that_is_lifted_lets_the_job_run_without_an_edit() -> None:
    world = World()
    world.api.admission = refuse_jobs(ForbiddenError(403, POLICY))
    world.submit(spec_fields())
    operator = await look(world)
    assert_refused(world, "TemplateForbidden")
    assert POLICY in world.status["message"]
    world.api.admission = lambda _plural, _body: None
    await run_to_the_end(world, operator)
    assert world.status["phase"] == "Complete"


async def test_an_api_server_that_is_away_during_the_check_is_not_a_refusal() -> None:
    world = World()
    world.api.admission = refuse_jobs(UnavailableError(503, "etcd is away"))
    world.submit(spec_fields())
    operator = await look(world)
    assert world.status == {"observedGeneration": -1}
    world.api.admission = lambda _plural, _body: None
    await run_to_the_end(world, operator)


async def test_an_edit_that_is_refused_lets_running_trials_go_on_and_starts_no_more() -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields("Grid", parameters=[HIDDEN], limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: "Running" in world.states.values())
    world.edit(limits={"maxTrials": 3})
    await run_until(world, [operator], lambda: not world.live_pods)
    assert world.condition("Accepted") == "False"
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}
    world.edit(limits={"maxTrials": 4})
    await run_to_the_end(world, operator)
    assert world.status["progress"] == "4/4"


async def test_a_job_that_a_quota_refuses_later_is_said_on_its_trial_and_tried_again() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    operator = Operator(world)

    def full(_number: int, call: Any, when: str) -> None:
        if str(call) == "POST jobs" and when == "before":
            raise ForbiddenError(403, QUOTA)

    operator.client.around = full
    for _ in range(40):
        world.tick()
        await operator.work()
    (trial,) = world.trials
    assert trial["status"]["reason"] == "JobRefused"
    assert trial["status"]["message"] == QUOTA
    attempts = [call for call in operator.client.calls if str(call) == "POST jobs"]
    assert 2 <= len(attempts) <= 5, "every fifteen seconds, not much more often"
    operator.client.around = lambda _number, _call, _when: None
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded"}


async def test_a_job_that_is_refused_for_longer_than_max_pending_time_fails_its_trial() -> None:
    world = World()
    limits = {"maxTrials": 1, "maxParallelTrials": 1, "maxPendingTime": "40s"}
    world.submit(spec_fields(limits=limits))
    operator = Operator(world)

    def full(_number: int, call: Any, when: str) -> None:
        if str(call) == "POST jobs" and when == "before":
            raise ForbiddenError(403, QUOTA)

    operator.client.around = full
    await run_until(world, [operator], lambda: world.states == {"digits-0": "Failed"}, within=70)
    (trial,) = world.trials
    assert trial["status"]["reason"] == "JobRefused"
    assert trial["status"]["message"].endswith(QUOTA)
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "NoTrialSucceeded"


async def test_a_pod_that_does_not_terminate_is_named_and_its_place_is_not_given_away() -> None:
    world = World(script=lambda _: Script(ends=False), nodes_answer=False)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: "Running" in world.states.values())
    world.edit(suspend=True)
    await look_on(world, operator, seconds=5)
    world.edit(suspend=False)
    await look_on(world, operator, seconds=50)
    assert world.condition("Degraded") is None
    await look_on(world, operator, seconds=20)
    (degraded,) = [c for c in world.status["conditions"] if c["type"] == "Degraded"]
    assert degraded["status"] == "True"
    assert "does not terminate" in degraded["message"]
    assert "kubectl delete pod digits-0-00001 --force" in degraded["message"]
    assert world.live_pods == ["digits-0"]
    world.nodes_answer = True
    await run_until(world, [operator], lambda: world.condition("Degraded") == "False", within=70)
    await run_until(world, [operator], lambda: world.states["digits-0"] == "Running")


async def test_jobs_that_the_template_suspends_are_said_on_the_job_until_one_is_resumed() -> None:
    suspending = template()
    suspending["spec"]["suspend"] = True
    world = World()
    limits = {"maxTrials": 2, "maxParallelTrials": 2}
    world.submit(spec_fields(job_template=suspending, limits=limits))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Degraded") == "True")
    (degraded,) = [c for c in world.status["conditions"] if c["type"] == "Degraded"]
    assert "remove suspend from the template" in degraded["message"]
    reasons = [trial["status"]["reason"] for trial in world.trials]
    assert reasons == ["SuspendedByTemplate", "SuspendedByTemplate"]
    for job in world.api.all("jobs"):
        key = ObjectKey(job["metadata"]["namespace"], job["metadata"]["name"])
        world.api.patch("jobs", key, None, {"spec": {"suspend": False}})
    await run_to_the_end(world, operator)
    assert set(world.states.values()) == {"Succeeded"}
    assert world.condition("Degraded") == "False"


async def test_a_quota_smaller_than_the_parallelism_is_not_asked_with_every_report() -> None:
    world = World(script=lambda _: Script(values=tuple([0.5] * 100)))
    world.submit(spec_fields(limits={"maxTrials": 10, "maxParallelTrials": 10}))
    room, refused = 2, 0

    def admission(plural: str, _body: Mapping[str, Any]) -> None:
        nonlocal refused
        if plural == "jobs" and len(world.api.all("jobs")) >= room:
            refused += 1
            raise ForbiddenError(403, QUOTA)

    world.api.admission = admission
    operator = await look(world, seconds=60)
    assert len(world.live_pods) == room
    assert refused <= 8 * (60 // 15 + 2), "each of eight trials every fifteen seconds"
    room = 10
    await run_until(world, [operator], lambda: len(world.live_pods) == room, within=20)


async def test_somebodys_job_of_the_same_name_is_left_alone_and_the_trial_says_so() -> None:
    world = World()
    theirs = {"metadata": {"name": "digits-1", "labels": {}}, "spec": {"suspend": True}}
    world.api.create("jobs", NAMESPACE, theirs)
    world.submit(spec_fields(limits={"maxTrials": 2}))
    operator = await look(world, seconds=20)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Pending"}
    assert world.trials[1]["status"]["reason"] == "JobRefused"
    assert "a Job named digits-1 exists" in world.trials[1]["status"]["message"]
    world.delete_job_of("digits-1")
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}


async def test_somebodys_trial_of_the_same_name_is_left_alone_and_the_job_says_so() -> None:
    world = World()
    theirs = {"metadata": {"name": "digits-0", "labels": {}}, "spec": {"index": 0}}
    world.api.create("trials", NAMESPACE, theirs)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = await look(world, seconds=20)
    assert world.api.all("jobs") == []
    (note,) = {note for _, reason, note in operator.notes.told if reason == "TrialRefused"}
    assert "a Trial named digits-0 exists" in note
    world.api.remove("trials", ObjectKey(NAMESPACE, "digits-0"))
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}


async def test_a_trial_of_the_same_name_of_another_tuning_job_is_not_to_be_deleted() -> None:
    world = World()
    other = world.api.create("tuningjobs", NAMESPACE, {**make_body(), "metadata": {"name": "di"}})
    owner = owner_reference("TuningJob", "di", other["metadata"]["uid"])
    theirs = {"metadata": {"name": "digits-0", "ownerReferences": [owner]}, "spec": {"index": 0}}
    world.api.create("trials", NAMESPACE, theirs)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Degraded") == "True")
    (degraded,) = [c for c in world.status["conditions"] if c["type"] == "Degraded"]
    assert "belongs to TuningJob di: give the TuningJob another name" in degraded["message"]


@pytest.mark.parametrize("plural", ["trials", "jobs"])
async def test_what_an_earlier_job_of_the_same_name_left_is_waited_for_without_a_word(
    plural: str,
) -> None:
    world = World(collects_garbage=False)
    kind = {"trials": "TuningJob", "jobs": "Trial"}[plural]
    name = {"trials": "digits", "jobs": "digits-0"}[plural]
    metadata = {"name": "digits-0", "ownerReferences": [owner_reference(kind, name, "earlier")]}
    left = {"metadata": metadata, "spec": {"suspend": True} if plural == "jobs" else {"index": 0}}
    world.api.create(plural, NAMESPACE, left)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = await look(world, seconds=20)
    assert "Succeeded" not in world.states.values()
    assert {severity for _, _, severity, _ in operator.notes.events} == {"Normal"}
    assert world.condition("Degraded") is None
    await look_on(world, operator, seconds=20)
    (degraded,) = [c for c in world.status["conditions"] if c["type"] == "Degraded"]
    assert "is not gone yet" in degraded["message"]
    world.collects_garbage = True
    await look_on(world, operator, seconds=3)
    assert len(world.live_pods) == 1, "it is made anew at once"
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}


async def test_a_trial_without_a_metric_ends_though_it_printed_lines_of_any_length() -> None:
    world = World(script=lambda _: Script(values=(), last_words="x" * 100_000 + "\nthe end"))
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    await run_to_the_end(world, Operator(world))
    (trial,) = world.trials
    assert trial["status"]["state"] == "MetricsUnavailable"
    assert "print lines such as accuracy=0.5" in trial["status"]["message"]
    assert trial["status"]["message"].endswith("the end")
    assert world.status["reason"] == "NoTrialSucceeded"


async def test_a_scheduler_with_very_much_to_say_does_not_stop_the_job() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: bool(world.api.all("pods")))
    pod = ObjectKey(NAMESPACE, world.api.all("pods")[0]["metadata"]["name"])
    told = {"type": "PodScheduled", "status": "False", "message": "a node is full; " * 1000}
    world.api.update("pods", pod, status={"conditions": [told]})
    await operator.work()
    assert world.trials[0]["status"]["message"].startswith("a node is full; ")
    world.api.update("pods", pod, status={"conditions": None})
    await run_to_the_end(world, operator)


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
    await look(world)
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
    await look_on(world, operator, seconds=3)
    (binding,) = world.api.all("rolebindings")
    assert binding["metadata"]["name"] == "kubetune-collector-local"
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == (
        "Role",
        "kubetune-collector",
    )


async def test_jobs_that_run_when_roles_of_another_kind_are_used_get_these() -> None:
    world = World(script=lambda _: Script(values=(), ends=False))
    world.submit(spec_fields())
    await look_on(world, Operator(world), seconds=3)
    successor = Operator(world, role_kind=RoleKind.ROLE)
    await look_on(world, successor, seconds=30)
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
