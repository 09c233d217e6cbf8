"""Fixtures that several tiers share: the cluster, Kubetune in it, and a namespace to work in."""

import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.cluster.deploy import deploy, kubectl, wait_for_kinds
from tests.cluster.layout import default_layout
from tests.cluster.target import Target, resolve_target
from tests.examples import IS_NIGHTLY, NIGHTLY_FACTOR

ROOT = Path(__file__).resolve().parents[1]

# As in the operator's image, before NumPy is loaded: several threads for a fit that is too small to
# share out only wait for each other, all the more where other tests run beside it.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

# The same examples in every run, so that a red run means a change; `nightly` looks further.
settings.register_profile("fixed", max_examples=40, derandomize=True, deadline=None)
settings.register_profile("nightly", max_examples=40 * NIGHTLY_FACTOR, deadline=None)
settings.load_profile("nightly" if IS_NIGHTLY else "fixed")


def pytest_configure() -> None:
    # A shell starts what it runs in the background without it, and children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )


Helm = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True, slots=True)
class TestCluster:
    """A running cluster, by its kubeconfig and context."""

    __test__ = False
    target: Target

    @property
    def kubeconfig(self) -> str:
        return str(self.target.kubeconfig)

    @property
    def context(self) -> str:
        return self.target.context

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return kubectl(self.target, *arguments, stdin=stdin, check=check)

    def get(self, *arguments: str) -> Any:
        """Return an object, or a list's items, as JSON."""
        answer = json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)
        return answer.get("items", answer)


@pytest.fixture(scope="session")
def cluster() -> TestCluster:
    """The cluster of this run; `make cluster-up` brings one up on this machine."""
    found = TestCluster(resolve_target(os.environ))
    answer = found.kubectl("get", "--raw", "/readyz", check=False)
    if answer.returncode != 0:
        pytest.fail(
            "no cluster answers: `make cluster-up` brings one up on this machine, or name one with "
            f"KUBETUNE_KUBECONFIG and KUBETUNE_CONTEXT ({answer.stderr.strip()})"
        )
    return found


@pytest.fixture(scope="session")
def crds(cluster: TestCluster) -> TestCluster:
    """The cluster with both kinds and the admission policies, and no operator needed."""
    cluster.kubectl("apply", "-k", str(ROOT / "crds"))
    wait_for_kinds(cluster.target)
    return cluster


@pytest.fixture(scope="session")
def kubetune(crds: TestCluster) -> TestCluster:
    """The cluster with Kubetune running in it."""
    deploy(crds.target, os.environ)
    return crds


@pytest.fixture
def namespace(cluster: TestCluster) -> Iterator[str]:
    """A namespace that admits restricted pods only; gone after the test."""
    name = f"kubetune-test-{secrets.token_hex(3)}"
    manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
        },
    }
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def helm_program() -> str:
    """The path of helm."""
    installed = default_layout().tools / "helm"
    program = str(installed) if installed.exists() else shutil.which("helm")
    if program is None:
        pytest.fail("helm is not installed: `python -m tests.cluster tools` installs it")
    return program


@pytest.fixture(scope="session")
def helm(helm_program: str) -> Helm:
    """Runs helm with the words that it is given."""

    def run(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [helm_program, *words], input=stdin, capture_output=True, text=True, check=False
        )

    return run
