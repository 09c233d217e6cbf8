"""Trains a small neural network on the digits data set, one epoch at a time.

It knows nothing of Kubetune: it takes its parameters as flags and prints a line per epoch.

    epoch=3 val_accuracy=0.9513 val_loss=0.2104

Two other ways to report are here to be looked at: --metrics-file writes the same as JSON lines,
--annotate puts them on the pod that the program runs in (see annotation.py).

With a checkpoint directory it saves its state after each epoch, and when it is started again it
goes on from there. Kubetune names the directory in KUBETUNE_CHECKPOINT_DIR, and in
KUBETUNE_RESUME_FROM the epoch that an earlier attempt has certainly saved.
"""
# ruff: noqa: INP001, T201  a program of its own, whose output is for people and for collectors

import argparse
import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

from annotation import PodAnnotation

Report = Callable[[dict[str, float]], None]

TERMINATED = 143
"""Exit code after SIGTERM, as a shell counts it."""


def main(arguments: Sequence[str]) -> int:
    """Train; 0 when all epochs are done."""
    # The kernel ignores a SIGTERM that process 1 of a container does not handle.
    signal.signal(signal.SIGTERM, _terminate)
    options = _parse(arguments)
    with ExitStack() as stack:
        reports: list[Report] = [_print]
        if options.metrics_file is not None:
            options.metrics_file.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(options.metrics_file.open("a", encoding="utf-8"))
            reports.append(lambda metrics: print(json.dumps(metrics), file=file, flush=True))
        if options.annotate:
            annotation = stack.enter_context(PodAnnotation.of_this_pod())
            reports.append(annotation.report)
        for metrics in train(options):
            for report in reports:
                report(metrics)
    return 0


def train(options: argparse.Namespace) -> Iterator[dict[str, float]]:
    """Yield step, val_accuracy and val_loss after each epoch. The same options, the same values."""
    # Imported late: a wrong flag is refused at once, not after two seconds.
    from sklearn.datasets import load_digits  # noqa: PLC0415  see above
    from sklearn.metrics import log_loss  # noqa: PLC0415  see above
    from sklearn.model_selection import train_test_split  # noqa: PLC0415  see above
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415  see above

    images, digits = load_digits(return_X_y=True)
    x, x_val, y, y_val = train_test_split(
        images / 16, digits, test_size=0.25, random_state=0, stratify=digits
    )
    model = MLPClassifier(
        hidden_layer_sizes=(options.hidden,),
        activation=options.activation,
        learning_rate_init=options.learning_rate,
        batch_size=options.batch_size,
        random_state=options.seed,
    )
    done = 0
    checkpoint = Checkpoint(options.checkpoint_dir) if options.checkpoint_dir else None
    saved = checkpoint.load() if checkpoint else None
    if saved is not None:
        model, metrics = saved
        done = int(metrics["step"])
        print(f"resumed from epoch {done}", flush=True)
        if done >= options.epochs:
            yield metrics  # the attempt before was cut off before anybody heard of it
    elif options.resume_from:
        print(f"no checkpoint of epoch {options.resume_from}: from the beginning", flush=True)
    for epoch in range(done + 1, options.epochs + 1):
        end = time.monotonic() + options.epoch_seconds
        try:
            model.partial_fit(x, y, classes=range(10))
        except ValueError as error:
            # The weights have run away. NaN says so, better than a crash would.
            print(f"training diverged: {error}", file=sys.stderr, flush=True)
            yield {"step": epoch, "val_accuracy": float("nan"), "val_loss": float("nan")}
            return
        time.sleep(max(end - time.monotonic(), 0))
        metrics = {
            "step": epoch,
            "val_accuracy": round(float(model.score(x_val, y_val)), 4),
            "val_loss": round(float(log_loss(y_val, model.predict_proba(x_val))), 4),
        }
        if checkpoint:
            checkpoint.save(model, metrics)
        yield metrics


class Checkpoint:
    """The state of a training in a directory that outlives it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "state.pickle"

    def load(self) -> tuple[Any, dict[str, float]] | None:
        """The model and the metrics of the last epoch that was saved; None if none was."""
        try:
            with self._path.open("rb") as file:
                saved: tuple[Any, dict[str, float]] = pickle.load(file)  # noqa: S301  our own file
        except FileNotFoundError:
            return None
        return saved

    def save(self, model: Any, metrics: dict[str, float]) -> None:
        """Save; whoever is killed meanwhile leaves the state before as it was."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            pickle.dump((model, metrics), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a neural network on the digits data set.")
    parser.add_argument("--learning-rate", type=float, default=0.001, help="initial step of Adam")
    parser.add_argument("--hidden", type=int, default=64, help="neurons of the hidden layer")
    parser.add_argument("--activation", choices=("relu", "tanh", "logistic"), default="relu")
    parser.add_argument("--batch-size", type=int, default=64, help="images per step of Adam")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the training data")
    parser.add_argument(
        "--epoch-seconds",
        type=float,
        default=0,
        help="an epoch takes at least this long, as one of a larger data set would",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the initial weights")
    parser.add_argument("--metrics-file", type=Path, help="also write metrics there, as JSON lines")
    parser.add_argument(
        "--annotate", action="store_true", help="also write metrics on the pod, as an annotation"
    )
    directory = os.environ.get("KUBETUNE_CHECKPOINT_DIR")
    parser.add_argument(
        "--checkpoint-dir",
        type=Path,
        default=Path(directory) if directory else None,
        help="save there after each epoch, and go on from what is there",
    )
    parser.add_argument(
        "--resume-from",
        type=int,
        default=int(os.environ.get("KUBETUNE_RESUME_FROM") or 0),
        help="the epoch that is expected there",
    )
    return parser.parse_args(arguments)


def _print(metrics: dict[str, float]) -> None:
    print(
        f"epoch={metrics['step']} val_accuracy={metrics['val_accuracy']:.4f} "
        f"val_loss={metrics['val_loss']:.4f}",
        flush=True,
    )


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
