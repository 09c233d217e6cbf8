import json

import pytest

from kubetune.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from kubetune.kube.failures import ExpiredError, failure

WORDS = "the API server's own words"


@pytest.mark.parametrize(
    ("code", "reason", "want"),
    [
        (400, "BadRequest", InvalidError),
        (401, "Unauthorized", ForbiddenError),
        (403, "Forbidden", ForbiddenError),
        (404, "NotFound", NotFoundError),
        (405, "MethodNotAllowed", InvalidError),
        (408, "Timeout", UnavailableError),
        (409, "AlreadyExists", AlreadyExistsError),
        (409, "Conflict", ConflictError),
        (410, "Expired", ExpiredError),
        (413, "RequestEntityTooLarge", InvalidError),
        (422, "Invalid", InvalidError),
        (429, "TooManyRequests", UnavailableError),
        (500, "InternalError", UnavailableError),
        (504, "Timeout", UnavailableError),
    ],
)
def test_each_refusal_becomes_the_error_its_catcher_expects(
    code: int, reason: str, want: type[ClusterError]
) -> None:
    got = failure(code, json.dumps({"reason": reason, "message": WORDS}).encode())
    assert want is type(got)
    assert got.status == code
    assert got.message == WORDS


@pytest.mark.parametrize(
    ("body", "want"),
    [
        (b"", ""),
        (b"<html>bad gateway</html>\n", "<html>bad gateway</html>"),
        (b"x" * 5000, "x" * 1000),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"message": 3}', '{"message": 3}'),
    ],
    ids=["nothing", "a proxy's page", "a long page", "not text", "not a status"],
)
def test_an_answer_that_is_no_status_is_passed_on_as_it_is(body: bytes, want: str) -> None:
    assert want == failure(502, body).message
