"""Resuming a log stream: exactly once, wherever it was cut."""

from hypothesis import given
from hypothesis import strategies as st

from kubetune.collector.cursor import Cursor
from kubetune.collector.lines import LineSplitter
from tests.examples import examples


def stamp(second: int, nanosecond: int = 0) -> bytes:
    minute, second = divmod(second, 60)
    return b"2026-01-02T03:%02d:%02d.%09dZ" % (minute, second, nanosecond)


def lines_of(data: bytes) -> list[bytes]:
    splitter = LineSplitter((), stamped=True)
    return [line.text for line in [*splitter.feed(data), *splitter.close()]]


def test_the_first_stream_is_passed_on_as_it_is() -> None:
    cursor = Cursor()
    cursor.reopened()
    data = stamp(1) + b" a\n" + stamp(2) + b" half"
    assert cursor.since() is None
    assert cursor.take(data) == data


def test_a_new_stream_is_asked_for_from_a_second_before_the_last_line() -> None:
    cursor = Cursor()
    cursor.take(stamp(5, 700) + b" a\n")
    assert cursor.since() == "2026-01-02T03:00:04Z"


def test_the_time_to_ask_from_is_in_utc() -> None:
    cursor = Cursor()
    cursor.take(b"2026-01-02T03:00:05.000000000+02:00 a\n")
    assert cursor.since() == "2026-01-02T01:00:04Z"


def test_lines_with_the_same_stamp_are_told_apart_by_their_number() -> None:
    log = b"".join(stamp(1) + b" same\n" for _ in range(5))
    line = len(log) // 5
    cursor = Cursor()
    cursor.take(log[:line])
    cursor.take(log[line : 3 * line])
    cursor.reopened()
    assert cursor.take(log) == log[3 * line :]


def test_after_a_rotation_reading_goes_on_with_the_first_newer_line() -> None:
    cursor = Cursor()
    first = cursor.take(stamp(1) + b" a\n" + stamp(2) + b" never comp")
    cursor.reopened()
    second = cursor.take(stamp(9) + b" z\n")
    assert lines_of(first + second) == [b"a", b"never comp", b"z"]


def test_a_line_that_two_threads_stamped_out_of_order_is_not_repeated() -> None:
    log = stamp(1, 9000) + b" a\n" + stamp(1, 1000) + b" b\n" + stamp(1, 2000) + b" c\n"
    seen = log.index(b" b\n") + 3
    cursor = Cursor()
    first = cursor.take(log[:seen])
    cursor.reopened()
    assert lines_of(first + cursor.take(log)) == [b"a", b"b", b"c"]


def test_the_kubelets_own_words_are_not_taken_for_a_place() -> None:
    log = stamp(1) + b" a\n" + stamp(2) + b" b\n"
    cursor = Cursor()
    first = cursor.take(stamp(1) + b" a\n" + b"failed to watch directory\nno newline")
    cursor.reopened()
    assert lines_of(first + cursor.take(log)) == [b"a", b"b"]


def test_a_malformed_stamp_does_no_harm() -> None:
    cursor = Cursor()
    cursor.take(b"2026-99-99T99:99:99.9Z a\n")
    cursor.reopened()
    assert cursor.since() is not None
    assert lines_of(cursor.take(stamp(1) + b" b\n")) == [b"b"]


contents = st.one_of(
    st.just(b""),
    st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b".").replace(b"\x1b", b".")),
    st.just(b"x" * 300),
    st.sampled_from([b"1%\r2%\r3%", stamp(1) + b" "]),
)
gaps = st.sampled_from([0, 0, 1, 1000, 999_999_999, 3_000_000_000])
logs = st.lists(st.tuples(gaps, contents), max_size=25)


@examples(80)
@given(log=logs, cuts=st.lists(st.tuples(st.integers(0), st.integers(1, 400)), max_size=8))
def test_a_log_that_is_cut_anywhere_is_read_exactly_once(
    log: list[tuple[int, bytes]], cuts: list[tuple[int, int]]
) -> None:
    now = 0
    lines = []
    for gap, content in log:
        now += gap
        second, nanosecond = divmod(now, 1_000_000_000)
        lines.append((second, stamp(second, nanosecond) + b" " + content + b"\n"))
    whole = b"".join(line for _, line in lines)
    cursor = Cursor()
    read = b""
    for cut, size in [*cuts, (len(whole), 100)]:
        since = cursor.since()
        served = whole
        if since is not None:
            minutes, seconds = int(since[14:16]), int(since[17:19])
            first = (minutes * 60 + seconds) if since.startswith("2026-01-02T03") else 0
            served = b"".join(line for second, line in lines if second >= first)
        served = served[: cut % (len(whole) + 1)] if (cut, size) != (len(whole), 100) else served
        cursor.reopened()
        for start in range(0, len(served), size):
            read += cursor.take(served[start : start + size])
    assert lines_of(read) == lines_of(whole)
