"""What is known of one kind of object: the newest version of each, whoever told us of it.

Three sources may speak in any order, and the resource version says who is right:

    list   ──► replace     what is not listed was deleted, unless it is newer than the list
    watch  ──► apply, discard
    ourselves ──► remember, forget     the answers to our own writes, ahead of the watch

No I/O here, and no await: every method leaves the store consistent before `on_change` is called.
"""

import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from kubetune.kube.objects import Metadata, Object, ObjectKey

T = TypeVar("T", bound=Object)

OnChange = Callable[[T | None, T | None], None]
"""Called with (before, after): None before for a new object, None after for one that is gone."""

_log = logging.getLogger(__name__)


class Store(Mapping[ObjectKey, T], Generic[T]):
    """A mapping from (namespace, name) to the newest known version of an object.

    Attributes:
        revision: The resource version up to which the list and the watch have told everything.
    """

    def __init__(
        self,
        on_change: Callable[[T | None, T | None], None],
        *,
        index: Callable[[T], Hashable | None] = lambda _: None,
    ) -> None:
        """Make an empty store.

        Args:
            on_change: Called synchronously for each effective change, after all changes of one
                list or event are in. A new version that differs in its resource version alone
                is kept and not told. What it raises is logged and goes no further.
            index: What `by_index` finds an object by; None leaves the object out. It must depend
                on the object alone.
        """
        self.revision = 0
        self._on_change = on_change
        self._index = index
        self._objects: dict[ObjectKey, T] = {}
        self._indexed: dict[Hashable, dict[ObjectKey, T]] = {}
        self._forgotten: set[str] = set()

    def __getitem__(self, key: ObjectKey) -> T:
        return self._objects[key]

    def __iter__(self) -> Iterator[ObjectKey]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def by_index(self, value: Hashable) -> list[T]:
        """The objects for which the index function gives `value`, in no particular order."""
        return list(self._indexed.get(value, {}).values())

    def replace(self, listed: Iterable[T], revision: int) -> None:
        """Take in a complete list, read at `revision`."""
        changes: list[tuple[T | None, T | None]] = []
        if revision < self.revision:
            # The server was restored from a backup: its versions no longer compare with ours.
            changes += [(self._drop(key), None) for key in list(self._objects)]
            self._forgotten.clear()
        names: set[ObjectKey] = set()
        uids: set[str] = set()
        for new in listed:
            names.add(new.metadata.key)
            uids.add(new.metadata.uid)
            changes += self._put(new)
        gone = [
            key
            for key, old in self._objects.items()
            if key not in names and old.metadata.revision <= revision
        ]
        changes += [(self._drop(key), None) for key in gone]
        self._forgotten &= uids
        self.revision = revision
        self._tell(changes)

    def apply(self, new: T) -> None:
        """Take in an object that the watch says was added or modified."""
        changes = self._put(new)
        self.advance(new.metadata.revision)
        self._tell(changes)

    def discard(self, last: Metadata) -> None:
        """Take in that the watch says an object was deleted; `last` is its last metadata."""
        self._forgotten.discard(last.uid)
        self.advance(last.revision)
        old = self._objects.get(last.key)
        if old is not None and old.metadata.uid == last.uid:
            self._tell([(self._drop(last.key), None)])

    def advance(self, revision: int) -> None:
        """Take in that the watch has told everything up to `revision`."""
        self.revision = max(self.revision, revision)

    def remember(self, own: T) -> None:
        """Take in the answer to a write of our own, so that the next reader sees it at once.

        An answer that is older than what is known changes nothing. Nor does one that the watch
        has passed while its object is not here: that object has been deleted since.
        """
        if own.metadata.key in self._objects or own.metadata.revision > self.revision:
            self._tell(self._put(own))

    def forget(self, key: ObjectKey, uid: str) -> None:
        """Take in that we deleted an object which went at once.

        Until the watch tells of its deletion, older news of it does not bring it back. For an
        object that may linger (`Client.delete` gave False) leave it to the watch.
        """
        old = self._objects.get(key)
        if old is not None and old.metadata.uid == uid:
            self._forgotten.add(uid)
            self._tell([(self._drop(key), None)])

    def _put(self, new: T) -> list[tuple[T | None, T | None]]:
        """Keep `new` if it is news; the changes that are worth telling."""
        key = new.metadata.key
        old = self._objects.get(key)
        if new.metadata.uid in self._forgotten:
            return []
        if old is not None and new.metadata.revision <= old.metadata.revision:
            return []
        if old is not None:
            self._drop(key)
        self._objects[key] = new
        value = self._index(new)
        if value is not None:
            self._indexed.setdefault(value, {})[key] = new
        if old is None:
            return [(None, new)]
        if old.metadata.uid != new.metadata.uid:
            return [(old, None), (None, new)]
        return [] if _differ_in_version_alone(old, new) else [(old, new)]

    def _drop(self, key: ObjectKey) -> T:
        old = self._objects.pop(key)
        value = self._index(old)
        if value is not None:
            self._indexed[value].pop(key)
            if not self._indexed[value]:
                del self._indexed[value]
        return old

    def _tell(self, changes: Iterable[tuple[T | None, T | None]]) -> None:
        for old, new in changes:
            try:
                self._on_change(old, new)
            except Exception:  # noqa: BLE001  # the other changes must still be told
                _log.exception("a listener failed")


def _differ_in_version_alone(old: T, new: T) -> bool:
    metadata = msgspec.structs.replace(old.metadata, resource_version=new.metadata.resource_version)
    return msgspec.structs.replace(old, metadata=metadata) == new
