"""Time that passes only when somebody sleeps."""

import asyncio
from datetime import UTC, datetime, timedelta

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A monotonic and a wall clock that sleeping moves on at once."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
