"""What goes wrong in a simulated cluster, and how long things take there.

Everything is drawn from (seed, index of the trial, attempt), so it does not depend on the strategy
or on when a trial runs: two strategies that are compared meet the same weather.
"""

from dataclasses import dataclass

from kubetune.core.seeding import uniforms
from kubetune.simulator.training import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Faults and delays; by default there are none.

    Attributes:
        failures: Share of the trials that fail, at a step that is drawn uniformly.
        disruptions: Probability that an attempt loses its pod, at a step that is drawn uniformly;
            the trial runs again from its beginning. Less than 1.
        stragglers: Share of the trials that are slow.
        slowness: How many times longer those take; >= 1.
        start_delay: Seconds from the launch of a trial until its training starts.
        stop_delay: Seconds from a stop until the pod is gone and the slot is free.
        outages: Times, in seconds since the start, from (inclusive) and to (exclusive) which the
            operator is away: trials go on, and nothing is decided.
    """

    failures: float = 0.0
    disruptions: float = 0.0
    stragglers: float = 0.0
    slowness: float = 1.0
    start_delay: float = 0.0
    stop_delay: float = 0.0
    outages: tuple[tuple[float, float], ...] = ()

    def back_at(self, seconds: float) -> float | None:
        """Return when the operator is back if it is away at that moment, else None."""
        return max((end for begin, end in self.outages if begin <= seconds < end), default=None)


CALM = Weather()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What will happen to one attempt.

    Attributes:
        fails_at: Number of the report, from 1, instead of which the trial fails; None if it does
            not.
        lost_at: Number of the report before which the pod is lost; None if it is not.
        slowness: Factor on the time of every report.
    """

    fails_at: int | None
    lost_at: int | None
    slowness: float


def draw_fate(attempt: Attempt, weather: Weather) -> Fate:
    """Return what will happen to the attempt.

    Faults strike before one of the first R reports, R being the resource, or 1 without one. A
    report that never comes cannot be struck: a training that ends sooner succeeds.
    """
    slow, fails, fails_where = uniforms(attempt.seed, attempt.index, "simulator/trial", 3)
    lost, lost_where = uniforms(attempt.seed, attempt.index, f"simulator/{attempt.number}", 2)
    reports = attempt.resource or 1
    return Fate(
        fails_at=1 + int(fails_where * reports) if fails < weather.failures else None,
        lost_at=1 + int(lost_where * reports) if lost < weather.disruptions else None,
        slowness=weather.slowness if slow < weather.stragglers else 1.0,
    )
