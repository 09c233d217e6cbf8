"""Runs one TuningJob on this machine: looks, saves, and touches processes, until it is over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from kubetune.api.trial import TrialState
from kubetune.kube.objects import Trial
from kubetune.local.attempt import Command, Terms
from kubetune.local.look import Looker, Step
from kubetune.local.processes import Processes
from kubetune.local.store import Store
from kubetune.local.world import World
from kubetune.record.status import dump_status

LOOK_EVERY = timedelta(seconds=0.2)
"""Time between two looks at what running trials report."""

SAVE_EVERY = timedelta(seconds=1)
"""Time between two saves while nothing comes but observations."""


class Bell(Protocol):
    """What wakes the runner."""

    @property
    def requests(self) -> int:
        """How often somebody asked us to go."""

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or sooner when something happened."""


OnChange = Callable[[Mapping[str, Any], Sequence[Trial], str | None], None]
"""Told after every look: the TuningJob as JSON, the trials that changed, and what is going on that
neither of them tells, if anything is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a runner works with.

    Attributes:
        store: Where everything is kept.
        processes: The machine.
        command: Gives what is executed for a trial, and takes the directory of the attempt.
        terms: What the template says about the life of processes.
        bell: What wakes it.
        now: The clock.
        on_change: Told after every look.
    """

    store: Store
    processes: Processes
    command: Callable[[Trial, str], Command]
    terms: Terms
    bell: Bell
    now: Callable[[], datetime]
    on_change: OnChange


class Runner:
    """Runs one job from what is recorded to its end, or until it is asked to go."""

    def __init__(self, tools: Tools, world: World) -> None:
        self._with = tools
        self._looker = Looker(tools.terms)
        self._world = world
        self._saved_status: Mapping[str, Any] = dump_status(world.status)
        self._saved_at = tools.now()
        self._unsaved: dict[str, Trial] = {}

    @property
    def world(self) -> World:
        """What is recorded."""
        return self._world

    def run(self) -> World:
        """Return the world when no process is left and none is to come."""
        self._with.on_change(body_of(self._world), self._world.trials, None)
        try:
            while not (step := self.step()).is_over:
                if not step.start:  # whose effect is worth a look at once
                    self._with.bell.wait(self._patience(step))
        except BaseException:
            # A full disk, a fault of ours: what is recorded is enough to begin these trials anew.
            self._with.processes.abandon()
            raise
        return self._world

    def step(self) -> Step:
        """Look once and do what is to be done."""
        tools = self._with
        now, requests = tools.now(), tools.bell.requests
        attempts = tools.processes.attempts()
        step = self._looker.look(
            self._world,
            attempts,
            now=now,
            is_interrupted=requests > 0,
            is_impatient=requests > 1,
        )
        self._save(step, now)
        for name in step.stop:
            tools.processes.stop(name)
        for name in step.kill:
            tools.processes.kill(name)
        trials = {trial.metadata.name: trial for trial in self._world.trials}
        for start in step.start:
            directory = tools.store.attempt(start.name)
            command = tools.command(trials[start.name], str(directory))
            tools.processes.start(start, directory, command)
        ending = sum(a.stopping_since is not None and a.is_alive for a in attempts.values())
        tools.on_change(
            body_of(self._world), step.changed, _notice(ending + len(step.stop), requests)
        )
        return step

    def _patience(self, step: Step) -> float:
        wait = LOOK_EVERY
        if step.wake_at is not None:
            wait = min(wait, step.wake_at - self._with.now())
        return max(wait.total_seconds(), 0.0)

    def _save(self, step: Step, now: datetime) -> None:
        """Save the trials, in the order of their index, and then the job.

        At once, but for observations of running trials: they are of use to others who look, while
        a trial that is cut short begins anew.
        """
        before = {trial.metadata.name: trial for trial in self._world.trials}
        is_calm = all(_is_growth(before.get(t.metadata.name), t) for t in step.changed)
        is_due = not is_calm or step.is_over or now - self._saved_at >= SAVE_EVERY
        self._unsaved |= {trial.metadata.name: trial for trial in step.changed}
        self._world = step.world
        if not is_due:
            return
        self._saved_at = now
        for trial in sorted(self._unsaved.values(), key=lambda trial: trial.spec.index):
            self._with.store.save_trial(trial, self._world.body["metadata"]["name"])
        self._unsaved.clear()
        status = dump_status(self._world.status)
        if status != self._saved_status:
            self._with.store.save_job(body_of(self._world))
            self._saved_status = status


def body_of(world: World) -> dict[str, Any]:
    """Return the TuningJob as JSON, with its status."""
    return {**world.body, "status": dump_status(world.status)}


def _notice(ending: int, requests: int) -> str | None:
    if not ending:
        return None
    processes = "1 process has" if ending == 1 else f"{ending} processes have"
    impatience = "; Ctrl-C again does not wait" if requests == 1 else ""
    return f"{processes} been asked to end{impatience}"


def _is_growth(old: Trial | None, new: Trial) -> bool:
    """True when a running trial has nothing but more observations."""
    if old is None or new.status.state != TrialState.RUNNING:
        return False
    return msgspec.structs.replace(old.status, observations=new.status.observations) == new.status
