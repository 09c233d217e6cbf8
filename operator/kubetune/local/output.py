"""What a trial prints or writes, read as the collector reads it in a pod."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kubetune.api.names import COLLECTOR_CONTAINER
from kubetune.collector.collect import Collection
from kubetune.collector.guard import guarded
from kubetune.collector.lines import LineSplitter
from kubetune.collector.parse import Finder, finder
from kubetune.collector.settings import Settings, read_settings
from kubetune.collector.tail import FileTail
from kubetune.collector.termination import TAIL_LINES, TAIL_WIDTH
from kubetune.kube.objects import Observation
from kubetune.local.expansion import expand

_TAIL_BYTES = 16 * 1024


class Reading:
    """How the output of all trials of a job is read.

    Args:
        sidecar: Environment of the collector, as the sidecar of one of its pods has it.
        now: The clock.
        log: Takes a line about what went wrong.
    """

    def __init__(
        self, sidecar: Mapping[str, str], *, now: Callable[[], datetime], log: Callable[[str], None]
    ) -> None:
        # Our files have no stamps, unlike the log that the API server gives.
        self._settings: Settings = read_settings(sidecar)._replace(source="File")
        self._now = now
        self._log = log

    def follow(self, path: Path) -> "Output":
        """Return the output that one attempt writes to a file."""
        # A finder each: how one trial has reported says nothing of another.
        find = finder(self._settings.metrics, self._settings.patterns)
        find = guarded(find, self._log) if self._settings.patterns else find
        return Output(path, self._settings, find, now=self._now, log=self._log)


class Output:
    """The growing output of one attempt."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        find: Finder,
        *,
        now: Callable[[], datetime],
        log: Callable[[str], None],
    ) -> None:
        self._has_news = False
        self._known: tuple[Observation, ...] = ()
        self._collection = Collection(settings, find=find, now=now, on_report=self._note)
        self._tail = FileTail(str(path), emit=self._collection.feed, log=log)

    def observations(self) -> tuple[Observation, ...]:
        """Read what is new and return all observations, thinned, by step, ascending."""
        self._tail.look()
        return self._rendered()

    def close(self) -> tuple[Observation, ...]:
        """Read the rest and return all observations."""
        self._tail.look()
        self._tail.close()
        self._collection.close()
        return self._rendered()

    def _note(self, is_urgent: bool) -> None:  # noqa: FBT001  the collector calls it so
        del is_urgent
        self._has_news = True

    def _rendered(self) -> tuple[Observation, ...]:
        if self._has_news:
            self._has_news = False
            reported = self._collection.series.observations()
            self._known = tuple(msgspec.convert(reported, list[Observation]))
        return self._known


def last_lines(path: Path) -> tuple[str, ...]:
    """Return the last lines of a file, oldest first, as a terminal would show them."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL_BYTES, 0))
            data = file.read()
    except OSError:
        return ()
    splitter = LineSplitter((), stamped=False)
    for _ in splitter.feed(data):
        pass
    return tuple(splitter.tail(TAIL_LINES, TAIL_WIDTH))


def sidecar_environment(job: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that a Job's collector would have."""
    pod = job["spec"]["template"]["spec"]
    (sidecar,) = (c for c in pod["initContainers"] if c["name"] == COLLECTOR_CONTAINER)
    variables = {v["name"]: expand(v["value"], {}) for v in sidecar["env"] if "value" in v}
    metadata = job["metadata"]
    return {
        **variables,
        "KUBETUNE_NAMESPACE": metadata["namespace"],
        "KUBETUNE_POD_NAME": metadata["name"],
    }
