"""A machine in virtual time: its processes live on when the runner dies."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from kubetune.kube.objects import Observation
from kubetune.local.attempt import Attempt, Command, Start
from tests.local.local_builders import at


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a process does: so long, then this exit code; a value of the objective every second."""

    seconds: float = 2.0
    exit_code: int = 0
    values: tuple[float, ...] = (0.5,)
    heeds_sigterm: bool = True


@dataclass(slots=True, kw_only=True)
class _Process:
    name: str
    uid: str
    began: float
    ends: float
    exit_code: int
    script: Script


@dataclass(slots=True)
class FakeMachine:
    """All processes that ever were, and the clock.

    Attributes:
        script: What the process of a trial does.
        crowd: Greatest number of processes that were alive at the same time.
        has_rung: True when a process was ended since the last wait.
        is_runner_dead: True from a crash of the runner until the next call.
    """

    script: Callable[[str], Script]
    clock: float = 0.0
    crowd: int = 0
    has_rung: bool = False
    is_runner_dead: bool = False
    all: list[_Process] = field(default_factory=list)

    def now(self) -> datetime:
        return at(self.clock)

    def alive(self) -> list[_Process]:
        return [process for process in self.all if process.ends > self.clock]

    def begin(self, name: str) -> _Process:
        assert name not in [process.name for process in self.alive()], "one process per trial"
        script = self.script(name)
        process = _Process(
            name=name,
            uid=f"p-{len(self.all)}",
            began=self.clock,
            ends=self.clock + script.seconds,
            exit_code=script.exit_code,
            script=script,
        )
        self.all.append(process)
        self.crowd = max(self.crowd, len(self.alive()))
        return process

    def next_event(self) -> float | None:
        """Return when the next process ends or reports."""
        moments = [process.ends for process in self.alive()]
        for process in self.alive():
            reports = (process.began + n for n in range(1, len(process.script.values) + 1))
            moments += [moment for moment in reports if moment > self.clock]
        heapq.heapify(moments)
        return moments[0] if moments else None


class FakeProcesses:
    """One call's view of a machine; `touched` is called before and after each effect."""

    def __init__(self, machine: FakeMachine, touched: Callable[[str], None]) -> None:
        self._machine = machine
        self._touched = touched
        self._own: dict[str, tuple[_Process, Attempt]] = {
            process.name: (process, _attempt(process, is_orphan=True))
            for process in machine.alive()
        }

    def attempts(self) -> dict[str, Attempt]:
        for name, (process, attempt) in self._own.items():
            if attempt.is_alive:
                self._own[name] = (process, self._seen(process, attempt))
        return {name: attempt for name, (_, attempt) in self._own.items()}

    def start(self, start: Start, directory: Path, command: Command) -> None:
        del directory, command
        self._touched(f"before start {start.name}")
        process = self._machine.begin(start.name)
        attempt = _attempt(process, failures=start.failures, series=start.series_started_at)
        self._own[start.name] = (process, attempt)
        self._touched(f"after start {start.name}")

    def stop(self, name: str) -> None:
        self._touched(f"before stop {name}")
        process, attempt = self._own[name]
        if process.script.heeds_sigterm:
            process.ends, process.exit_code = min(process.ends, self._machine.clock + 0.5), 143
        self._own[name] = (process, replace(attempt, stopping_since=self._machine.now()))
        self._touched(f"after stop {name}")

    def kill(self, name: str) -> None:
        self._touched(f"before kill {name}")
        process, _ = self._own[name]
        process.ends, process.exit_code = min(process.ends, self._machine.clock), 137
        self._machine.has_rung = True
        self._touched(f"after kill {name}")

    def abandon(self) -> None:
        if self._machine.is_runner_dead:
            return  # a runner that was killed does not tidy up
        for process in self._machine.alive():
            process.ends = self._machine.clock

    def _seen(self, process: _Process, attempt: Attempt) -> Attempt:
        clock = self._machine.clock
        if attempt.is_orphan:
            return replace(attempt, is_alive=process.ends > clock)
        count = int(min(clock, process.ends) - process.began)
        reported = tuple(
            Observation(step=step + 1, metrics={"loss": value})
            for step, value in enumerate(process.script.values[:count])
        )
        if process.ends > clock:
            return replace(attempt, observations=reported)
        return replace(
            attempt,
            observations=reported,
            is_alive=False,
            exit_code=process.exit_code,
            ended_at=at(process.ends),
        )


def _attempt(
    process: _Process,
    *,
    is_orphan: bool = False,
    failures: int = 0,
    series: datetime | None = None,
) -> Attempt:
    began = at(process.began)
    return Attempt(
        uid=process.uid,
        started_at=began,
        series_started_at=series or began,
        failures=failures,
        is_orphan=is_orphan,
    )


@dataclass(slots=True)
class FakeBell:
    """Lets virtual time pass up to the next event.

    Attributes:
        requests: How often somebody asked the runner to go.
        asked_at: Virtual seconds at which somebody does.
    """

    machine: FakeMachine
    asked_at: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(moment <= self.machine.clock for moment in self.asked_at)

    def wait(self, seconds: float) -> None:
        """Pass the time: up to the next event, for the runner would look in vain before."""
        del seconds
        if self.machine.has_rung:
            self.machine.has_rung = False
            return
        event = self.machine.next_event()
        moments = [moment for moment in self.asked_at if moment > self.machine.clock]
        moments += [] if event is None else [event]
        assert moments, "waiting for nothing"
        self.machine.clock = min(moments)
