"""The reporter that the sample trainer uses with metrics source Annotation, and users copy."""

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.collector.authority import make_authority
from tests.collector.collector_server import ApiServer, accept, api_server, hang_up, refuse

SOURCE = Path(__file__).parents[2] / "manifests/samples/trainer/annotation.py"
PATIENCE = 20.0
LONG = 600.0
"""A period that no test waits for."""


@pytest.fixture(scope="module")
def annotation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("annotation", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Pod:
    """A pod that takes annotations, or refuses as often as it is told.

    Attributes:
        metrics: What it is annotated with.
        patches: How often it was patched.
        refusals: How many attempts are still to be refused.
        seconds: How long was slept.
        is_free: While it is not set, attempts hang.
        attempts: Released once for each attempt.
        is_closed: Whether the connection to it was ended.
    """

    def __init__(self) -> None:
        self.metrics: list[dict[str, float]] = []
        self.patches = 0
        self.refusals = 0
        self.seconds = 0.0
        self.is_free = threading.Event()
        self.is_free.set()
        self.attempts = threading.Semaphore(0)
        self.is_closed = False

    def connect(self) -> "Pod":
        return self

    def close(self) -> None:
        self.is_closed = True

    def send(self, body: bytes) -> None:
        self.attempts.release()
        assert self.is_free.wait(PATIENCE)
        if self.refusals:
            self.refusals -= 1
            raise OSError("away")
        text = json.loads(body)["metadata"]["annotations"]["kubetune.dev/metrics"]
        assert len(text) <= 4096
        self.metrics = json.loads(text)
        self.patches += 1

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def await_attempt(self) -> None:
        assert self.attempts.acquire(timeout=PATIENCE)

    @property
    def steps(self) -> list[int]:
        return [int(report["step"]) for report in self.metrics]


def test_the_training_does_not_wait_and_reports_in_quick_succession_make_one_patch(
    annotation: ModuleType,
) -> None:
    pod = Pod()
    pod.is_free.clear()
    with annotation.PodAnnotation(pod.connect, period=LONG) as reporter:
        reporter.report({"step": 1, "loss": 0.1})
        pod.await_attempt()
        for step in range(2, 11):
            reporter.report({"step": step, "loss": 0.1})
        assert pod.patches == 0
        pod.is_free.set()
    assert pod.patches == 2
    assert pod.steps == list(range(1, 11))


def test_a_report_is_sent_while_the_training_goes_on(annotation: ModuleType) -> None:
    pod = Pod()
    with annotation.PodAnnotation(pod.connect, period=0) as reporter:
        for step in (1, 2, 3):
            reporter.report({"step": step, "loss": 0.1})
            pod.await_attempt()
    assert pod.patches == 3
    assert pod.steps == [1, 2, 3]
    assert pod.is_closed


def test_without_a_report_nothing_is_sent(annotation: ModuleType) -> None:
    pod = Pod()
    with annotation.PodAnnotation(pod.connect):
        pass
    assert pod.patches == 0


def test_only_the_last_steps_are_kept_where_there_is_no_room(annotation: ModuleType) -> None:
    pod = Pod()
    with annotation.PodAnnotation(pod.connect, period=LONG) as reporter:
        for step in range(1, 301):
            reporter.report({"step": step, "val_accuracy": 0.9513, "val_loss": 0.2104})
    assert pod.steps == list(range(pod.steps[0], 301))
    assert len(pod.steps) > 50


def test_a_report_that_cannot_be_sent_goes_with_the_next(
    annotation: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    pod = Pod()
    pod.refusals = 1
    with annotation.PodAnnotation(pod.connect, period=0) as reporter:
        reporter.report({"step": 1, "loss": 0.2})
        pod.await_attempt()
        reporter.report({"step": 2, "loss": 0.1})
        pod.await_attempt()
    assert pod.patches == 1
    assert pod.steps == [1, 2]
    assert capsys.readouterr().err == "cannot annotate the pod: away\n"


@pytest.mark.parametrize(("refusals", "want_patches"), [(5, 1), (100, 0)], ids=["back", "away"])
def test_the_last_report_is_tried_for_half_a_minute(
    annotation: ModuleType, refusals: int, want_patches: int
) -> None:
    pod = Pod()
    pod.refusals = refusals
    reporter = annotation.PodAnnotation(pod.connect, period=LONG, sleep=pod.sleep)
    reporter.report({"step": 1, "loss": 0.2})
    reporter.close()
    assert pod.patches == want_patches
    assert pod.seconds < 40


def test_what_takes_long_to_load_is_not_loaded_before_the_first_report() -> None:
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _NAME_MODULES, str(SOURCE.parent)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "annotation" in loaded
    assert not {"json", "ssl", "http.client", "pathlib", "typing"} & set(loaded)


_NAME_MODULES = "import sys; sys.path.append(sys.argv[1]); import annotation; print(*sys.modules)"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, pairs that it signed, and a token."""
    folder = make_authority(tmp_path_factory.mktemp("pki"))
    (folder / "token").write_text("secret\n", encoding="ascii")
    return folder


@pytest.fixture
def server(pki: Path) -> Iterator[ApiServer]:
    with api_server(pki / "kube-apiserver") as server:
        yield server


@contextmanager
def patcher(annotation: ModuleType, server: ApiServer, pki: Path) -> Iterator[Any]:
    path = "/api/v1/namespaces/ns/pods/me"
    connected = annotation.PodPatcher("127.0.0.1", server.server_port, path, account=str(pki))
    yield connected
    connected.close()


def test_patches_carry_the_token_of_the_moment(
    annotation: ModuleType, server: ApiServer, pki: Path
) -> None:
    with patcher(annotation, server, pki) as pod:
        for token in ("secret", "renewed"):
            (pki / "token").write_text(f"{token}\n", encoding="ascii")
            pod.send(b'{"metadata": {}}')
    for token in ("secret", "renewed"):
        request = server.next("PATCH")
        assert request.path == "/api/v1/namespaces/ns/pods/me"
        assert request.headers["Authorization"] == f"Bearer {token}"
        assert request.headers["Content-Type"] == "application/merge-patch+json"
        assert request.body == {"metadata": {}}


def test_a_connection_that_was_closed_meanwhile_is_made_anew(
    annotation: ModuleType, server: ApiServer, pki: Path
) -> None:
    server.patches = [accept, hang_up, accept]
    with patcher(annotation, server, pki) as pod:
        pod.send(b"{}")
        pod.send(b"{}")
    assert len(server.received("PATCH")) == 3


@pytest.mark.parametrize(
    ("answer", "want"),
    [(refuse(403, "not your pod"), "403: .*not your pod"), (hang_up, "Remote end closed")],
    ids=["refused", "no answer"],
)
def test_what_stands_in_the_way_is_told(
    annotation: ModuleType, server: ApiServer, pki: Path, answer: Any, want: str
) -> None:
    server.patches = [answer]
    with patcher(annotation, server, pki) as pod, pytest.raises(OSError, match=want):
        pod.send(b"{}")


def test_a_server_that_the_authority_did_not_vouch_for_is_sent_nothing(
    annotation: ModuleType, pki: Path
) -> None:
    with (
        api_server(pki / "kubelet-server") as stranger,
        patcher(annotation, stranger, pki) as pod,
        pytest.raises(OSError, match="certificate verify failed"),
    ):
        pod.send(b"{}")
    assert stranger.received("PATCH") == []
