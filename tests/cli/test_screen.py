from io import StringIO

import pytest
from rich.console import Console

from kubetune.cli.screen import LiveScreen, terminal
from tests.cli.cli_builders import at, under_way


def drawn_with(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=40)
    with LiveScreen(console, lambda: at(95)) as screen:
        screen.show(None, "waiting for TuningJob 'digits'")
        screen.show(under_way(), None)
        screen.show(under_way(), "the API server does not answer")
    return out.getvalue()


def test_the_view_is_redrawn_in_place_and_leaves_the_cursor_visible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = drawn_with({"TERM": "xterm-256color"}, monkeypatch)
    for words in ("waiting for TuningJob", "5/20 trials", "the API server does not answer"):
        assert words in text
    assert "\x1b[2K" in text
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")
    assert "\x1b[31m" in text


def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn_with({"TERM": "xterm-256color", "NO_COLOR": "1"}, monkeypatch)
    assert "5/20 trials" in text
    assert not any(f"\x1b[{code}m" in text for code in (31, 32, 33, 90, 91))


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert terminal(Terminal()) is None
    monkeypatch.setenv("TERM", "xterm")
    assert terminal(Terminal()) is not None
