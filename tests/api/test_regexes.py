"""The regular expressions that RE2 and Python share."""

import pytest

from kubetune.api.regexes import compiles, has_value_group, is_shared, repeats_a_group

SHARED = {
    "a literal": "acc: (?P<value>x)",
    "escapes": r"\.\[\{\t\x41(?P<value>\d+)",
    "classes": r"(?P<value>[-+.\dA-F\]]+)[^a-z-]",
    "lazy quantifiers": r"(?P<value>a*?b+?c??d{2,3}?)",
    "open counts": r"(?P<value>a{2,})",
    "case ignored": r"(?i)(?P<value>x)",
    "alternatives, anchors, word bounds": r"^(?:a|\b(?P<value>b)|)$",
    "letters beyond ASCII": r"précision (?P<value>.)",
    "nested counts up to a thousand": r"(?P<value>(?:a{25}){40})",
    "nested counts of which one is zero": r"(?P<value>(?:(?:a{999}){0}){999})",
    "nested counts without an upper bound": r"(?P<value>(?:a{0,}){999})",
}
NOT_SHARED = {
    "a flag in the middle": r"a(?i)b",
    "a Python comment": r"(?#x)",
    "an atomic group": r"(?>a)",
    "a quantifier of an anchor": r"^*",
    "a quantifier of nothing": r"(*a)",
    "a quantifier at the start": r"+a",
    "a count of four digits": r"a{1000}",
    "a range to a class": r"[a-\d]",
    "an empty class": r"[]",
    "a bracket in a class": r"[[]",
    "a backspace": r"[\b]",
    "an octal escape": r"\012",
    "a Unicode escape": r"\u0041",
    "an escaped letter beyond ASCII": r"\é",
    "a backslash at the end": "a\\",
}


@pytest.mark.parametrize("regex", SHARED.values(), ids=SHARED)
def test_what_both_engines_read_alike_is_good(regex: str) -> None:
    assert is_shared(regex)
    assert has_value_group(regex)
    assert compiles(regex)
    assert not repeats_a_group(regex)


@pytest.mark.parametrize("regex", NOT_SHARED.values(), ids=NOT_SHARED)
def test_what_they_do_not_read_alike_is_not(regex: str) -> None:
    assert not is_shared(regex)


@pytest.mark.parametrize("regex", ["(a", "a)", "[b-a]", "a{3,2}", "(?:a{40}){40}"])
def test_what_neither_compiles_is_broken(regex: str) -> None:
    assert is_shared(regex)
    assert not compiles(regex)


def test_a_long_expression_is_judged_at_once() -> None:
    assert not has_value_group("(a|b)*" * 42)
    assert not is_shared("[a" * 128)
