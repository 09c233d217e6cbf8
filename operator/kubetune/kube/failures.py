"""From the API server's refusals to the exception tree. Pure; the words stay the server's own."""

from http import HTTPStatus

import msgspec

from kubetune.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from kubetune.kube.objects import Status

_LONGEST_BODY = 1000
"""Characters kept of an answer that is no Status: a proxy's HTML page helps no one in full."""


class ExpiredError(ClusterError):
    """Raised by kube.client: the server forgot that version (410). The reflector lists again."""


_BY_STATUS: dict[int, type[ClusterError]] = {
    HTTPStatus.UNAUTHORIZED: ForbiddenError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.REQUEST_TIMEOUT: UnavailableError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.GONE: ExpiredError,
    HTTPStatus.TOO_MANY_REQUESTS: UnavailableError,
}


def failure(status: int, body: bytes) -> ClusterError:
    """The error for one answer.

    Args:
        status: HTTP status of 300 or more, or the code inside a watch's ERROR event.
        body: The answer's body, a Status in JSON or anything else.
    """
    try:
        answer = msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = Status()
    message = answer.message or body.decode("utf-8", "replace")[:_LONGEST_BODY].strip()
    if status == HTTPStatus.CONFLICT and answer.reason == "AlreadyExists":
        return AlreadyExistsError(status, message)
    by_class = InvalidError if status < HTTPStatus.INTERNAL_SERVER_ERROR else UnavailableError
    return _BY_STATUS.get(status, by_class)(status, message)
