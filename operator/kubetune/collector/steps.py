"""Gives every value its step when the training code does not print one; pure, O(1) per line."""

from kubetune.collector.parse import Found


class StepCounter:
    """Places what lines say on steps, as the docstring of `parse` promises.

    State: the largest step so far, the step that the latest line went to, a step that still waits
    for its objective, and the values that wait for the next objective.
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

    def place(self, found: Found) -> Found | None:
        """Return the values with their step, or None while they wait for the next objective."""
        values = found.values
        if self._objective in values:
            step = self._step_of_objective(found.step)
            values = self._waiting | values
            self._waiting = {}
            self._seen_objective = True
            self._incomplete = None
        elif found.step is not None:
            step = found.step
            if step != self._current or self._incomplete is not None:
                self._incomplete = step
        else:
            return self._place_additional(values)
        self._current = step
        self._largest = max(self._largest, step)
        return Found(values, step)

    def close(self) -> Found | None:
        """End the output: values that still wait go to the last step (1 if there was none)."""
        values, self._waiting = self._waiting, {}
        if not values:
            return None
        return Found(values, 1 if self._current is None else self._current)

    def _step_of_objective(self, step: int | None) -> int:
        if step is not None:
            return step
        return self._largest + 1 if self._incomplete is None else self._incomplete

    def _place_additional(self, values: dict[str, float]) -> Found | None:
        if not self._seen_objective and self._incomplete is None:
            self._leading.update(values)
        leading = {name: value for name, value in values.items() if name in self._leading}
        self._waiting |= leading
        rest = {name: value for name, value in values.items() if name not in leading}
        if not rest or self._current is None:
            return None
        return Found(rest, self._current)
