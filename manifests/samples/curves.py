"""Stands for the samples' training in `kubetune simulate`: plausible curves in no time."""
# ruff: noqa: INP001  a file of its own, not a module of a package

import math
import random  # noqa: TID251  seeded by the simulator
from collections.abc import Mapping


def val_accuracy(parameters: Mapping[str, float | str], step: int, seed: int) -> float:
    """Return the accuracy after `step` epochs.

    It is best at a learning rate of 0.02 and with many hidden units; a small learning rate also
    makes it rise slowly. Noise is as large as one image more or less among 450.
    """
    rate = math.log10(float(parameters["learning_rate"]) / 0.02)
    units = math.log2(float(parameters["hidden"]) / 256)
    final = 0.98 - 0.04 * rate**2 + 0.008 * units
    if parameters["activation"] == "tanh":
        final -= 0.01
    pace = 2 + 6 * max(0.0, -rate)
    noise = random.Random(f"{seed}/{step}").gauss(0, 0.002)  # noqa: S311  no secret
    return max(0.1, final * (1 - math.exp(-step / pace)) + noise)
