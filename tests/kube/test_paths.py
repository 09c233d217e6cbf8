import pytest

from kubetune.kube.paths import (
    EVENTS,
    JOBS,
    NAMESPACES,
    PODS,
    TRIALS,
    TUNING_JOBS,
    Resource,
    resource_of,
)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (TUNING_JOBS.path(), "/apis/kubetune.dev/v1alpha1/tuningjobs"),
        (JOBS.path("ns"), "/apis/batch/v1/namespaces/ns/jobs"),
        (PODS.path("ns", "p", "log"), "/api/v1/namespaces/ns/pods/p/log"),
        (
            TRIALS.path("ns", "t", "status"),
            "/apis/kubetune.dev/v1alpha1/namespaces/ns/trials/t/status",
        ),
        (NAMESPACES.path(name="ns"), "/api/v1/namespaces/ns"),
        (PODS.path("ns", "../secrets"), "/api/v1/namespaces/ns/pods/..%2Fsecrets"),
    ],
    ids=["everywhere", "one namespace", "core subresource", "status", "no namespace", "quoted"],
)
def test_paths_are_the_api_servers(got: str, want: str) -> None:
    assert want == got


@pytest.mark.parametrize(
    "parts",
    [("", "j"), ("ns", ""), ("ns", None, "status")],
    ids=["empty namespace", "empty name", "subresource of nothing"],
)
def test_a_path_that_would_mean_a_whole_collection_by_mistake_is_refused(
    parts: tuple[str, ...],
) -> None:
    with pytest.raises(ValueError, match="not an object of jobs"):
        JOBS.path(*parts)


@pytest.mark.parametrize(
    ("path", "want"),
    [
        (JOBS.path(), "jobs"),
        (JOBS.path("a"), "jobs"),
        (JOBS.path("a", "b"), "jobs"),
        (PODS.path("a", "b", "log"), "pods/log"),
        (TRIALS.path("a", "b", "status"), "trials/status"),
        (EVENTS.path("a"), "events"),
        (NAMESPACES.path(), "namespaces"),
        (NAMESPACES.path(name="a"), "namespaces"),
        (NAMESPACES.path(name="a", subresource="finalize"), "finalize"),
        (Resource("x.y", "v1", "nodes").path(name="n", subresource="status"), "nodes/status"),
        ("/version", "other"),
        ("/api/v1", "other"),
        ("/apis/a/b/c/d/e/f/g/h", "other"),
    ],
)
def test_a_path_is_counted_under_its_resource_and_never_under_a_name(path: str, want: str) -> None:
    assert want == resource_of(path)


@pytest.mark.parametrize(("resource", "want"), [(JOBS, "batch/v1"), (PODS, "v1")])
def test_the_api_version_is_as_in_a_manifest(resource: Resource, want: str) -> None:
    assert want == resource.api_version
