"""Reading a growing file: late, rotated, truncated, unfinished."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubetune.collector.tail import PIECE, FileTail

PATIENCE = 20.0


class Reading:
    """A tail that looks when it is told to, and what it has read."""

    def __init__(self, path: Path) -> None:
        self.said: list[str] = []
        self.data = b""
        self.tail = FileTail(str(path), emit=self.take, log=self.said.append, poll=0.001)

    def take(self, data: bytes) -> None:
        assert len(data) <= PIECE
        self.data += data

    def look(self) -> bytes:
        """Look once; return what is new."""
        before = len(self.data)
        self.tail.look()
        return self.data[before:]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.log"


@pytest.fixture
def reading(path: Path) -> Iterator[Reading]:
    reading = Reading(path)
    yield reading
    stopping = threading.Event()
    stopping.set()
    reading.tail.run(stopping)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_file_that_comes_late_is_read_from_its_beginning(path: Path, reading: Reading) -> None:
    assert reading.look() == b""
    path.write_bytes(b"a\n")
    assert reading.look() == b"a\n"
    append(path, b"b\nhalf")
    assert reading.look() == b"b\nhalf"
    append(path, b" more\n")
    assert reading.look() == b" more\n"
    assert reading.look() == b""
    assert reading.said == []


def test_a_large_file_comes_in_pieces(path: Path, reading: Reading) -> None:
    data = b"0123456789\n" * (PIECE // 4)
    path.write_bytes(data)
    assert reading.look() == data


def test_a_file_that_was_renamed_is_read_to_its_end_before_the_new_one(
    path: Path, reading: Reading
) -> None:
    path.write_bytes(b"a\n")
    reading.look()
    append(path, b"b\nend")
    path.rename(path.with_suffix(".1"))
    path.write_bytes(b"c\n")
    assert reading.look() == b"b\nend\nc\n"


def test_a_renamed_file_without_a_successor_is_read_on(path: Path, reading: Reading) -> None:
    path.write_bytes(b"a\n")
    reading.look()
    old = path.with_suffix(".1")
    path.rename(old)
    assert reading.look() == b""
    append(old, b"b\n")
    assert reading.look() == b"b\n"
    path.write_bytes(b"c\n")
    assert reading.look() == b"c\n"


def test_a_truncated_file_is_read_from_its_beginning(path: Path, reading: Reading) -> None:
    path.write_bytes(b"old content\nunfinished")
    reading.look()
    os.truncate(path, 0)
    assert reading.look() == b"\n"
    append(path, b"new\n")
    assert reading.look() == b"new\n"


def test_a_truncated_file_that_grew_beyond_its_old_length_is_read_from_its_beginning(
    path: Path, reading: Reading
) -> None:
    path.write_bytes(b"old\n")
    reading.look()
    path.write_bytes(b"new and longer\n")
    assert reading.look() == b"new and longer\n"


def test_a_file_truncated_under_a_writer_that_kept_its_place_goes_on_behind_the_hole(
    path: Path, reading: Reading
) -> None:
    with path.open("wb", buffering=0) as writer:
        writer.write(b"old content\n")
        reading.look()
        os.truncate(path, 0)
        writer.write(b"new\n")
        assert reading.look() == b"new\n"
        writer.write(b"newer\n")
        assert reading.look() == b"newer\n"


def test_a_directory_is_complained_about_once(path: Path, reading: Reading) -> None:
    path.mkdir()
    assert reading.look() == b""
    assert reading.look() == b""
    assert reading.said == [f"cannot read {path}: it is not a regular file"]
    path.rmdir()
    path.write_bytes(b"a\n")
    assert reading.look() == b"a\n"


def test_a_path_below_a_file_is_complained_about(path: Path) -> None:
    path.write_bytes(b"")
    reading = Reading(path / "below")
    assert reading.look() == b""
    assert reading.said == [f"cannot read {path}/below: Not a directory"]


def test_a_pipe_does_not_hang_the_collector(path: Path, reading: Reading) -> None:
    os.mkfifo(path)
    assert reading.look() == b""
    assert "not a regular file" in reading.said[0]


def test_after_the_stop_the_rest_is_read(path: Path) -> None:
    reading = Reading(path)
    stopping = threading.Event()
    thread = threading.Thread(target=reading.tail.run, args=(stopping,), daemon=True)
    thread.start()
    path.write_bytes(b"a\nrest")
    stopping.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert reading.data == b"a\nrest"
