r"""The regular expressions that a metrics pattern may use: what RE2 and Python read alike.

The API server checks an expression with RE2, the collector runs it with Python's `re`. Both differ
at the edges (look-around, possessive quantifiers, `\Z`, POSIX classes, `{,3}`), so the language is
the part that they share. `GRAMMAR` says it token by token and is checked on both sides by the same
expression; what a token cannot see (balance, ranges, nested repeats) RE2 and `compiles` check.

Source: https://github.com/google/re2/wiki/Syntax and the documentation of Python's `re`.
"""

import re
import warnings

_PUNCTUATION = r"""[!-/:-@\[-`{-~]"""
_CHARACTER_ESCAPE = rf"\\(?:{_PUNCTUATION}|[tnrfv]|x[0-9A-Fa-f][0-9A-Fa-f])"
_CLASS_ESCAPE = r"\\[dDwWsS]"
_CLASS_CHARACTER = rf"(?:[^\\\[\]\-]|{_CHARACTER_ESCAPE})"
_CLASS_ITEM = rf"(?:{_CLASS_CHARACTER}(?:-{_CLASS_CHARACTER})?|{_CLASS_ESCAPE})"
_CLASS = rf"\[\^?(?:-|{_CLASS_ITEM}){_CLASS_ITEM}*-?\]"
_QUANTIFIER = r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??"
_OPENING = r"\((?:\?:|\?P<(?:value|step)>)?"
_ATOM = rf"(?:[^\\\[\](){{}}*+?|\^$]|{_CHARACTER_ESCAPE}|{_CLASS_ESCAPE}|{_CLASS}|\))"
_TOKEN = rf"(?:{_ATOM}(?:{_QUANTIFIER})?|{_OPENING}|[|\^$]|\\[bB])"

GRAMMAR = rf"(?:\(\?i\))?{_TOKEN}*"
"""Every token is one that both engines know."""

GRAMMAR_WITH_VALUE = rf"(?:\(\?i\))?{_TOKEN}*\(\?P<value>{_TOKEN}*"
"""The same, with a group named value in it."""

_TWICE = rf"\(\?P<(?:value>{_TOKEN}*\(\?P<value|step>{_TOKEN}*\(\?P<step)>{_TOKEN}*"

GRAMMAR_WITH_REPEAT = rf"(?:\(\?i\))?{_TOKEN}*{_TWICE}"
"""The same, with the group value or step in it twice, which RE2 allows and Python does not."""

_MAX_REPEAT = 1000
_SCAN = re.compile(
    rf"(?P<open>{_OPENING})|(?P<atom>{_ATOM})(?P<repeat>{_QUANTIFIER})?|.", re.DOTALL
)
_COUNT = re.compile(r"\{(?P<least>\d+)(?P<comma>,)?(?P<most>\d*)\}")


def is_shared(regex: str) -> bool:
    """Return True if every token of an expression is one that RE2 and Python read alike."""
    return re.fullmatch(GRAMMAR, regex) is not None


def has_value_group(regex: str) -> bool:
    """Return True if an expression for which `is_shared` holds has the group `(?P<value>...)`."""
    return re.fullmatch(GRAMMAR_WITH_VALUE, regex) is not None


def repeats_a_group(regex: str) -> bool:
    """Return True if an expression for which `is_shared` holds has value or step twice."""
    return re.fullmatch(GRAMMAR_WITH_REPEAT, regex) is not None


def compiles(regex: str) -> bool:
    """Return True if RE2 and Python compile an expression for which `is_shared` holds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            re.compile(regex)
        except re.error:
            return False
    return _largest_repeat(regex) <= _MAX_REPEAT


def _largest_repeat(regex: str) -> int:
    """Return the largest product of nested repeat counts, which RE2 bounds.

    Only counts from 2 multiply; `{n,}` counts as n, as in RE2.
    """
    depths = [1]
    for token in _SCAN.finditer(regex):
        if token["open"]:
            depths.append(1)
        elif token["atom"]:
            inner = depths.pop() if token["atom"] == ")" else 1
            repeat = _repeat(token["repeat"])
            depths[-1] = max(depths[-1], 1 if repeat is None else inner * repeat)
    return depths[0]


def _repeat(quantifier: str | None) -> int | None:
    """Return the count of a quantifier, at least 1; None if it repeats nothing at all."""
    count = _COUNT.match(quantifier or "")
    if count is None:
        return 1
    most = int(count["most"] or (0 if count["comma"] else count["least"]))
    if most == 0 and not (count["comma"] and not count["most"]):
        return None
    return max(1, most or int(count["least"]))
