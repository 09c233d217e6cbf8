import importlib
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
