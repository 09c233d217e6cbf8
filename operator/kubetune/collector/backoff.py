"""How long to wait before trying again; pure."""


class Backoff:
    """Waits that grow by a factor up to a limit, in seconds, until something worked."""

    def __init__(self, first: float, limit: float, factor: float = 2.0) -> None:
        self._first = first
        self._limit = limit
        self._factor = factor
        self._next = first

    def wait(self) -> float:
        """Return how long to wait now."""
        wait = self._next
        self._next = min(self._limit, wait * self._factor)
        return wait

    def reset(self) -> None:
        """Start from the shortest wait again: it worked."""
        self._next = self._first
