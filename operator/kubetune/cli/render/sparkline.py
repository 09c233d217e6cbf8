"""A curve in one line of text."""

from collections.abc import Sequence

WIDTH = 60
"""Columns of the longest curve; a longer one shows the last value of each group of steps."""

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], *, width: int = WIDTH) -> str:
    """The finite values in order, low as low and high as high; a flat curve is in the middle."""
    shown = list(values)
    if len(shown) > width:
        shown = [shown[(k + 1) * len(values) // width - 1] for k in range(width)]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    if low == high:
        return _BARS[len(_BARS) // 2] * len(shown)
    # Halves first: the difference of two of the largest floats is more than a float holds.
    span = high / 2 - low / 2
    last = len(_BARS) - 1
    return "".join(_BARS[round((value / 2 - low / 2) / span * last)] for value in shown)
