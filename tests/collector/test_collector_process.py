"""The collector as the kubelet runs it: one process from the first line to the last words."""

import threading
from pathlib import Path
from typing import Any

from tests.collector.collector_process import CollectorProcess
from tests.collector.collector_server import (
    PATIENCE,
    ApiServer,
    Exchange,
    Request,
    accept,
    cut_stream,
    hang_up,
    refuse,
    stream,
)

MEMORY_LIMIT_KIB = 32 * 1024


def stamped(number: int, text: str) -> bytes:
    return b"2026-01-02T03:%02d:%02d.000000000Z %s\n" % (*divmod(number, 60), text.encode())


def steps(request: Request) -> list[int]:
    return [entry["step"] for entry in request.body["status"]["observations"]]


class OpenStream:
    """A log stream whose pieces are sent by the test, one by one."""

    def __init__(self) -> None:
        self._exchange: Exchange | None = None
        self._begun = threading.Event()
        self._over = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        exchange.begin()
        self._exchange = exchange
        self._begun.set()
        assert self._over.wait(PATIENCE)

    def send(self, data: bytes) -> None:
        assert self._begun.wait(PATIENCE)
        assert self._exchange is not None
        self._exchange.send(data)

    def end(self) -> None:
        assert self._begun.wait(PATIENCE)
        assert self._exchange is not None
        self._exchange.end()
        self._over.set()


def test_a_trial_is_reported_from_its_first_value_to_its_end(
    server: ApiServer, tmp_path: Path
) -> None:
    log = OpenStream()
    server.logs = [log, stream()]
    with CollectorProcess(tmp_path, server.server_port, {"rungs": [3]}) as collector:
        log.send(stamped(1, "starting") + stamped(2, "step=1 acc=0.1"))
        assert steps(server.next("PATCH")) == [1]
        log.send(stamped(3, "step=2 acc=0.2") + stamped(4, "step=3 acc=nan"))
        rung = server.next("PATCH")
        log.send(stamped(5, "step=4 acc=0.4")[:-1])
        log.end()
        end = server.next("PATCH")
        assert collector.wait() == 0
    assert rung.body["status"]["observations"] == [
        {"step": 1, "time": "2026-01-02T03:00:02.000Z", "metrics": {"acc": 0.1}},
        {"step": 2, "time": "2026-01-02T03:00:03.000Z", "metrics": {"acc": 0.2}},
        {"step": 3, "time": "2026-01-02T03:00:04.000Z", "nonFinite": {"acc": "NaN"}},
    ]
    assert steps(end) == [1, 2, 3, 4]
    assert server.received("PATCH") == []
    words = collector.last_words()
    assert words["observations"] == end.body["status"]["observations"]
    assert words["lines"] == 5
    assert words["tail"][-1] == "step=4 acc=0.4"


def test_a_collector_that_is_started_again_reports_the_same(
    server: ApiServer, tmp_path: Path
) -> None:
    server.logs = [stream(stamped(1, "acc=0.1"), stamped(2, "acc=0.2"))]
    reports = []
    for _ in range(2):
        with CollectorProcess(tmp_path, server.server_port, {}) as collector:
            assert collector.wait() == 0
        reports.append(server.received("PATCH")[-1].body)
    assert reports[0] == reports[1]


def test_a_trial_that_reports_nothing_leaves_its_last_lines_and_no_patch(
    server: ApiServer, tmp_path: Path
) -> None:
    server.logs = [stream(stamped(1, "loading"), stamped(2, "\x1b[31mboom\x1b[0m"))]
    with CollectorProcess(tmp_path, server.server_port, {}) as collector:
        assert collector.wait() == 0
    assert server.received("PATCH") == []
    assert collector.last_words() == {
        "observations": [],
        "lines": 2,
        "whole": True,
        "tail": ["loading", "boom"],
    }


def test_nothing_is_lost_while_the_api_server_is_away(server: ApiServer, tmp_path: Path) -> None:
    first, second = stamped(1, "acc=0.1"), stamped(2, "acc=0.2")
    server.logs = [cut_stream(first + second[:20]), hang_up, stream(first + second)]
    server.patches = [hang_up, refuse(429, Retry_After="0"), refuse(503, Retry_After="0"), accept]
    with CollectorProcess(tmp_path, server.server_port, {}) as collector:
        assert collector.wait() == 0
    assert steps(server.received("PATCH")[-1]) == [1, 2]


def test_after_sigterm_the_rest_is_read_and_reported(server: ApiServer, tmp_path: Path) -> None:
    log = OpenStream()
    server.logs = [log, stream()]
    with CollectorProcess(tmp_path, server.server_port, {}) as collector:
        log.send(stamped(1, "acc=0.1"))
        server.next("PATCH")
        collector.terminate()
        log.send(stamped(2, "acc=0.2"))
        log.end()
        assert collector.wait() == 0
    assert steps(server.received("PATCH")[-1]) == [1, 2]


def test_a_trial_that_is_gone_ends_the_collector(server: ApiServer, tmp_path: Path) -> None:
    log = OpenStream()
    server.logs = [log]
    server.patches = [refuse(404)]
    with CollectorProcess(tmp_path, server.server_port, {}) as collector:
        log.send(stamped(1, "acc=0.1"))
        assert collector.wait() == 0
        log.end()
    assert collector.last_words()["lines"] == 1


def test_a_container_that_never_starts_does_not_keep_the_collector(
    server: ApiServer, tmp_path: Path
) -> None:
    server.logs = [refuse(400, "is waiting to start: image can't be pulled")]
    with CollectorProcess(tmp_path, server.server_port, {}) as collector:
        server.next("GET")
        collector.terminate()
        assert collector.wait() == 0
    assert collector.last_words() == {
        "observations": [],
        "lines": 0,
        "whole": True,
        "tail": [],
    }


def test_a_file_is_reported_until_sigterm(server: ApiServer, tmp_path: Path) -> None:
    path = tmp_path / "metrics.log"
    collect = {"source": "File", "path": str(path)}
    with CollectorProcess(tmp_path, server.server_port, collect) as collector:
        path.write_bytes(b"acc=0.1\n")
        assert steps(server.next("PATCH")) == [1]
        with path.open("ab") as file:
            file.write(b"acc=0.2")
        collector.terminate()
        assert collector.wait() == 0
    assert steps(server.received("PATCH")[-1]) == [1, 2]


def test_a_pattern_that_never_comes_to_an_end_does_not_hang_the_collector(
    server: ApiServer, tmp_path: Path
) -> None:
    server.logs = [stream(stamped(1, "x" * 60), stamped(2, "acc 0.5"))]
    pattern = {"metric": "acc", "regex": r"^(x+x+)+y|acc (?P<value>\S+)"}
    with CollectorProcess(tmp_path, server.server_port, {"patterns": [pattern]}) as collector:
        assert collector.wait() == 0
    assert steps(server.received("PATCH")[-1]) == [1]
    assert "a pattern takes more than 1 s" in collector.said


def test_of_an_indexed_job_the_pod_of_index_0_reports(server: ApiServer, tmp_path: Path) -> None:
    server.logs = [stream(stamped(1, "acc=0.5"))]
    first = {"JOB_COMPLETION_INDEX": "0"}
    with CollectorProcess(tmp_path, server.server_port, {}, first) as collector:
        assert collector.wait() == 0
    assert steps(server.received("PATCH")[-1]) == [1]


def test_of_an_indexed_job_another_index_is_silent_until_it_is_ended(
    server: ApiServer, tmp_path: Path
) -> None:
    second = {"JOB_COMPLETION_INDEX": "1"}
    with CollectorProcess(tmp_path, server.server_port, {}, second) as collector:
        assert "completion index 0 reports" in collector.next_words()
        collector.terminate()
        assert collector.wait() == 0
    assert server.received("GET") == []
    assert server.received("PATCH") == []


def test_a_bad_setting_ends_the_collector_with_words(server: ApiServer, tmp_path: Path) -> None:
    with CollectorProcess(tmp_path, server.server_port, {"source": "TensorBoard"}) as collector:
        assert collector.wait() == 1
    assert "source 'TensorBoard'" in collector.said


def test_memory_stays_within_the_containers_limit_whatever_comes(
    server: ApiServer, tmp_path: Path
) -> None:
    def flood(exchange: Exchange) -> None:
        exchange.begin()
        chatter = stamped(1, "INFO worker 7 loaded a batch, nothing to see here") * 1000
        for _ in range(400):
            exchange.send(chatter)
        for step in range(0, 20_000, 100):
            values = (f"step={number} acc={number} loss=nan" for number in range(step, step + 100))
            exchange.send(b"".join(stamped(2, value) for value in values))
        exchange.send(stamped(3, "")[:-1])
        for _ in range(1600):
            exchange.send(b"x" * 65536)
        exchange.send(b"\n" + stamped(4, "acc=0.5"))
        exchange.end()

    server.logs = [flood, stream()]
    collect: dict[str, Any] = {"metrics": ["acc", "loss"], "rungs": [1, 10, 100]}
    with CollectorProcess(tmp_path, server.server_port, collect) as collector:
        assert collector.wait() == 0
    assert collector.last_words()["lines"] == 420_002
    assert steps(server.received("PATCH")[-1])[-1] == 20_000
    assert collector.peak_kib() < MEMORY_LIMIT_KIB
