"""Whatever the training prints, however it is cut: the same observations, and never an error."""

import json
import re
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kubetune.collector.collect import Collection
from kubetune.collector.parse import finder
from kubetune.collector.settings import LARGEST_STEP, Pattern, Settings
from tests.examples import examples

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATTERN = Pattern("acc", re.compile(r"acc[:=] *(?P<value>\S+)( @(?P<step>\S+))?"))


def collected(*pieces: bytes, source: str, patterns: tuple[Pattern, ...]) -> tuple[str, bytes]:
    settings = Settings(
        namespace="ns",
        trial="t-1",
        pod="t-1-abcde",
        source=source,
        container="train",
        path=None,
        objective="acc",
        maximize=True,
        metrics=("acc", "loss"),
        patterns=patterns,
        rungs=(1, 10),
        termination_log="",
    )
    find = finder(settings.metrics, patterns)
    collection = Collection(settings, find=find, now=lambda: NOW, on_report=lambda _: None)
    for piece in pieces:
        collection.feed(piece)
    collection.close()
    collection.close()
    observations = collection.series.observations()
    for entry in observations:
        assert isinstance(entry["step"], int)
        assert 0 <= entry["step"] <= LARGEST_STEP
        assert entry.keys() <= {"step", "time", "metrics", "nonFinite"}
        assert entry.keys() & {"metrics", "nonFinite"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])
    words = collection.last_words(whole=True)
    json.loads(words)
    return json.dumps(observations, allow_nan=False), words


fragments = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            b"\n", b"\r", b" ", b"=", b"acc", b"loss", b"step", b"epoch", b"acc=0.5", b"loss=nan",
            b"step=3 ", b" acc=1e5,", b"acc=inf", b'{"acc": 0.25, "step": 7}\n', b'{"acc": "', b"}",
            b"Epoch 3/10\n", b"epoch=0.5 ", b"[12]\t", b"INFO", b"Epoch (", b"[3]",
            b"\x1b[3", b"1m", b"\x00", b"-", b"+", b"1", b"e", b".", b"%", b"acc: 0.5 @12\n",
            b"\n2026-01-02T03:04:05.123456789Z ", b"\n2026-01-02T03:04:05.1+14:00 ",
            b"\n2026-99-99T99:99:99.9Z ", b"\n9999-12-31T23:59:59.9-14:00 ", b"x" * 17_000,
        ]
    ),
)  # fmt: skip


@examples(100)
@given(
    data=st.lists(fragments, max_size=60).map(b"".join),
    cuts=st.lists(st.integers(0, 1_000_000), max_size=20),
    source=st.sampled_from(["Stdout", "File"]),
    patterns=st.sampled_from([(), (PATTERN,)]),
)
def test_any_bytes_in_any_pieces_give_the_same_valid_observations(
    data: bytes, cuts: list[int], source: str, patterns: tuple[Pattern, ...]
) -> None:
    ends = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(ends)]
    whole = collected(data, source=source, patterns=patterns)
    assert collected(*pieces, source=source, patterns=patterns) == whole
