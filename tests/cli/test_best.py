import json
import subprocess
from io import StringIO
from typing import Any

import pytest
import yaml

from kubetune.cli.access import Target
from kubetune.cli.best import best, render_best
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.objects import decode_job
from tests.cli.cli_builders import BEST, a_job, job_body
from tests.cli.golden_files import Compare
from tests.kube.fake_api_server import FakeApiServer

JOBS = "/apis/kubetune.dev/v1alpha1/namespaces/team-a/tuningjobs"
AWKWARD = {
    "lr": 1e-05,
    "weight-decay": 0.1,
    "opt.name": 'it\'s $(touch /tmp/x) `id` "q" ; \\ *',
    "empty_": "-",
    "layers": 3,
    "newline": "a\nb",
}


def rendered(form: str, parameters: dict[str, Any] | None = None) -> str:
    job = a_job(best={**BEST, **({} if parameters is None else {"parameters": parameters})})
    assert job.status.best is not None
    return render_best(job, job.status.best, form)


@pytest.mark.parametrize("form", ["table", "json", "yaml", "env", "args"])
def test_each_form_reads_well(golden: Compare, form: str) -> None:
    golden(f"best.{form}.txt", rendered(form))


def test_env_gives_a_shell_the_very_values() -> None:
    script = (
        rendered("env", AWKWARD) + 'printf "%s|" "$KUBETUNE_PARAM_LR" '
        '"$KUBETUNE_PARAM_WEIGHT_DECAY" "$KUBETUNE_PARAM_OPT_NAME" "$KUBETUNE_PARAM_NEWLINE"'
    )
    got = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert got == f"1e-05|0.1|{AWKWARD['opt.name']}|a\nb|"


def test_args_give_a_shell_one_word_for_each_parameter() -> None:
    script = f"printf '%s|' {rendered('args', AWKWARD)}"
    got = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert got == "".join(f"--{name}={value}|" for name, value in sorted(AWKWARD.items()))


@pytest.mark.parametrize(("form", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_json_and_yaml_say_the_same_and_keep_types(form: str, load: Any) -> None:
    document = load(rendered(form, AWKWARD))
    assert document["parameters"] == AWKWARD
    assert document["trial"] == "digits-1"
    assert document["value"] == 0.9833
    assert document["resource"] == 27


def test_a_float_that_the_api_server_stored_without_its_point_is_a_float_again() -> None:
    body = job_body(
        best={**BEST, "parameters": {"depth": 3, "share": 1}},
        spec={
            "parameters": [
                {"name": "share", "type": "Float"},
                {"name": "depth", "type": "Integer"},
            ]
        },
    )
    job = decode_job(json.dumps(body).encode())
    assert job.status.best is not None
    assert render_best(job, job.status.best, "args") == "--share=1.0 --depth=3\n"


async def test_the_best_of_a_job_on_a_cluster(target: Target, server: FakeApiServer) -> None:
    server.put(JOBS, job_body(best=BEST))
    out = StringIO()
    assert await best(target, "digits", form="args", out=out) is ExitCode.OK
    assert out.getvalue() == "--learning_rate=0.002 --hidden=32 --activation=relu\n"


async def test_a_job_without_a_best_trial_is_an_error(
    target: Target, server: FakeApiServer
) -> None:
    server.put(JOBS, job_body())
    with pytest.raises(CommandError, match="has no best trial yet") as caught:
        await best(target, "digits", form="env", out=StringIO())
    assert caught.value.code is ExitCode.FAILED


async def test_a_cluster_without_the_crds_names_the_command_that_installs_them(
    target: Target, server: FakeApiServer
) -> None:
    for _ in range(2):
        server.refuse(404, message="404 page not found")
    with pytest.raises(CommandError, match="kubectl apply -k manifests/") as caught:
        await best(target, "digits", form="env", out=StringIO())
    assert caught.value.code is ExitCode.CLUSTER


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (403, "tuningjobs is forbidden", "the API server refuses: tuningjobs is forbidden"),
        (500, "etcd is sad", "cannot reach the cluster of the current context: etcd is sad"),
    ],
)
async def test_what_the_api_server_says_is_passed_on(
    target: Target, server: FakeApiServer, status: int, message: str, words: str
) -> None:
    server.refuse(status, message=message)
    with pytest.raises(CommandError, match=words) as caught:
        await best(target, "digits", form="env", out=StringIO())
    assert caught.value.code is ExitCode.CLUSTER
