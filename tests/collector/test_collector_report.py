"""When observations are sent, and what becomes of every answer."""

from collections.abc import Iterator
from typing import Any

import pytest

from kubetune.collector.report import INTERVAL, Reporter
from tests.collector.collector_server import ApiServer, Play, accept, api_server, hang_up, refuse

PATH = "/apis/kubetune.dev/v1alpha1/namespaces/ns/trials/t-1/status"
OBSERVATIONS: list[dict[str, Any]] = [{"step": 1, "time": "t", "metrics": {"acc": 0.5}}]


class Desk:
    """A reporter with a clock of its own and a record of what it said."""

    def __init__(self, server: ApiServer) -> None:
        self.now = 100.0
        self.said: list[str] = []
        self.tokens = iter(["first", "second", "third", *["later"] * 50])
        self.server = server
        self.reporter = Reporter(
            PATH,
            connect=server.connect,
            token=lambda: next(self.tokens),
            log=self.said.append,
            monotonic=lambda: self.now,
        )

    def report(self, *, urgent: bool = True) -> None:
        self.reporter.note(urgent=urgent)
        self.reporter.publish(OBSERVATIONS)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with api_server() as server:
        desk = Desk(server)
        yield desk
        desk.reporter.close()


def test_nothing_is_due_before_there_is_something(desk: Desk) -> None:
    assert desk.reporter.due_in() is None
    desk.reporter.finish()
    assert desk.reporter.due_in() is None


def test_a_report_is_a_merge_patch_of_the_observations_alone(desk: Desk) -> None:
    desk.report()
    request = desk.server.next("PATCH")
    assert request.path == PATH
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert request.headers["Authorization"] == "Bearer first"
    assert request.body == {"status": {"observations": OBSERVATIONS}}
    assert desk.reporter.due_in() is None


def test_one_connection_serves_all_reports_and_the_token_is_read_for_each(desk: Desk) -> None:
    for _ in range(3):
        desk.report()
    tokens = [request.headers["Authorization"] for request in desk.server.received("PATCH")]
    assert tokens == ["Bearer first", "Bearer second", "Bearer third"]
    assert desk.server.connections == 1


def test_reports_that_nobody_waits_for_come_at_most_once_per_interval(desk: Desk) -> None:
    desk.report()
    desk.now += 1
    desk.reporter.note(urgent=False)
    assert desk.reporter.due_in() == INTERVAL - 1
    desk.now += INTERVAL - 1
    assert desk.reporter.due_in() == 0


def test_an_urgent_report_is_due_at_once(desk: Desk) -> None:
    desk.report()
    desk.reporter.note(urgent=False)
    desk.reporter.note(urgent=True)
    desk.reporter.note(urgent=False)
    assert desk.reporter.due_in() == 0


def test_the_end_makes_what_is_unpublished_urgent(desk: Desk) -> None:
    desk.report()
    desk.reporter.note(urgent=False)
    desk.reporter.finish()
    assert desk.reporter.due_in() == 0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refuse(401, "Unauthorized"), id="401"),
        pytest.param(refuse(409, "Conflict"), id="409"),
        pytest.param(refuse(429, "Too many requests"), id="429"),
        pytest.param(refuse(500, "Internal error"), id="500"),
        pytest.param(refuse(503, "Unavailable"), id="503"),
        pytest.param(hang_up, id="no answer"),
    ],
)
def test_a_failed_report_stays_due_with_growing_waits_until_it_is_accepted(
    desk: Desk, answer: Play
) -> None:
    desk.server.patches = [answer]
    waits = []
    for _ in range(7):
        desk.report()
        wait = desk.reporter.due_in()
        assert wait is not None
        waits.append(wait)
        desk.now += wait
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    desk.server.patches = [accept]
    desk.report()
    assert desk.reporter.due_in() is None
    desk.server.patches = [answer]
    desk.report()
    assert desk.reporter.due_in() == 0.5
    assert len(desk.said) == 2


def test_an_api_server_that_is_away_is_asked_again(desk: Desk) -> None:
    desk.server.away = True
    desk.report()
    assert desk.reporter.due_in() == 0.5
    assert "the API server is away" in desk.said[0]
    desk.server.away = False
    desk.report()
    assert desk.server.next("PATCH").body["status"]["observations"] == OBSERVATIONS


def test_the_servers_own_wait_is_honoured(desk: Desk) -> None:
    desk.server.patches = [refuse(429, "slow down", Retry_After="7")]
    desk.report()
    assert desk.reporter.due_in() == 7.0


def test_a_wait_that_is_no_number_of_seconds_is_ignored(desk: Desk) -> None:
    desk.server.patches = [refuse(503, "", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT")]
    desk.report()
    assert desk.reporter.due_in() == 0.5


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refusal_is_said_once_in_the_servers_words_and_tried_again_slowly(
    desk: Desk, status: int
) -> None:
    desk.server.patches = [refuse(status, "pod p may not report for trial t-1")]
    waits = []
    for _ in range(7):
        desk.report()
        waits.append(desk.reporter.due_in())
        desk.now += waits[-1] or 0.0
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert len(desk.said) == 1
    assert f"{status}: pod p may not report for trial t-1" in desk.said[0]


def test_a_trial_that_is_gone_ends_reporting_quietly(desk: Desk) -> None:
    desk.server.patches = [refuse(404, "trials.kubetune.dev not found")]
    desk.report()
    assert desk.reporter.gone
    assert desk.reporter.due_in() is None
    assert desk.said == []


def test_a_connection_that_was_closed_while_idle_is_opened_anew_at_once(desk: Desk) -> None:
    desk.server.patches = [accept, hang_up, accept]
    desk.report()
    desk.report()
    assert desk.reporter.due_in() is None
    assert desk.server.connections == 2
    assert desk.said == []


def test_a_connection_that_the_server_closes_politely_is_opened_anew(desk: Desk) -> None:
    desk.server.patches = [refuse(200, "", Connection="close"), accept]
    desk.report()
    desk.report()
    assert desk.server.connections == 2
    assert len(desk.server.received("PATCH")) == 2


def test_an_answer_that_is_not_json_is_passed_on_as_text(desk: Desk) -> None:
    def plain(exchange: Any) -> None:
        exchange.send_response(403)
        exchange.send_header("Content-Length", "9")
        exchange.end_headers()
        exchange.wfile.write(b"forbidden")

    desk.server.patches = [plain]
    desk.report()
    assert desk.said[0].endswith("403: forbidden")
