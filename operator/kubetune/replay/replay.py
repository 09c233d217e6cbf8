"""All decisions of a job, checked one after the other."""

from kubetune.replay.end import check_end
from kubetune.replay.finding import Finding
from kubetune.replay.history import History
from kubetune.replay.stops import check_stops
from kubetune.replay.suggestions import check_suggestions


def replay(history: History) -> list[Finding]:
    """Return a finding for each suggestion, each early stop, the end and the best trial.

    Determinism: a function of the history.
    """
    return [*check_suggestions(history), *check_stops(history), *check_end(history)]
