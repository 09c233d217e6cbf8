"""Fixtures of the end-to-end tests: Kubetune at work, and what the cluster says on failure."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.conftest import Helm, TestCluster
from tests.e2e.local_operator import LocalOperator, deployment_away, operator_kubeconfig
from tests.e2e.releases import Release, release_in_a_new_namespace, without_the_plain_operator
from tests.e2e.tuning_jobs import Jobs

_OUTCOME = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_OUTCOME] = True
    return report


@pytest.fixture
def jobs(kubetune: TestCluster, namespace: str, request: pytest.FixtureRequest) -> Iterator[Jobs]:
    """A namespace to tune in; shown as it is when the test fails."""
    found = Jobs(kubetune, namespace)
    yield found
    if request.node.stash.get(_OUTCOME, False):
        print(found.kubectl("get", "tuningjobs,trials,jobs,pods", "-o", "wide", check=False))
        print(found.kubectl("describe", "tuningjobs,trials", check=False))
        log = ("-n", "kubetune-system", "logs", "deployment/kubetune", "--tail=80")
        print(kubetune.kubectl(*log, check=False).stdout)


@pytest.fixture
def operator(kubetune: TestCluster, tmp_path: Path) -> Iterator[LocalOperator]:
    """An operator of our own in place of the Deployment's."""
    with deployment_away(kubetune):
        operator = LocalOperator(operator_kubeconfig(kubetune, tmp_path), tmp_path / "log")
        yield operator
        operator.kill()
        print(operator.log[-5000:])


@pytest.fixture(scope="module")
def free_cluster(crds: TestCluster) -> Iterator[TestCluster]:
    """The cluster with both kinds, where no operator of the plain manifests works meanwhile."""
    with without_the_plain_operator(crds) as cluster:
        yield cluster


@pytest.fixture
def release(free_cluster: TestCluster, helm: Helm) -> Iterator[Release]:
    """A release that is not installed yet, in a namespace of its own."""
    with release_in_a_new_namespace(helm, free_cluster) as found:
        yield found
