"""Train every model at every point of a random design and keep the curves: about ten minutes.

`python -m benchmarks.curves.make_curves [NAME ...]` writes data/NAME.npz: `design` (n, d) the
points in the unit cube, `values` (n, EPOCHS) the objective after each epoch, `seconds` (n,) the CPU
time of a whole training. Values are reproducible with the same version of scikit-learn; times are
those of the machine at hand.
"""

import argparse
import time
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from benchmarks.curves.models import EPOCHS, MODELS, Model
from kubetune.core.seeding import uniforms
from kubetune.core.space import build_space

DATA: Final = Path(__file__).parent / "data"
POINTS: Final = 400


def tabulate(model: Model) -> None:
    """Train the model at every point of the design and write the curves."""
    space = build_space(model.parameters)
    width = len(space.axes)
    design = np.array([uniforms(0, i, f"curves/{model.name}", width) for i in range(POINTS)])
    values = np.empty((POINTS, EPOCHS))
    seconds = np.empty(POINTS)
    for i, u in enumerate(track(design, description=model.name)):
        began = time.process_time()
        values[i] = list(model.train(space.decode(u.tolist())))
        seconds[i] = time.process_time() - began
    np.savez_compressed(
        DATA / f"{model.name}.npz",
        design=design.astype(np.float32),
        values=values.round(4).astype(np.float32),
        seconds=seconds.round(4).astype(np.float32),
    )


def main() -> None:
    """Tabulate the models that are named, or all."""
    names = [model.name for model in MODELS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", choices=[*names, []], default=names)
    asked = parser.parse_args().models
    for model in MODELS:
        if model.name in asked:
            tabulate(model)


if __name__ == "__main__":
    main()
