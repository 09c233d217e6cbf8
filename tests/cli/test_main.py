import asyncio
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from kubetune.cli.access import Target
from kubetune.cli.exits import ExitCode
from kubetune.cli.main import main
from kubetune.cli.parser import build_parser
from tests.cli.cli_builders import job_body
from tests.cli.conftest import KUBECONFIG
from tests.kube.fake_api_server import FakeApiServer

JOBS = "/apis/kubetune.dev/v1alpha1/namespaces/team-a/tuningjobs"
ROOT = Path(__file__).parents[2]
A_LONG_START = 60
"""Seconds that a busy machine may take to start a program, and to end it."""


@pytest.mark.parametrize(
    ("called_as", "want"),
    [
        ("/usr/bin/kubetune", "usage: kubetune "),
        ("/opt/kubectl-kubetune", "usage: kubectl kubetune "),
        ("kubectl_kubetune", "usage: kubectl kubetune "),
    ],
)
def test_the_usage_shows_the_name_that_it_was_called_by(called_as: str, want: str) -> None:
    assert build_parser(called_as).format_usage().startswith(want)


def test_the_help_names_every_command_and_exit_code() -> None:
    text = build_parser("kubetune").format_help()
    offline = ("validate", "simulate", "run", "replay")
    for command in ("watch", "best", "stop", "suspend", "resume", *offline):
        assert f"\n    {command} " in text
    for code in (0, 1, 2, 3, 4, 5, 130):
        assert f"\n  {code} " in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["-n", "x", "--context", "c", "--kubeconfig", "k", "watch", "digits"],
        ["watch", "digits", "-n", "x", "--context", "c", "--kubeconfig", "k"],
        ["watch", "-n", "x", "--context=c", "digits", "--kubeconfig=k"],
    ],
    ids=["before", "after", "between"],
)
def test_the_flags_of_kubectl_are_taken_wherever_they_stand(arguments: list[str]) -> None:
    got = build_parser("kubetune").parse_args(arguments)
    assert (got.namespace, got.context, got.kubeconfig, got.name) == ("x", "c", "k", "digits")


def test_a_timeout_is_a_duration() -> None:
    got = build_parser("kubetune").parse_args(["watch", "x", "--timeout", "1h30m"])
    assert got.timeout == timedelta(minutes=90)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["watch"],
        ["best", "x", "-o", "xml"],
        ["watch", "x", "--timeout", "soon"],
        ["validate"],
        ["dance"],
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["kubetune", *arguments])
    assert caught.value.code == ExitCode.USAGE
    assert "usage: kubetune" in capsys.readouterr().err


def test_a_cluster_that_does_not_answer_is_one_line_and_exit_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url="http://127.0.0.1:9"), encoding="utf-8")
    code = main(["kubetune", "best", "digits", "--kubeconfig", str(path)])
    error = capsys.readouterr().err
    assert code == ExitCode.CLUSTER
    assert error.startswith("error: cannot reach the cluster of the current context: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--kubeconfig", "/does/not/exist"], "no usable Kubernetes configuration"),
        (["--context", "unknown"], "cannot reach the cluster of context 'unknown'"),
    ],
    ids=["no-file", "no-context"],
)
def test_a_kubeconfig_that_does_not_serve_exits_with_4(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    words: str,
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url="http://127.0.0.1:9"), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert main(["kubetune", "watch", "digits", *flags]) == ExitCode.CLUSTER
    assert words in capsys.readouterr().err


def test_help_needs_neither_the_client_nor_pydantic() -> None:
    script = (
        "import sys\n"
        "from kubetune.cli.main import main\n"
        "try:\n    main(['kubetune', '--help'])\nexcept SystemExit:\n    pass\n"
        "slow = {'aiohttp', 'kubernetes', 'pydantic', 'rich', 'yaml', 'numpy'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_best_needs_neither_the_models_nor_rich() -> None:
    script = (
        "import sys\nimport kubetune.cli.best\n"
        "slow = {'kubetune.api.model', 'rich', 'numpy'} & set(sys.modules)\nassert not slow, slow\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


async def test_ctrl_c_ends_a_watch_with_130(target: Target, server: FakeApiServer) -> None:
    server.put(JOBS, job_body())
    program = "import sys; from kubetune.cli.main import main; sys.exit(main(sys.argv))"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "watch", "digits", "--kubeconfig", str(target.kubeconfig)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"accepted" in await asyncio.wait_for(process.stdout.readline(), A_LONG_START)
    process.send_signal(signal.SIGINT)
    _, error = await asyncio.wait_for(process.communicate(), A_LONG_START)
    assert process.returncode == ExitCode.INTERRUPTED
    assert error == b""


def test_a_reader_that_has_gone_is_no_error() -> None:
    program = "import sys; from kubetune.cli.main import main; sys.exit(main(sys.argv))"
    sample = str(ROOT / "manifests/samples/grid.yaml")
    command = [sys.executable, "-c", program, "validate", "-f", sample]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(A_LONG_START) == ExitCode.BROKEN_PIPE
