import pytest

from kubetune.controller.settings import RoleKind, Settings, SettingsError, read_settings
from kubetune.sidecar import Sidecar

IMAGE = {"KUBETUNE_COLLECTOR_IMAGE": "collector:1"}


def test_only_the_collectors_image_has_no_default() -> None:
    assert read_settings(IMAGE, hostname="host-1") == Settings(
        namespaces=(),
        sidecar=Sidecar(image="collector:1"),
        role_kind=RoleKind.CLUSTER_ROLE,
        lease_namespace="kubetune-system",
        lease_name="kubetune-operator",
        identity="host-1",
        leader_election=True,
        lease_seconds=15,
        port=8080,
        workers=8,
        log_level="INFO",
    )


@pytest.mark.parametrize(
    ("variable", "text", "field", "want"),
    [
        pytest.param("KUBETUNE_NAMESPACES", "b, a,,b ", "namespaces", ("a", "b"), id="namespaces"),
        pytest.param("KUBETUNE_ROLE_KIND", "Role", "role_kind", RoleKind.ROLE, id="role kind"),
        pytest.param("POD_NAMESPACE", "tuning", "lease_namespace", "tuning", id="lease namespace"),
        pytest.param("KUBETUNE_LEASE_NAME", "mine", "lease_name", "mine", id="lease name"),
        pytest.param("POD_NAME", "operator-1", "identity", "operator-1", id="identity"),
        pytest.param("KUBETUNE_LEADER_ELECTION", "False", "leader_election", False, id="election"),
        pytest.param("KUBETUNE_LEASE_SECONDS", "30", "lease_seconds", 30, id="lease seconds"),
        pytest.param("KUBETUNE_PORT", "0", "port", 0, id="any free port"),
        pytest.param("KUBETUNE_WORKERS", "1", "workers", 1, id="one worker"),
        pytest.param("KUBETUNE_LOG_LEVEL", "debug", "log_level", "DEBUG", id="log level"),
    ],
)
def test_a_variable_sets(variable: str, text: str, field: str, want: object) -> None:
    settings = read_settings({**IMAGE, variable: text}, hostname="host-1")
    assert getattr(settings, field) == want


def test_the_collectors_resources_are_those_of_the_variable_and_no_others() -> None:
    text = '{"requests": {"cpu": 1}, "limits": {"cpu": "1", "memory": "64Mi"}}'
    sidecar = read_settings({**IMAGE, "KUBETUNE_COLLECTOR_RESOURCES": text}, hostname="h").sidecar
    assert sidecar.resources == {"requests": {"cpu": 1}, "limits": {"cpu": "1", "memory": "64Mi"}}


@pytest.mark.parametrize(
    ("environment", "want"),
    [
        pytest.param({}, "KUBETUNE_COLLECTOR_IMAGE is not set", id="no collector image"),
        pytest.param(
            {"KUBETUNE_COLLECTOR_IMAGE": ""}, "KUBETUNE_COLLECTOR_IMAGE", id="an empty image"
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_ROLE_KIND": "role"},
            "KUBETUNE_ROLE_KIND='role' is neither ClusterRole nor Role",
            id="no such kind of role",
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_COLLECTOR_RESOURCES": '{"limit": {"cpu": "1"}}'},
            "KUBETUNE_COLLECTOR_RESOURCES=.*'limit'",
            id="misspelt limits of the collector",
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_COLLECTOR_RESOURCES": "cpu=1"},
            "is not the resources of a container",
            id="resources that are no JSON",
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_LEADER_ELECTION": "yes"},
            "KUBETUNE_LEADER_ELECTION='yes'",
            id="neither true nor false",
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_WORKERS": "many"}, "KUBETUNE_WORKERS='many'", id="not a number"
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_WORKERS": "0"}, "KUBETUNE_WORKERS='0'", id="nobody to work"
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_WORKERS": "-1"}, "KUBETUNE_WORKERS='-1'", id="a negative number"
        ),
        pytest.param({**IMAGE, "KUBETUNE_PORT": "99999"}, "KUBETUNE_PORT='99999'", id="no port"),
        pytest.param(
            {**IMAGE, "KUBETUNE_LEASE_SECONDS": "0"},
            "KUBETUNE_LEASE_SECONDS='0'",
            id="a lease of no time",
        ),
        pytest.param(
            {**IMAGE, "KUBETUNE_LOG_LEVEL": "loud"}, "KUBETUNE_LOG_LEVEL='LOUD'", id="no level"
        ),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(environment: dict[str, str], want: str) -> None:
    with pytest.raises(SettingsError, match=want):
        read_settings(environment, hostname="host-1")
