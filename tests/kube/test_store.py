from collections.abc import Callable

import pytest

from kubetune.kube.objects import Job, JobStatus, Metadata, ObjectKey
from kubetune.kube.store import Store

KEY = ObjectKey("a", "j")
Change = tuple[Job | None, Job | None]


def job(revision: int, *, name: str = "j", uid: str = "u", active: int = 0, owner: str = "") -> Job:
    """A Job in namespace "a"; what is not given does not differ."""
    metadata = Metadata(
        name=name,
        namespace="a",
        uid=uid,
        resource_version=str(revision),
        labels={"owner": owner} if owner else {},
    )
    return Job(metadata=metadata, status=JobStatus(active=active))


class Told:
    """A store and what it told."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.store: Store[Job] = Store(
            lambda old, new: self.changes.append((old, new)),
            index=lambda job: job.metadata.labels.get("owner"),
        )

    def take(self) -> list[Change]:
        changes, self.changes = self.changes, []
        return changes


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_list_tells_what_is_new(told: Told) -> None:
    told.store.replace([job(5)], 10)
    assert told.take() == [(None, job(5))]
    assert dict(told.store) == {KEY: job(5)}
    assert told.store.revision == 10


def test_what_a_later_list_lacks_was_deleted_in_the_gap(told: Told) -> None:
    told.store.replace([job(5), job(6, name="k", uid="v")], 10)
    told.take()
    told.store.replace([job(6, name="k", uid="v")], 20)
    assert told.take() == [(job(5), None)]
    assert list(told.store) == [("a", "k")]


def test_what_was_recreated_in_the_gap_is_told_as_gone_and_new(told: Told) -> None:
    told.store.replace([job(5, uid="first")], 10)
    told.take()
    told.store.replace([job(15, uid="second")], 20)
    assert told.take() == [(job(5, uid="first"), None), (None, job(15, uid="second"))]


def test_a_version_that_changes_nothing_we_read_is_kept_but_not_told(told: Told) -> None:
    told.store.apply(job(5))
    told.take()
    told.store.apply(job(6))
    assert told.take() == []
    assert told.store[KEY] == job(6)


STALE: dict[str, Callable[[Store[Job]], None]] = {
    "the watch repeats a version": lambda store: store.apply(job(5)),
    "the watch is behind our own write": lambda store: store.apply(job(4, active=9)),
    "an answer of ours arrives late": lambda store: store.remember(job(4, active=9)),
    "a list was read before our own write": lambda store: store.replace([job(4, active=9)], 4),
    "a list was read before we created it": lambda store: store.replace([], 4),
    "the watch deletes an earlier object of that name": lambda store: store.discard(
        job(4, uid="earlier").metadata
    ),
    "we delete an earlier object of that name": lambda store: store.forget(KEY, "earlier"),
}


@pytest.mark.parametrize("news", STALE.values(), ids=STALE.keys())
def test_older_news_changes_nothing(told: Told, news: Callable[[Store[Job]], None]) -> None:
    told.store.remember(job(5))
    told.take()
    news(told.store)
    assert told.take() == []
    assert told.store[KEY] == job(5)


def test_our_own_write_is_seen_at_once_and_not_told_again_by_the_watch(told: Told) -> None:
    told.store.replace([job(5)], 10)
    told.take()
    told.store.remember(job(11, active=1))
    assert told.take() == [(job(5), job(11, active=1))]
    told.store.apply(job(11, active=1))
    assert told.take() == []


def test_an_answer_that_comes_after_the_deletion_does_not_bring_the_object_back(
    told: Told,
) -> None:
    told.store.apply(job(5))
    told.store.discard(job(7).metadata)
    told.take()
    told.store.remember(job(6, active=1))
    assert told.take() == []
    assert KEY not in told.store


def test_an_answer_that_comes_after_a_list_without_its_object_does_not_bring_it_back(
    told: Told,
) -> None:
    told.store.replace([], 10)
    told.store.remember(job(6))
    assert KEY not in told.store


def test_what_we_deleted_is_not_brought_back_by_older_news(told: Told) -> None:
    told.store.apply(job(5))
    told.take()
    told.store.forget(KEY, "u")
    assert told.take() == [(job(5), None)]
    told.store.apply(job(6, active=1))
    told.store.remember(job(7, active=1))
    told.store.replace([job(6, active=1)], 8)
    assert told.take() == []
    assert KEY not in told.store


def test_a_name_that_we_deleted_may_be_taken_again(told: Told) -> None:
    told.store.apply(job(5, uid="first"))
    told.store.forget(KEY, "first")
    told.take()
    told.store.apply(job(8, uid="second"))
    told.store.discard(job(7, uid="first").metadata)
    assert told.take() == [(None, job(8, uid="second"))]
    assert told.store[KEY].metadata.uid == "second"


@pytest.mark.parametrize(
    "confirm",
    [
        lambda store: store.discard(job(9).metadata),
        lambda store: store.replace([], 9),
    ],
    ids=["watch", "list"],
)
def test_a_deletion_of_our_own_is_forgotten_when_the_server_confirms_it(
    told: Told, confirm: Callable[[Store[Job]], None]
) -> None:
    told.store.apply(job(5))
    told.store.forget(KEY, "u")
    assert told.store._forgotten == {"u"}
    confirm(told.store)
    assert not told.store._forgotten


def test_a_server_restored_from_a_backup_is_believed(told: Told) -> None:
    told.store.replace([job(50), job(51, name="lost", uid="v")], 60)
    told.take()
    told.store.replace([job(5, active=1)], 20)
    assert dict(told.store) == {KEY: job(5, active=1)}
    assert told.store.revision == 20


def test_a_backup_may_bring_back_what_we_deleted_since(told: Told) -> None:
    told.store.replace([job(50)], 60)
    told.store.forget(KEY, "u")
    told.store.replace([job(5)], 20)
    assert dict(told.store) == {KEY: job(5)}


def test_the_watch_never_moves_the_revision_back(told: Told) -> None:
    told.store.replace([], 10)
    told.store.advance(9)
    told.store.apply(job(8))
    assert told.store.revision == 10


def test_the_index_follows_every_change(told: Told) -> None:
    told.store.apply(job(1, owner="x"))
    told.store.apply(job(2, name="k", uid="v", owner="x"))
    told.store.apply(job(3, name="l", uid="w"))
    assert {each.metadata.name for each in told.store.by_index("x")} == {"j", "k"}
    told.store.apply(job(4, owner="y"))
    assert told.store.by_index("y") == [job(4, owner="y")]
    assert told.store.by_index("x") == [job(2, name="k", uid="v", owner="x")]
    told.store.forget(ObjectKey("a", "k"), "v")
    told.store.discard(job(9, owner="y").metadata)
    assert told.store.by_index("x") == told.store.by_index("y") == []
    assert not told.store._indexed


def test_a_listener_finds_the_store_as_it_is_after_the_whole_list() -> None:
    sizes: list[int] = []
    store: Store[Job] = Store(lambda *_: sizes.append(len(store)))
    store.replace([job(1), job(2, name="k", uid="v")], 5)
    assert sizes == [2, 2]


def test_a_listener_that_fails_does_not_keep_the_rest_from_being_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[Job | None] = []

    def listen(_: Job | None, new: Job | None) -> None:
        told.append(new)
        raise RuntimeError("a fault of its own")

    store: Store[Job] = Store(listen)
    store.replace([job(1), job(2, name="k", uid="v")], 5)
    assert told == [job(1), job(2, name="k", uid="v")]
    assert "a fault of its own" in caplog.text
