"""Fixtures of the tests that ask a real API server about TuningJobs."""

import secrets
from collections.abc import Iterator

import pytest

from tests.api.dry_run import DryRun
from tests.conftest import TestCluster


@pytest.fixture(scope="session")
def dry_run(crds: TestCluster) -> Iterator[DryRun]:
    """A connection to the API server, in a namespace of its own."""
    namespace = f"kubetune-api-{secrets.token_hex(3)}"
    crds.kubectl("create", "namespace", namespace)
    with DryRun.connect(crds.kubeconfig, crds.context, namespace) as connection:
        yield connection
    crds.kubectl("delete", "namespace", namespace, "--wait=false")
