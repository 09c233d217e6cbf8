"""The pods of the chart: what they may do, and what the test's shares with the operator's."""

import pytest

from tests.helm.chart_values import EVERYTHING
from tests.helm.conftest import Render
from tests.helm.rendered import of_kind, operator_pod

pytestmark = pytest.mark.tools


def test_the_test_of_an_installation_has_what_the_operator_has(render: Render) -> None:
    bodies = render(EVERYTHING)
    (test,) = of_kind(bodies, "Pod").values()
    want = operator_pod(bodies)["spec"]
    got = test["spec"]
    for field in (
        *("serviceAccountName", "imagePullSecrets", "securityContext", "priorityClassName"),
        *("nodeSelector", "tolerations", "affinity", "volumes"),
    ):
        assert got[field] == want[field], field
    for field in ("image", "env", "envFrom", "resources", "securityContext", "volumeMounts"):
        assert got["containers"][0][field] == want["containers"][0][field], field


def test_what_openshift_wants_to_choose_can_be_left_to_it(render: Render) -> None:
    pod = operator_pod(render({"podSecurityContext": {"runAsUser": None}}))
    assert "runAsUser" not in pod["spec"]["securityContext"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True


def test_every_pod_passes_the_restricted_profile(render: Render) -> None:
    bodies = render(EVERYTHING)
    (test,) = of_kind(bodies, "Pod").values()
    for spec in (operator_pod(bodies)["spec"], test["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["requests"]
