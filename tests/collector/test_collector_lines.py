"""Splitting into lines: any pieces, any bytes, bounded."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubetune.collector.lines import LINE_LIMIT, Line, LineSplitter

STAMP = b"2026-01-02T03:04:05.123456789Z"


def split(*pieces: bytes, words: tuple[bytes, ...] = (), stamped: bool = False) -> list[Line]:
    splitter = LineSplitter(words, stamped=stamped)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return lines + list(splitter.close())


def texts(*pieces: bytes, words: tuple[bytes, ...] = ()) -> list[bytes]:
    return [line.text for line in split(*pieces, words=words)]


@pytest.mark.parametrize(
    ("data", "want"),
    [
        pytest.param(b"a\nb\n", [b"a", b"b"], id="newlines"),
        pytest.param(b"a\nb", [b"a", b"b"], id="no newline at the end"),
        pytest.param(b"a\r\nb\r\n", [b"a", b"b"], id="newlines of Windows"),
        pytest.param(b"1%\r2%\r3%\n", [b"1%", b"2%", b"3%"], id="progress bar"),
        pytest.param(b"\n\n\n", [], id="empty lines"),
        pytest.param(b"\x1b[1;32mgreen\x1b[0m\n", [b"green"], id="colour"),
        pytest.param(b"\x1b]0;title\x07x\n", [b"x"], id="title of the terminal"),
        pytest.param(b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", [b"link"], id="link"),
        pytest.param(b"\x1b[2K\x1b[1Ax\n", [b"x"], id="cursor movements"),
        pytest.param(b"\x1b]never ended\n", [b"]never ended"], id="escape that never ends"),
        pytest.param(b"\x00a\x00b\x00\n", [b"ab"], id="NULs"),
        pytest.param(b"\xff\xfe\n", [b"\xff\xfe"], id="bytes that are not UTF-8"),
    ],
)
def test_lines_are_what_a_person_would_call_lines(data: bytes, want: list[bytes]) -> None:
    assert texts(data) == want


def test_lines_without_a_wanted_word_are_dropped() -> None:
    assert texts(b"a\nloss=1\nb\nloss=2", words=(b"loss", b"acc")) == [b"loss=1", b"loss=2"]


def test_a_wanted_word_is_found_across_two_pieces() -> None:
    assert texts(b"lo", b"ss=1\n", words=(b"loss",)) == [b"loss=1"]


def test_a_long_line_is_cut_and_the_next_one_is_whole() -> None:
    assert texts(b"x" * (LINE_LIMIT + 5), b"y\nnext\n") == [b"x" * LINE_LIMIT, b"next"]


def test_a_segment_of_a_very_long_progress_bar_is_not_cut() -> None:
    bar = b"".join(b"%d of many\r" % number for number in range(10_000))
    assert len(texts(bar)) == 10_000


def test_a_stamp_is_taken_off_and_holds_for_the_line_only() -> None:
    lines = split(STAMP + b" 1%\r2%\n" + STAMP + b" x\n", stamped=True)
    assert lines == [Line(b"1%", STAMP), Line(b"2%", None), Line(b"x", STAMP)]


def test_a_line_without_its_stamp_is_not_of_the_training() -> None:
    lines = split(STAMP + b" x\nfailed to watch: loss=1\n" + STAMP[:10], stamped=True)
    assert lines == [Line(b"x", STAMP)]


def test_an_empty_line_with_a_stamp_is_empty() -> None:
    assert split(STAMP + b" \n", stamped=True) == []


def test_lines_are_counted_by_newline_and_the_unfinished_one_at_the_end() -> None:
    splitter = LineSplitter((b"never",), stamped=False)
    assert list(splitter.feed(b"a\nb\r\n\nc")) == []
    assert splitter.count == 3
    assert list(splitter.close()) == []
    assert splitter.count == 4


def test_the_tail_is_what_a_terminal_would_show_last() -> None:
    splitter = LineSplitter((b"never",), stamped=False)
    list(splitter.feed(b"first\n\n 10%\r 20%\r\n\x1b[31mTraceback\x1b[0m\n  x\ty\x07\nlast" * 1))
    assert splitter.tail(10, 200) == ["first", " 20%", "Traceback", "  x y", "last"]
    assert splitter.tail(2, 3) == ["  x", "las"]


def test_the_tail_has_no_stamps_and_no_words_of_the_kubelet() -> None:
    splitter = LineSplitter((), stamped=True)
    list(splitter.feed(STAMP + b" boom\ncontext canceled\n"))
    assert splitter.tail(10, 200) == ["boom"]


def test_the_tail_of_endless_output_is_the_end_of_it() -> None:
    splitter = LineSplitter((), stamped=False)
    for number in range(5000):
        list(splitter.feed(b"line %d\n" % number))
    assert splitter.tail(2, 200) == ["line 4998", "line 4999"]


def test_the_tail_of_one_endless_line_is_its_end() -> None:
    splitter = LineSplitter((), stamped=False)
    list(splitter.feed(b"x" * 100_000))
    assert splitter.tail(10, 5) == ["xxxxx"]


fragments = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            b"\n", b"\r", b"\r\n", b"\x1b[3", b"1m", b"\x00", b"loss", b"=1", STAMP, b" ",
            b"x" * 9000,
        ]
    ),
)  # fmt: skip
streams = st.lists(fragments, max_size=40).map(b"".join)
words = st.sampled_from([(), (b"loss",), (b"loss", b"x")])


@settings(deadline=None)
@given(data=streams, cuts=st.lists(st.integers(0, 100_000), max_size=20), words=words)
@pytest.mark.parametrize("stamped", [False, True])
def test_the_lines_do_not_depend_on_how_the_stream_was_cut(
    data: bytes, cuts: list[int], words: tuple[bytes, ...], *, stamped: bool
) -> None:
    ends = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(ends)]
    whole = split(data, words=words, stamped=stamped)
    assert split(*pieces, words=words, stamped=stamped) == whole
    assert all(len(line.text) <= LINE_LIMIT for line in whole)
