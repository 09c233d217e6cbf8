"""The API server's audit log of our own cluster: who asked for what, to the microsecond.

It has the requests of people and workloads; the kubelet's, the scheduler's and the controllers'
are left out of it.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

OPERATOR: Final = "system:serviceaccount:kubetune-system:kubetune"
_ACCOUNTS: Final = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the log, which stays good when the file is rotated."""

    inode: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """The requests that concern one namespace.

    Attributes:
        jobs_created: When each Job's creation was answered, ascending.
        operator: Requests of the operator, by "verb resource"; refused ones by
            "verb resource (code)".
        pods: The same for the pods' own service accounts.
        elsewhere: The operator's requests for nothing in any namespace of trials: its lease, its
            watches of the whole cluster.
    """

    jobs_created: tuple[datetime, ...]
    operator: Counter[str]
    pods: Counter[str]
    elsewhere: Counter[str]


class AuditLog:
    """An audit log with one JSON object per line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mark(self) -> Mark:
        """The present end of the log."""
        found = self._path.stat()
        return Mark(found.st_ino, found.st_size)

    def requests(self, namespace: str, since: Mark) -> Requests:
        """What was asked for in a namespace since then."""
        counts: dict[str, Counter[str]] = {
            kind: Counter() for kind in ("operator", "pods", "elsewhere")
        }
        created: list[datetime] = []
        seen: set[str] = set()
        wanted = (namespace.encode(), OPERATOR.encode())
        for line in self._lines(since):
            # Most lines are about something else, and decoding is what takes time.
            if not any(word in line for word in wanted):
                continue
            event = json.loads(line)
            # A long request has a line for its beginning and one for its end.
            if event["auditID"] in seen:
                continue
            seen.add(event["auditID"])
            kind = _kind(event, namespace)
            if kind is not None:
                counts[kind][_request(event)] += 1
            if _is_job_creation(event, namespace):
                created.append(datetime.fromisoformat(event["stageTimestamp"]))
        return Requests(jobs_created=tuple(sorted(created)), **counts)

    def _lines(self, since: Mark) -> Iterator[bytes]:
        rotated = sorted(self._path.parent.glob(f"{self._path.stem}-*{self._path.suffix}"))
        files = [*rotated, self._path]
        inodes = [path.stat().st_ino for path in files]
        begin = inodes.index(since.inode)
        for number, path in enumerate(files[begin:]):
            with path.open("rb") as file:
                file.seek(0 if number else since.offset)
                yield from file


def _kind(event: dict[str, Any], namespace: str) -> str | None:
    user: str = event["user"]["username"]
    about = (event.get("objectRef") or {}).get("namespace")
    if user == OPERATOR:
        if about == namespace:
            return "operator"
        return "elsewhere" if about in (None, "kubetune-system") else None
    is_pods = user.startswith(_ACCOUNTS + namespace + ":") and about == namespace
    return "pods" if is_pods else None


def _request(event: dict[str, Any]) -> str:
    about = event.get("objectRef") or {}
    resource = "/".join(filter(None, (about.get("resource"), about.get("subresource"))))
    dry = " (dry run)" if "dryRun=All" in event["requestURI"] else ""
    code = (event.get("responseStatus") or {}).get("code", 0)
    refused = f" ({code})" if code >= HTTPStatus.BAD_REQUEST else ""
    return f"{event['verb']} {resource or event['requestURI']}{dry}{refused}"


def _is_job_creation(event: dict[str, Any], namespace: str) -> bool:
    about = event.get("objectRef") or {}
    return (
        _request(event) == "create jobs"
        and about.get("namespace") == namespace
        and about.get("apiGroup") == "batch"
    )
