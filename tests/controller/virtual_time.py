"""An event loop whose clock jumps to the next timer as soon as nothing else is left to do."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Sleeping costs nothing; the time that passed is exact."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        # The base class keeps its timers and what is ready to run in these two.
        timers = [timer for timer in vars(self)["_scheduled"] if not timer.cancelled()]
        if timers and not vars(self)["_ready"]:
            self._now = max(self._now, min(timer.when() for timer in timers))
        super()._run_once()  # type: ignore[misc]  # private in the base class


def run(scenario: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time, from second 0."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(scenario)


def now() -> float:
    """Seconds since the scenario began."""
    return asyncio.get_running_loop().time()
