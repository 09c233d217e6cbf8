"""Rules: one message for the API server and for Python."""

import math

import pytest

from kubetune.api.rule import Rule, Word, cel_matches, number_text
from kubetune.api.strategy import HyperbandSettings


def rule_that_says(message: str) -> Rule[HyperbandSettings]:
    return Rule(
        name="test",
        at="spec.strategy.hyperband",
        model=HyperbandSettings,
        cel="false",
        holds=lambda _: False,
        message=message,
        words={"sum": Word(cel="string(1 + 2)", text=lambda h: str(h.min_resource + 2))},
    )


def test_a_slot_is_a_field_of_the_node_or_a_word() -> None:
    rule = rule_that_says("at {maxResource} it is {sum}, 100% sure")

    assert rule.says(HyperbandSettings(max_resource=9)) == "at 9 it is 3, 100% sure"
    assert rule.schema() == {
        "rule": "false",
        "message": "at … it is …, 100% sure",
        "messageExpression": '"at %s it is %s, 100%% sure"'
        ".format([string(self.maxResource), string(1 + 2)])",
    }


def test_a_message_without_slots_needs_no_expression() -> None:
    assert rule_that_says("never").schema() == {"rule": "false", "message": "never"}


def test_a_text_with_a_line_break_is_left_out_as_in_the_api_server() -> None:
    rule = Rule(
        name="test",
        at="spec.runId",
        model=str,
        cel="false",
        holds=lambda _: False,
        message='"{self}" is bad',
        words={"self": Word(cel="self", text=str)},
    )

    assert rule.says("a\nb") == '"…" is bad'


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (5, "5"),
        (5.0, "5"),
        (-2.5, "-2.5"),
        (0.0, "0"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (0.00012345, "0.00012345"),
        (100000.0, "100000"),
        (123456.0, "123456"),
        (1e6, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (1.5e-7, "1.5e-07"),
        (1e300, "1e+300"),
        (math.inf, "inf"),
    ],
)
def test_a_number_is_written_as_the_api_server_writes_it(value: float, want: str) -> None:
    assert number_text(value) == want


def test_a_pattern_with_a_backslash_stays_readable_in_cel() -> None:
    assert cel_matches("self", r"\d+") == r"self.matches(r'^(?:\d+)$')"
    assert cel_matches("self", "[']") == 'self.matches("^(?:[\'])$")'
