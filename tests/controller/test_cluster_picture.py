"""What the operator remembers, and which TuningJob each change asks it to look at."""

from typing import Any

import pytest

from kubetune.controller.cluster import Cluster, tuning_job_key
from kubetune.kube.objects import Metadata, ObjectKey, Pod
from tests.controller.builders import make_body, make_job, make_pod, make_trial
from tests.controller.fake_cluster import FakeApi, FakeClient

KEY = ObjectKey("team-a", "digits")


def make_cluster(*namespaces: str) -> tuple[Cluster, list[ObjectKey]]:
    """A cluster's picture, and the keys that it asked to look at."""
    asked: list[ObjectKey] = []
    cluster = Cluster(
        FakeClient(FakeApi()), namespaces=namespaces, enqueue=asked.append, jitter=lambda: 0.0
    )
    return cluster, asked


def body(version: int, uid: str = "uid-digits") -> dict[str, Any]:
    made = make_body(uid=uid)
    made["metadata"]["resourceVersion"] = str(version)
    return made


@pytest.mark.parametrize(
    ("versions", "want"),
    [
        pytest.param((5, 9), 9, id="a newer version replaces an older one"),
        pytest.param((9, 5), 9, id="an older version is no news"),
        pytest.param((9, 10), 10, id="versions are numbers, not text"),
    ],
)
def test_of_a_tuning_job_the_newest_version_is_kept(versions: tuple[int, int], want: int) -> None:
    cluster, _ = make_cluster()
    for version in versions:
        cluster.see(body(version))
    assert cluster.tuning_jobs[KEY]["metadata"]["resourceVersion"] == str(want)


def test_a_tuning_job_that_is_gone_is_forgotten_but_not_its_successor_of_the_same_name() -> None:
    cluster, _ = make_cluster()
    cluster.see(body(5, uid="second"))
    cluster.unsee(KEY, "first")
    assert KEY in cluster.tuning_jobs
    cluster.unsee(KEY, "second")
    assert KEY not in cluster.tuning_jobs


def test_any_change_of_a_child_asks_for_a_look_at_its_tuning_job() -> None:
    cluster, asked = make_cluster()
    cluster.trials("team-a").apply(make_trial(0))
    cluster.jobs("team-a").apply(make_job(0))
    assert asked == [KEY, KEY]
    cluster.trials("team-a").discard(make_trial(0).metadata)
    assert asked == [KEY, KEY, KEY]


def test_children_are_found_by_their_tuning_job() -> None:
    cluster, _ = make_cluster()
    cluster.jobs("team-a").replace([make_job(0), make_job(1)], revision=1)
    assert sorted(cluster.jobs_by_trial(KEY)) == ["digits-0", "digits-1"]
    assert cluster.jobs_by_trial(ObjectKey("team-a", "other")) == {}


def test_pods_are_found_by_their_trial() -> None:
    cluster, _ = make_cluster()
    pods = [make_pod(0, suffix="aaaaa"), make_pod(0, suffix="bbbbb"), make_pod(1)]
    cluster._pods[None].store.replace(pods, revision=1)
    found = cluster.pods_by_trial(KEY)
    assert {name: len(own) for name, own in found.items()} == {"digits-0": 2, "digits-1": 1}


def test_an_operator_of_some_namespaces_keeps_each_apart() -> None:
    cluster, _ = make_cluster("team-a", "team-b")
    cluster.trials("team-a").apply(make_trial(0))
    assert len(cluster.trials("team-a")) == 1
    assert len(cluster.trials("team-b")) == 0


def test_what_carries_no_label_belongs_to_nobody() -> None:
    assert tuning_job_key(Pod(metadata=Metadata(name="p", namespace="n"))) is None


def test_nothing_is_known_to_be_complete_before_everything_was_listed() -> None:
    cluster, _ = make_cluster()
    assert not cluster.is_synced
