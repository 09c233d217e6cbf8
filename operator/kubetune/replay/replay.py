"""All decisions of a job, checked one after the other."""

from kubetune.replay.end import check_end
from kubetune.replay.finding import Finding
from kubetune.replay.history import History
from kubetune.replay.rungs import check_rungs
from kubetune.replay.stops import check_stops
from kubetune.replay.suggestions import check_suggestions, worlds_of
from kubetune.replay.values import check_values


def replay(history: History) -> list[Finding]:
    """Return a finding for each decision and for the best trial, and for each value that is false.

    Determinism: a function of the history.
    """
    worlds = worlds_of(history)
    return [
        *check_suggestions(history, worlds),
        *check_rungs(history, worlds),
        *check_stops(history),
        *check_values(history),
        *check_end(history),
    ]
