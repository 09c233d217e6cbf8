"""Gives every value its step when the training code does not print one; pure, O(1) per line."""

from typing import NamedTuple

from kubetune.collector.parse import Found


class Placed(NamedTuple):
    """Values by metric name, at least one, and the step that they belong to."""

    values: dict[str, float]
    step: int


class StepCounter:
    """Places what lines say on steps, as the docstring of `parse` promises.

    State: the largest step so far, the step that the latest line went to, a step that still waits
    for its objective, the values that wait for the next objective, the epoch that was announced
    last, and whether reports are counted whatever step they name.
    """

    def __init__(self, objective: str, *, trained: int = 0) -> None:
        """Begin to count.

        Args:
            objective: The metric whose reports are counted.
            trained: Steps that an earlier attempt has trained; counting goes on from there.
        """
        self._objective = objective
        self._largest = trained
        self._current: int | None = None
        self._incomplete: int | None = None
        self._seen_objective = False
        self._leading: set[str] = set()
        self._waiting: dict[str, float] = {}
        self._heading: int | None = None
        self._counts_all = False

    def place(self, found: Found) -> Placed | None:
        """Return the values with their step, or None while they wait for the next objective."""
        values, named = found.values, self._step_named(found)
        if not values:
            self._heading = named
            return None
        if self._objective in values:
            step = self._step_of_objective(named)
            values = self._waiting | values
            self._waiting = {}
            self._seen_objective = True
            self._incomplete = None
        elif named is not None:
            step = named
            if step != self._current or self._incomplete is not None:
                self._incomplete = step
        else:
            return self._place_additional(values)
        self._current = step
        self._largest = max(self._largest, step)
        return Placed(values, step)

    def close(self) -> Placed | None:
        """End the output: values that still wait go to the last step (1 if there was none)."""
        values, self._waiting = self._waiting, {}
        if not values:
            return None
        return Placed(values, 1 if self._current is None else self._current)

    def _step_named(self, found: Found) -> int | None:
        """Return the step that a line or the heading above it names; None if it is counted."""
        step = found.step
        if step is not None and step % 1:
            self._counts_all = self._counts_all or self._objective in found.values
            step = None
        if self._counts_all:
            return None
        return self._heading if step is None else int(step)

    def _step_of_objective(self, step: int | None) -> int:
        if step is not None:
            return step
        return self._largest + 1 if self._incomplete is None else self._incomplete

    def _place_additional(self, values: dict[str, float]) -> Placed | None:
        if not self._seen_objective and self._incomplete is None:
            self._leading.update(values)
        leading = {name: value for name, value in values.items() if name in self._leading}
        self._waiting |= leading
        rest = {name: value for name, value in values.items() if name not in leading}
        if not rest or self._current is None:
            return None
        return Placed(rest, self._current)
