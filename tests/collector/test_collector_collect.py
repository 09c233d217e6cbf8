"""When a value was printed, and the rim's credentials."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from kubetune.collector.api import Credentials, in_cluster
from kubetune.collector.collect import Collection
from kubetune.collector.parse import finder
from kubetune.collector.settings import Settings, read_settings

NOW = datetime(2026, 1, 2, 5, 4, 5, 678_900, tzinfo=timezone(timedelta(hours=2)))


def settings(source: str) -> Settings:
    return read_settings(
        {
            "KUBETUNE_NAMESPACE": "ns",
            "KUBETUNE_TRIAL": "t-1",
            "KUBETUNE_POD_NAME": "t-1-abcde",
            "KUBETUNE_COLLECT": f'{{"source": "{source}", "container": "train", "path": "/m", '
            '"objective": "acc"}',
        }
    )


def time_of(line: bytes, source: str, now: Callable[[], datetime] = lambda: NOW) -> str:
    chosen = settings(source)
    collection = Collection(
        chosen, find=finder(chosen.metrics, ()), now=now, on_report=lambda _: None
    )
    collection.feed(line)
    (observation,) = collection.series.observations()
    return str(observation["time"])


@pytest.mark.parametrize(
    ("source", "line", "want"),
    [
        pytest.param(
            "Stdout", b"2026-01-02T03:04:05.123456789Z acc=1\n", "2026-01-02T03:04:05.123Z",
            id="the log's stamp",
        ),
        pytest.param(
            "Stdout", b"2026-01-02T03:04:05.5+05:30 acc=1\n", "2026-01-01T21:34:05.500Z",
            id="the log's stamp in another zone",
        ),
        pytest.param(
            "Stdout", b"2026-99-99T99:99:99.5Z acc=1\n", "2026-01-02T03:04:05.678Z",
            id="the clock for a malformed stamp",
        ),
        pytest.param(
            "Stdout", b"9999-12-31T23:59:59.5-14:00 acc=1\n", "2026-01-02T03:04:05.678Z",
            id="the clock for a stamp beyond all times",
        ),
        pytest.param("File", b"acc=1\n", "2026-01-02T03:04:05.678Z", id="the clock for a file"),
    ],
)  # fmt: skip
def test_an_observation_has_the_time_when_it_was_printed(
    source: str, line: bytes, want: str
) -> None:
    assert time_of(line, source) == want


def test_a_token_is_read_anew_each_time_because_it_is_replaced(tmp_path: Path) -> None:
    credentials = Credentials("10.0.0.1", 443, str(tmp_path))
    with pytest.raises(FileNotFoundError):
        credentials.token()
    for token in ("first", "second"):
        (tmp_path / "token").write_text(token + "\n", encoding="ascii")
        assert credentials.token() == token


def test_a_missing_certificate_authority_is_an_api_server_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Credentials("10.0.0.1", 443, str(tmp_path)).connect()


def test_the_api_server_is_where_kubernetes_says() -> None:
    credentials = in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "1"})
    assert (credentials.host, credentials.port) == ("fd00::1", 1)
    assert credentials.folder == "/var/run/secrets/kubernetes.io/serviceaccount"
