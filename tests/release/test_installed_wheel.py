"""The wheel in an environment of its own, installed as by `pip install kubetune`: no extra."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest

from kubetune import __version__
from kubetune.cli.exits import ExitCode
from release.project import ROOT
from tests.cli.cli_builders import BEST, condition, job_body, trial_body
from tests.cli.conftest import KUBECONFIG
from tests.kube.fake_api_server import FakeApiServer
from tests.release.conftest import Program

pytestmark = pytest.mark.tools

SAMPLES = ROOT / "manifests" / "samples"
OBJECTIVE = f"{SAMPLES / 'curves.py'}:val_accuracy"
JOBS = "/apis/kubetune.dev/v1alpha1/namespaces/team-a/tuningjobs"
TRIALS = "/apis/kubetune.dev/v1alpha1/namespaces/team-a/trials"
ENDED = [condition(kind, "TargetReached", seconds=60) for kind in ("Complete", "Finished")]
ADVICE = "pip install 'kubetune[bayesian]'"


def test_none_of_the_operators_weight_is_there(clean: Path) -> None:
    (packages,) = clean.parent.glob("lib/python3*/site-packages")
    names = {path.name.partition("-")[0].lower() for path in packages.glob("*.dist-info")}
    assert {"kubetune", "kubernetes", "rich"} <= names
    assert names & {"numpy", "scipy", "scikit_learn", "kopf", "prometheus_client"} == set()


def test_both_programs_say_the_version(clean: Path) -> None:
    for name in ("kubetune", "kubectl-kubetune"):
        done = subprocess.run(
            [clean / name, "--version"], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"kubetune {__version__}\n"


def test_every_command_has_its_help(kubetune: Program) -> None:
    top = kubetune("--help")
    commands = re.findall(r"(?m)^    ([a-z]+)  ", top.stdout)
    assert {"validate", "simulate", "run", "replay", "watch", "best"} <= set(commands)
    for command in commands:
        done = kubetune(command, "--help")
        assert (done.returncode, done.stderr) == (ExitCode.OK, ""), command


def test_every_sample_is_valid(kubetune: Program) -> None:
    files = [word for path in sorted(SAMPLES.glob("*.yaml")) for word in ("-f", str(path))]
    done = kubetune("validate", "--quiet", *files)
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    assert done.stdout.count("TuningJob") >= len(files) // 2


@pytest.mark.parametrize(
    ("words", "want"),
    [
        pytest.param(("watch", "digits"), "digits is Complete: TargetReached", id="watch"),
        pytest.param(("best", "digits", "-o", "args"), "--learning_rate=", id="best"),
    ],
)
async def test_a_job_of_a_cluster_is_told(
    clean: Path, tmp_path: Path, words: tuple[str, ...], want: str
) -> None:
    server = FakeApiServer()
    await server.start()
    server.put(JOBS, job_body(phase="Complete", conditions=ENDED, best=BEST, ended=60))
    server.put(TRIALS, trial_body(0, "Succeeded", values={27: 0.9}, ended=40))
    config = tmp_path / "kubeconfig"
    config.write_text(KUBECONFIG.format(url=server.url), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(str(clean / "kubetune"), *words, "--kubeconfig", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    await server.stop()
    assert (process.returncode, err.decode()) == (ExitCode.OK, "")
    assert want in out.decode()


@pytest.mark.parametrize("sample", ["random.yaml", "hyperband.yaml"])
def test_what_decides_without_a_model_is_simulated(kubetune: Program, sample: str) -> None:
    done = kubetune(
        "simulate", "-f", str(SAMPLES / sample), "--objective", OBJECTIVE, "--steps", "9"
    )
    assert done.returncode == ExitCode.OK, done.stderr
    assert "Best" in done.stdout


@pytest.mark.parametrize("sample", ["bayesian.yaml", "convergence.yaml"])
def test_what_needs_a_model_says_how_to_get_it_before_it_begins(
    kubetune: Program, sample: str
) -> None:
    for words in (
        ("simulate", "-f", str(SAMPLES / sample), "--objective", OBJECTIVE),
        ("run", "-f", str(SAMPLES / sample), "--directory", "kept"),
    ):
        done = kubetune(*words)
        assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
        assert "numpy, scipy, sklearn" in done.stderr
        assert ADVICE in done.stderr
        assert "Traceback" not in done.stderr


def test_the_operator_says_what_it_lacks(clean: Path) -> None:
    done = subprocess.run(
        [clean / "python", "-m", "kubetune.controller", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'kubetune[operator]'" in done.stderr
