"""Reports come from code that we do not control."""

import json

import pytest

from kubetune.record.observations import LastWords, read_annotation, read_last_words
from tests.controller.builders import NOW, make_observation


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param('{"step": 3, "accuracy": 0.9}', [(3, {"accuracy": 0.9}, {})], id="one object"),
        pytest.param('{"epoch": 3, "accuracy": 1}', [(3, {"accuracy": 1.0}, {})], id="epoch"),
        pytest.param(
            '[{"step": 2, "accuracy": 2}, {"step": 1, "accuracy": 1}]',
            [(1, {"accuracy": 1.0}, {}), (2, {"accuracy": 2.0}, {})],
            id="a list that goes back is put in order",
        ),
        pytest.param('{"step": 3.0, "accuracy": 0.9}', [(3, {"accuracy": 0.9}, {})], id="3.0 is 3"),
        pytest.param(
            '{"step": 1, "accuracy": NaN, "loss": -Infinity}',
            [(1, {}, {"accuracy": "NaN", "loss": "-Infinity"})],
            id="NaN and Infinity are words",
        ),
        pytest.param(
            '{"step": 1, "accuracy": 1e999}', [(1, {}, {"accuracy": "Infinity"})], id="overflow"
        ),
        pytest.param(
            f'{{"step": 1, "accuracy": 1{"0" * 400}}}',
            [(1, {}, {"accuracy": "Infinity"})],
            id="an integer larger than any float",
        ),
        pytest.param(
            '{"step": 1, "accuracy": 0.5, "ok": true, "note": "x", "more": {}}',
            [(1, {"accuracy": 0.5}, {})],
            id="what is not a number is left out",
        ),
        pytest.param('{"step": -1, "accuracy": 0.5}', [], id="a step below zero is dropped"),
        pytest.param('{"step": 1e300, "accuracy": 0.5}', [], id="an absurd step is dropped"),
        pytest.param("[]", [], id="an empty list"),
    ],
)
def test_an_annotation_says(
    text: str, want: list[tuple[int, dict[str, float], dict[str, str]]]
) -> None:
    observations, fault = read_annotation(text, now=NOW)
    assert fault == ""
    assert [(o.step, o.metrics, o.non_finite) for o in observations] == want
    assert all(o.time == NOW for o in observations)


@pytest.mark.parametrize(
    ("text", "want_fault"),
    [
        pytest.param("accuracy=0.9", "the annotation is not JSON", id="not JSON"),
        pytest.param("", "the annotation is not JSON", id="empty"),
        pytest.param("[" * 100_000, "the annotation is not JSON", id="nested beyond measure"),
        pytest.param("1" * 10_000, "the annotation is not JSON", id="a number beyond measure"),
        pytest.param("0.9", "0.9 is not an object", id="a bare number"),
        pytest.param('{"accuracy": 0.9}', '{"accuracy": 0.9} is not an object', id="no step"),
        pytest.param('{"step": 1.5}', '{"step": 1.5} is not an object', id="half a step"),
        pytest.param('{"step": true}', '{"step": true} is not an object', id="a step that is true"),
        pytest.param('{"step": NaN}', '{"step": NaN} is not an object', id="a step that is NaN"),
        pytest.param('{"step": Infinity}', "is not an object", id="an infinite step"),
        pytest.param('{"step": "3"}', '{"step": "3"} is not an object', id="a step in quotes"),
    ],
)
def test_an_annotation_that_cannot_be_read_is_named(text: str, want_fault: str) -> None:
    observations, fault = read_annotation(text, now=NOW)
    assert observations == ()
    assert want_fault in fault


def test_what_stands_before_the_fault_in_a_list_counts() -> None:
    observations, fault = read_annotation('[{"step": 1, "accuracy": 0.5}, 7]', now=NOW)
    assert observations == (make_observation(1, 0.5),)
    assert "7 is not an object" in fault


def test_a_fault_quotes_a_short_piece_of_what_was_written() -> None:
    _, fault = read_annotation(json.dumps({"noise": "x" * 100_000}), now=NOW)
    assert len(fault) < 300


def test_the_name_of_a_metric_is_bounded() -> None:
    (observation,), _ = read_annotation(json.dumps({"step": 1, "x" * 10_000: 1}), now=NOW)
    assert list(observation.metrics) == ["x" * 63]


def test_last_words_are_observations_and_the_end_of_the_log() -> None:
    text = json.dumps(
        {
            "observations": [{"step": 1, "metrics": {"accuracy": 0.5}, "nonFinite": {}}],
            "lines": 12,
            "tail": ["epoch 1", "done"],
        }
    )
    assert read_last_words(text) == LastWords(
        observations=(make_observation(1, 0.5, at=None),), tail=("epoch 1", "done")
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Traceback (most recent call last):", id="no JSON at all"),
        pytest.param('{"observations": [{"step": 1}', id="cut short"),
        pytest.param("[" * 4000, id="nested beyond measure"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param('{"observations": 3, "tail": "x"}', id="no lists inside"),
        pytest.param('{"observations": [3, null, {"step": "x"}]}', id="no observations inside"),
    ],
)
def test_last_words_that_make_no_sense_say_nothing(text: str) -> None:
    words = read_last_words(text)
    assert (words.observations, words.tail) == ((), ())


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param('{"observations": [], "whole": true}', True, id="whole"),
        pytest.param('{"observations": [], "whole": false}', False, id="cut"),
        pytest.param('{"observations": []}', True, id="of an earlier version, which did not say"),
        pytest.param("Killed", False, id="of a collector that could not say"),
    ],
)
def test_last_words_say_whether_they_are_all(text: str, *, want: bool) -> None:
    assert read_last_words(text).whole is want
