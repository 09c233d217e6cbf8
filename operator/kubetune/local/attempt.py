"""One attempt at a trial: what this machine says of its process, and how to start one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubetune.kube.objects import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is known of a trial's latest process.

    Attributes:
        uid: Which attempt it is; unique.
        started_at: When it was started.
        series_started_at: When the first attempt was started that failed before this one, if one
            did; activeDeadlineSeconds counts from there.
        failures: Attempts of the series that failed before this one.
        is_alive: True while any process of its group may run.
        exit_code: 0 to 255, with 128 and the signal's number where a signal ended it; None while it
            is alive, and where nobody saw the end.
        ended_at: When its end was seen; None before.
        problem: Why it could not be started at all; None if it was.
        stopping_since: When it was asked to end; None if it was not.
        is_orphan: True when an earlier call of ours started it.
        observations: What it reported, by step, ascending.
        tail: Its last lines of output, oldest first; () while it is alive.
    """

    uid: str
    started_at: datetime
    series_started_at: datetime
    failures: int = 0
    is_alive: bool = True
    exit_code: int | None = None
    ended_at: datetime | None = None
    problem: str | None = None
    stopping_since: datetime | None = None
    is_orphan: bool = False
    observations: tuple[Observation, ...] = ()
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the template says about the life of a trial's processes.

    Attributes:
        container: Name of the training container.
        grace: How long a process has between SIGTERM and SIGKILL.
        deadline: How long a trial may take, attempts that failed included; None for ever.
        attempt_deadline: How long one attempt may take; None for ever.
        backoff_limit: How many attempts may fail before the trial does.
    """

    container: str
    grace: timedelta
    deadline: timedelta | None = None
    attempt_deadline: timedelta | None = None
    backoff_limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is executed for one attempt.

    Attributes:
        argv: Program and arguments, at least the program.
        environment: All of its environment variables.
        directory: Where it runs.
        metrics_path: The file that it writes metrics to; None where they stand in its output.
        directories: To be made before it starts.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: str
    metrics_path: str | None = None
    directories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An attempt that shall be started.

    Attributes:
        name: The trial's name.
        failures: Attempts that failed before it.
        series_started_at: When the first of those was started; None without one.
    """

    name: str
    failures: int = 0
    series_started_at: datetime | None = None
