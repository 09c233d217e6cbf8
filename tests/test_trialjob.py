"""The Job of a trial: reviewed as YAML in tests/golden, and checked for what must always hold."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubetune.api.names import COLLECTOR_CONTAINER
from kubetune.api.parameters import ParameterValue
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.sidecar import Sidecar
from kubetune.trialjob.identity import TrialIdentity
from kubetune.trialjob.job import build_trial_job
from kubetune.trialjob.template import service_account, training_container
from tests.controller.builders import LEARNING_RATE, make_spec, template

GOLDEN = Path(__file__).parent / "golden"

TRAIN = {
    "name": "train",
    "image": "trainer:1",
    "command": ["python", "train.py", "--lr=$(params.lr)", "--name=$(trial.name)"],
}


class PlainDumper(yaml.SafeDumper):
    """Writes what stands in two places twice, as a person would."""

    def ignore_aliases(self, data: Any) -> bool:
        _ = data
        return True


def identity(
    parameters: Mapping[str, ParameterValue] | None = None,
    *,
    run_id: str | None = None,
    resource: int | None = None,
    trained: int = 0,
) -> TrialIdentity:
    return TrialIdentity(
        namespace="team-a",
        tuning_job="digits",
        run_id=run_id,
        name="digits-3" if run_id is None else f"digits-{run_id}-3",
        uid="trial-uid",
        index=3,
        parameters=parameters if parameters is not None else {"lr": 0.1},
        resource=resource,
        trained=trained,
    )


def build(
    spec: TuningJobSpec, trial: TrialIdentity | None = None, *, rungs: tuple[int, ...] = ()
) -> dict[str, Any]:
    return build_trial_job(
        spec, trial or identity(), sidecar=Sidecar(image="kubetune-collector:1"), rungs=rungs
    )


def pod_of(job: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = job["spec"]["template"]["spec"]
    return pod


def container_of(job: dict[str, Any], name: str) -> dict[str, Any]:
    pod = pod_of(job)
    everyone = [*pod.get("initContainers", []), *pod["containers"]]
    found: dict[str, Any] = next(c for c in everyone if c["name"] == name)
    return found


def variables_of(container: Mapping[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def as_the_kubelet_expands(text: str) -> str:
    """`$$` stands for `$`; the values of these tests name no variable."""
    return text.replace("$$", "$")


CASES = {
    "stdout": build(make_spec(job_template=template(containers=[TRAIN]))),
    "file": build(
        make_spec(
            source="File",
            metrics={"path": "/training/logs/metrics.txt"},
            job_template=template(containers=[TRAIN]),
        )
    ),
    "annotation": build(
        make_spec(source="Annotation", job_template=template(containers=[TRAIN])),
    ),
    "hyperband": build(
        make_spec(
            "Hyperband",
            additional=["loss"],
            metrics={
                "container": "train",
                "patterns": [{"metric": "accuracy", "regex": "acc=(?P<value>.*)$"}],
            },
            job_template=template(
                containers=[
                    {"name": "web", "image": "web:1"},
                    {**TRAIN, "args": ["--steps=$(trial.resource)", "--seed=$(trial.index)"]},
                ]
            ),
        ),
        identity(run_id="second", resource=9),
        rungs=(1, 3, 9),
    ),
    "checkpoint": build(
        make_spec(
            "Hyperband",
            hyperband={"mode": "Promotion", "maxResource": 9},
            checkpoint={"path": "/models", "persistentVolumeClaim": {"claimName": "shared"}},
            job_template=template(
                containers=[
                    {**TRAIN, "args": ["--epochs=$(trial.resource)"]},
                    {"name": "web", "image": "web:1"},
                ]
            ),
        ),
        identity(run_id="second", resource=9, trained=3),
        rungs=(1, 3, 9),
    ),
    "users-own-choices": build(
        make_spec(
            retention={"jobs": "30m"},
            job_template=template(
                containers=[
                    {
                        **TRAIN,
                        "env": [
                            {"name": "KUBETUNE_TRIAL", "value": "mine"},
                            {"name": "DATA", "value": "/data"},
                        ],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        "resources": {"limits": {"nvidia.com/gpu": 1}},
                        "terminationMessagePolicy": "File",
                    }
                ],
                pod={
                    "serviceAccountName": "mine",
                    "terminationGracePeriodSeconds": 120,
                    "initContainers": [{"name": "fetch", "image": "fetch:1"}],
                    "volumes": [{"name": "data", "emptyDir": {}}],
                    "tolerations": [{"key": "gpu", "operator": "Exists"}],
                },
                pod_labels={"team": "vision", "kubetune.dev/trial": "not-this-one"},
                backoffLimit=2,
                podFailurePolicy={
                    "rules": [
                        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
                    ]
                },
                ttlSecondsAfterFinished=60,
                activeDeadlineSeconds=600,
                suspend=True,
            )
            | {"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "gpus"}, "annotations": {}}},
        )
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_job_of_a_trial_is_the_one_that_was_reviewed(
    name: str, request: pytest.FixtureRequest
) -> None:
    path = GOLDEN / f"trialjob-{name}.yaml"
    got = yaml.dump(CASES[name], Dumper=PlainDumper, sort_keys=False, width=100)
    if request.config.getoption("--refresh-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(got, encoding="utf-8")
    want = path.read_text(encoding="utf-8")
    assert want == got, f"{path.name} differs; if that is meant, pytest --refresh-golden"


@pytest.mark.parametrize(
    ("value", "want"),
    [
        pytest.param("a b", "a b", id="a blank"),
        pytest.param('it\'s "quoted" `x` \\n', 'it\'s "quoted" `x` \\n', id="quotes"),
        pytest.param("$HOME $(HOME) $$ ${HOME}", "$HOME $(HOME) $$ ${HOME}", id="dollars"),
        pytest.param("grün 网络 🚀", "grün 网络 🚀", id="letters of the world"),
        pytest.param("", "", id="nothing"),
        pytest.param(0.1, "0.1", id="a float"),
        pytest.param(1e-05, "1e-05", id="a small float"),
        pytest.param(5.0, "5.0", id="a whole float"),
    ],
)
def test_a_value_reaches_the_training_code_as_it_is(value: ParameterValue, want: str) -> None:
    job = build(make_spec(), identity({"lr": value}))
    variables = variables_of(container_of(job, "train"))
    assert as_the_kubelet_expands(variables["KUBETUNE_PARAM_LR"]) == want
    whole = json.loads(as_the_kubelet_expands(variables["KUBETUNE_PARAMETERS"]))
    assert whole == {"lr": value}


def test_every_container_of_the_user_gets_the_parameters() -> None:
    job = build(
        make_spec(
            job_template=template(
                containers=[TRAIN, {"name": "helper", "image": "h"}],
                pod={"initContainers": [{"name": "fetch", "image": "f"}]},
            )
        )
    )
    for name in ("train", "helper", "fetch"):
        variables = variables_of(container_of(job, name))
        assert variables["KUBETUNE_PARAM_LR"] == "0.1"
        assert variables["KUBETUNE_TRIAL"] == "digits-3"


def test_a_variable_of_the_users_own_wins_and_is_there_once() -> None:
    names = [v["name"] for v in container_of(CASES["users-own-choices"], "train")["env"]]
    assert names.count("KUBETUNE_TRIAL") == 1
    assert variables_of(container_of(CASES["users-own-choices"], "train"))["KUBETUNE_TRIAL"] == (
        "mine"
    )


def test_the_labels_are_ours_and_the_users_but_none_of_the_tuning_jobs() -> None:
    job = CASES["users-own-choices"]
    assert job["metadata"]["labels"] == {
        "kueue.x-k8s.io/queue-name": "gpus",
        "kubetune.dev/tuning-job": "digits",
        "kubetune.dev/trial": "digits-3",
        "kubetune.dev/trial-index": "3",
    }
    pod_labels = job["spec"]["template"]["metadata"]["labels"]
    assert pod_labels["team"] == "vision"
    assert pod_labels["kubetune.dev/trial"] == "digits-3"


def test_the_trial_owns_its_job_and_the_run_is_a_label() -> None:
    job = CASES["hyperband"]
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Trial", "trial-uid", True)
    assert job["metadata"]["labels"]["kubetune.dev/run"] == "second"


def test_the_users_command_is_neither_rewritten_nor_wrapped() -> None:
    assert container_of(CASES["stdout"], "train")["command"] == [
        "python",
        "train.py",
        "--lr=0.1",
        "--name=digits-3",
    ]


def test_a_job_is_never_suspended_or_resumed_by_us() -> None:
    assert "suspend" not in CASES["stdout"]["spec"]
    assert CASES["users-own-choices"]["spec"]["suspend"] is True


def test_building_a_job_leaves_the_spec_as_it_was_and_gives_the_same_again() -> None:
    spec = make_spec(source="File", job_template=template(containers=[TRAIN]))
    before = copy.deepcopy(spec)
    first = copy.deepcopy(build(spec))
    assert build(spec) == first
    assert spec == before


@pytest.mark.parametrize("name", CASES)
def test_the_token_is_mounted_in_one_container_alone(name: str) -> None:
    pod = pod_of(CASES[name])
    holders = [
        container["name"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]
        if any(mount["name"] == "kubetune-token" for mount in container.get("volumeMounts", []))
    ]
    assert holders == (["train"] if name == "annotation" else [COLLECTOR_CONTAINER])


@pytest.mark.parametrize("name", ["stdout", "file", "annotation", "hyperband"])
def test_training_code_gets_no_token_that_it_did_not_ask_for(name: str) -> None:
    assert pod_of(CASES[name])["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", sorted(set(CASES) - {"annotation"}))
def test_the_collector_is_a_native_sidecar_after_the_users_init_containers(name: str) -> None:
    last = pod_of(CASES[name])["initContainers"][-1]
    assert (last["name"], last["restartPolicy"]) == (COLLECTOR_CONTAINER, "Always")


def test_the_annotation_source_needs_no_sidecar() -> None:
    assert "initContainers" not in pod_of(CASES["annotation"])


@pytest.mark.parametrize("name", sorted(set(CASES) - {"annotation"}))
def test_the_collector_passes_the_restricted_pod_security_profile(name: str) -> None:
    sidecar = container_of(CASES[name], COLLECTOR_CONTAINER)
    security = sidecar["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["runAsNonRoot"] is True
    assert security.get("runAsUser") != 0
    assert security["seccompProfile"]["type"] in ("RuntimeDefault", "Localhost")
    assert not {"privileged", "procMount"} & set(security)
    assert all("hostPort" not in port for port in sidecar.get("ports", []))


@pytest.mark.parametrize("name", CASES)
def test_the_volumes_that_we_add_pass_the_restricted_pod_security_profile(name: str) -> None:
    for volume in pod_of(CASES[name])["volumes"]:
        allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
        assert allowed & set(volume)


def test_the_collector_knows_what_to_collect() -> None:
    sidecar = container_of(CASES["hyperband"], COLLECTOR_CONTAINER)
    told = json.loads(as_the_kubelet_expands(variables_of(sidecar)["KUBETUNE_COLLECT"]))
    assert told == {
        "source": "Stdout",
        "container": "train",
        "objective": "accuracy",
        "goal": "Maximize",
        "metrics": ["accuracy", "loss"],
        "patterns": [{"metric": "accuracy", "regex": "acc=(?P<value>.*)$"}],
        "rungs": [1, 3, 9],
    }


def test_the_metrics_file_is_on_a_volume_that_the_sidecar_can_only_read() -> None:
    job = CASES["file"]
    (written,) = container_of(job, "train")["volumeMounts"]
    read = container_of(job, COLLECTOR_CONTAINER)["volumeMounts"][-1]
    assert written == {"name": "kubetune-metrics", "mountPath": "/training/logs"}
    assert read == {**written, "readOnly": True}


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        pytest.param(make_spec(), "kubetune-trial", id="Stdout"),
        pytest.param(make_spec(source="Annotation"), "kubetune-annotator", id="Annotation"),
        pytest.param(
            make_spec(job_template=template(pod={"serviceAccountName": "mine"})), "mine", id="own"
        ),
    ],
)
def test_the_service_account_of_a_trial_is(spec: TuningJobSpec, want: str) -> None:
    assert service_account(spec) == want


def test_the_training_container_is_the_first_one_unless_the_spec_names_another() -> None:
    both = template(containers=[{"name": "web", "image": "w"}, TRAIN])
    assert training_container(make_spec(job_template=both)) == "web"
    assert training_container(make_spec(job_template=both, metrics={"container": "train"})) == (
        "train"
    )


def test_a_job_is_the_same_whether_its_trial_was_read_back_or_not() -> None:
    momentum = {"name": "a.momentum", "type": "Float", "min": 0, "max": 1}
    container = {**TRAIN, "args": ["$(params.lr)", "$(params.a.momentum)"]}
    spec = make_spec(
        parameters=[LEARNING_RATE, momentum],
        job_template=template(containers=[container]),
    )
    sent = build(spec, identity({"lr": 0.1, "a.momentum": 1.0}))
    stored = build(spec, identity({"a.momentum": 1, "lr": 0.1}))
    assert sent == stored
    train = container_of(stored, "train")
    variables = variables_of(train)
    assert train["args"] == ["0.1", "1.0"]
    assert variables["KUBETUNE_PARAM_A_MOMENTUM"] == "1.0"
    assert variables["KUBETUNE_PARAMETERS"] == '{"lr": 0.1, "a.momentum": 1.0}'


CHECKPOINT = {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteMany"]}}}


def checkpoint_job(**who: Any) -> dict[str, Any]:
    return build(
        make_spec(checkpoint=CHECKPOINT, job_template=template(containers=[TRAIN])), identity(**who)
    )


def test_every_attempt_of_a_trial_sees_the_same_directory_and_where_to_go_on() -> None:
    first, second = checkpoint_job(resource=1), checkpoint_job(resource=3, trained=1)
    mounts = [container_of(job, "train")["volumeMounts"] for job in (first, second)]
    assert mounts[0] == mounts[1]
    (mount,) = mounts[0]
    assert (mount["mountPath"], mount["subPath"]) == ("/checkpoints", "digits-3-trial-ui")
    told = [variables_of(container_of(job, "train")) for job in (first, second)]
    assert [said["KUBETUNE_RESUME_FROM"] for said in told] == ["0", "1"]
    assert {said["KUBETUNE_CHECKPOINT_DIR"] for said in told} == {"/checkpoints"}


def test_a_claim_that_is_made_for_the_job_has_the_jobs_name() -> None:
    volumes = pod_of(checkpoint_job())["volumes"]
    claims = [v["persistentVolumeClaim"] for v in volumes if "persistentVolumeClaim" in v]
    assert claims == [{"claimName": "digits-checkpoints"}]


def test_runs_of_a_job_do_not_share_a_directory() -> None:
    (mount,) = container_of(checkpoint_job(run_id="b"), "train")["volumeMounts"]
    assert mount["subPath"] == "digits-b-3-trial-ui"
