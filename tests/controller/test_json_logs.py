import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from kubetune.controller.logs import JsonFormatter
from kubetune.kube.objects import ObjectKey


def line(message: str, *arguments: object, exc_info: Any = None, **fields: object) -> Any:
    record = logging.LogRecord("kubetune.x", logging.WARNING, "f", 1, message, arguments, exc_info)
    vars(record).update(fields)
    record.created = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    text = JsonFormatter().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_record_is_one_line_of_json_with_its_fields() -> None:
    assert line("trial changed", job=ObjectKey("team-a", "digits"), state="Running") == {
        "time": "2026-01-01T00:00:00.000+00:00",
        "level": "warning",
        "logger": "kubetune.x",
        "message": "trial changed",
        "job": ["team-a", "digits"],
        "state": "Running",
    }


def test_arguments_of_other_libraries_are_filled_in() -> None:
    assert line("%s of %d", "one", 2)["message"] == "one of 2"


def test_an_exception_is_one_field_and_not_many_lines() -> None:
    try:
        int("first\nsecond")
    except ValueError:
        got = line("look failed", exc_info=sys.exc_info())
    assert "ValueError: invalid literal" in got["exception"]
    assert "Traceback" in got["exception"]


def test_a_field_that_is_no_json_is_written_as_text() -> None:
    got = line("x", at=datetime(2026, 1, 1, tzinfo=UTC), kind=ValueError)
    assert got["at"] == "2026-01-01 00:00:00+00:00"
    assert "ValueError" in got["kind"]
