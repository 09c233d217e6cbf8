"""A machine with a store on which `kubetune run` is called, and may die at any effect."""

from collections.abc import Callable
from typing import Any

from kubetune.local.attempt import Terms
from kubetune.local.runner import Runner, Tools, body_of
from kubetune.local.world import World
from tests.local.fake_processes import FakeBell, FakeMachine, FakeProcesses, Script
from tests.local.local_builders import TERMS, MemoryStore, no_command, opened


class CrashError(Exception):
    """The runner dies here."""


class Laptop:
    """A machine, a store, and calls of the runner.

    Attributes:
        touches: Number of effects so far, in all calls.
        notices: What the user was told beside the job, each once.
        crashes: Numbers of the effects at which the runner dies.
    """

    def __init__(
        self, script: Callable[[str], Script], *, crashes: frozenset[int] = frozenset()
    ) -> None:
        self.notices: list[str] = []
        self.machine = FakeMachine(script)
        self.store: MemoryStore = MemoryStore(self.touched)
        self.touches = 0
        self.crashes = crashes

    def touched(self, what: str) -> None:
        del what
        self.touches += 1
        if self.touches in self.crashes:
            self.machine.is_runner_dead = True
            raise CrashError

    def call(
        self, body: dict[str, Any], *, asked_at: tuple[float, ...] = (), terms: Terms = TERMS
    ) -> World:
        """Run the job once, as `kubetune run` does."""
        self.machine.is_runner_dead = False
        opening = opened(body, self.store.job(), tuple(self.store.trials()), now=self.machine.now())
        for trial in opening.ended:
            self.store.save_trial(trial, body["metadata"]["name"])
        self.store.save_job(body_of(opening.world))
        tools = Tools(
            store=self.store,
            processes=FakeProcesses(self.machine, self.touched),
            command=no_command,
            terms=terms,
            bell=FakeBell(self.machine, list(asked_at)),
            now=self.machine.now,
            on_change=self.shown,
        )
        return Runner(tools, opening.world).run()

    def shown(self, body: object, changed: object, notice: str | None) -> None:
        del body, changed
        if notice is not None and notice not in self.notices:
            self.notices.append(notice)

    def call_until_it_lives(self, body: dict[str, Any], **how: Any) -> World:
        """Call again after every crash."""
        while True:
            try:
                return self.call(body, **how)
            except CrashError:
                continue

    def states(self) -> dict[str, str]:
        return {t.metadata.name: t.status.state for t in self.store.trials()}

    def reasons(self) -> dict[str, str]:
        return {t.metadata.name: t.status.reason for t in self.store.trials()}
