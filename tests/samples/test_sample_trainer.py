import importlib.util
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

TRAINER = Path(__file__).parents[2] / "manifests/samples/trainer"


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(TRAINER))
    before = signal.getsignal(signal.SIGTERM)
    yield importlib.import_module("train")
    signal.signal(signal.SIGTERM, before)
    for name in ("train", "annotation"):
        sys.modules.pop(name)


def test_an_epoch_is_a_line_and_the_same_seed_gives_the_same_lines(
    trainer: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "metrics.jsonl"
    flags = ["--epochs=3", "--hidden=16", "--learning-rate=0.01", "--seed=4"]
    assert trainer.main([*flags, f"--metrics-file={file}"]) == 0
    first = capsys.readouterr().out
    assert trainer.main(flags) == 0
    assert capsys.readouterr().out == first
    lines = first.splitlines()
    reports = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [report["step"] for report in reports] == [1, 2, 3]
    assert lines[2] == (
        f"epoch=3 val_accuracy={reports[2]['val_accuracy']:.4f} "
        f"val_loss={reports[2]['val_loss']:.4f}"
    )
    assert 0.8 < reports[2]["val_accuracy"] <= 1


def test_a_training_goes_on_from_its_checkpoint_as_if_it_had_never_ended(
    trainer: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--hidden=16", "--learning-rate=0.01"]
    assert trainer.main([*flags, "--epochs=3"]) == 0
    whole = capsys.readouterr().out.splitlines()
    saved = [*flags, f"--checkpoint-dir={tmp_path / 'new'}"]
    assert trainer.main([*saved, "--epochs=1"]) == 0
    assert capsys.readouterr().out.splitlines() == whole[:1]
    assert trainer.main([*saved, "--epochs=3"]) == 0
    assert capsys.readouterr().out.splitlines() == ["resumed from epoch 1", *whole[1:]]
    assert trainer.main([*saved, "--epochs=3"]) == 0
    assert capsys.readouterr().out.splitlines() == ["resumed from epoch 3", whole[2]]


def test_the_environment_says_where_the_checkpoint_is_and_a_lost_one_is_told(
    trainer: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBETUNE_CHECKPOINT_DIR", str(tmp_path))
    monkeypatch.setenv("KUBETUNE_RESUME_FROM", "1")
    assert trainer.main(["--epochs=1", "--hidden=2"]) == 0
    first, _ = capsys.readouterr().out.splitlines()
    assert first == "no checkpoint of epoch 1: from the beginning"
    assert [path.name for path in tmp_path.iterdir()] == ["state.pickle"]


def test_a_termination_signal_ends_the_training_at_once() -> None:
    flags = ["--epochs=1000", "--epoch-seconds=60", "--hidden=2"]
    command = [sys.executable, "-B", str(TRAINER / "train.py"), *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        wait_until_it_handles_sigterm(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143


def wait_until_it_handles_sigterm(pid: int) -> None:
    mask = 1 << (signal.SIGTERM - 1)
    while True:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        (caught,) = [line for line in status.splitlines() if line.startswith("SigCgt")]
        if int(caught.split()[1], 16) & mask:
            return


@pytest.fixture
def annotation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("annotation", TRAINER / "annotation.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Pod:
    """A pod that takes annotations, or refuses as often as it is told."""

    def __init__(self) -> None:
        self.metrics: list[dict[str, float]] = []
        self.patches = 0
        self.refusals = 0
        self.seconds = 0.0

    def send(self, body: bytes) -> None:
        if self.refusals:
            self.refusals -= 1
            raise OSError("away")
        self.patches += 1
        text = json.loads(body)["metadata"]["annotations"]["kubetune.dev/metrics"]
        assert len(text) <= 4096
        self.metrics = json.loads(text)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_reports_in_quick_succession_are_gathered_into_one_patch(annotation: ModuleType) -> None:
    pod = Pod()
    with annotation.PodAnnotation(pod.send, monotonic=pod.monotonic, sleep=pod.sleep) as reporter:
        for step in range(1, 11):
            reporter.report({"step": step, "loss": 0.1})
            pod.seconds += 0.3
        assert pod.patches == 3
    assert pod.patches == 4
    assert [report["step"] for report in pod.metrics] == list(range(1, 11))


def test_only_the_last_steps_are_kept_where_there_is_no_room(annotation: ModuleType) -> None:
    pod = Pod()
    with annotation.PodAnnotation(pod.send, monotonic=pod.monotonic, sleep=pod.sleep) as reporter:
        for step in range(1, 1001):
            reporter.report({"step": step, "val_accuracy": 0.9513, "val_loss": 0.2104})
    steps = [int(report["step"]) for report in pod.metrics]
    assert steps == list(range(steps[0], 1001))
    assert len(steps) > 50


def test_a_report_that_cannot_be_sent_goes_with_the_next(
    annotation: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    pod = Pod()
    pod.refusals = 1
    with annotation.PodAnnotation(pod.send, monotonic=pod.monotonic, sleep=pod.sleep) as reporter:
        reporter.report({"step": 1, "loss": 0.2})
        assert pod.patches == 0
        pod.seconds += 5
        reporter.report({"step": 2, "loss": 0.1})
        assert [report["step"] for report in pod.metrics] == [1, 2]
    assert pod.patches == 1
    assert capsys.readouterr().err == "cannot annotate the pod: away\n"


@pytest.mark.parametrize(("refusals", "want_patches"), [(5, 1), (100, 0)], ids=["back", "away"])
def test_the_last_report_is_tried_for_half_a_minute(
    annotation: ModuleType, refusals: int, want_patches: int
) -> None:
    pod = Pod()
    pod.refusals = refusals
    reporter = annotation.PodAnnotation(pod.send, monotonic=pod.monotonic, sleep=pod.sleep)
    reporter.report({"step": 1, "loss": 0.2})
    reporter.close()
    assert pod.patches == want_patches
    assert pod.seconds < 40
