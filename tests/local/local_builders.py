"""TuningJobs, machines and a store in memory, for the tests of the local runner."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from kubetune.kube.objects import Trial
from kubetune.local.attempt import Attempt, Command, Start, Terms
from kubetune.local.opening import Opening, open_world
from kubetune.local.rendering import Machine
from kubetune.local.store import Store
from kubetune.record.objects import trial_json

START = datetime(2026, 3, 1, 10, 0, 0, tzinfo=UTC)
TERMS = Terms(container="train", grace=timedelta(seconds=10))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def manifest(
    *,
    container: Mapping[str, Any] | None = None,
    pod: Mapping[str, Any] | None = None,
    job: Mapping[str, Any] | None = None,
    template: Mapping[str, Any] | None = None,
    name: str = "toy",
    **spec: Any,
) -> dict[str, Any]:
    """Return a TuningJob; `spec` are further fields of its spec."""
    trainer = {
        "name": "train",
        "image": "registry.example/toy:1",
        "command": ["python3", "train.py", "--x=$(params.x)"],
        **(container or {}),
    }
    return {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "TuningJob",
        "metadata": {"name": name},
        "spec": {
            "objective": {"metric": "loss", "goal": "Minimize"},
            "parameters": [{"name": "x", "type": "Float", "min": -1, "max": 1}],
            "strategy": {"type": "Random", "seed": 7},
            "limits": {"maxTrials": 4, "maxParallelTrials": 2},
            "trial": {
                "template": {
                    "spec": {
                        **(job or {}),
                        "template": {
                            **(template or {}),
                            "spec": {"containers": [trainer], **(pod or {})},
                        },
                    }
                }
            },
            **spec,
        },
    }


def opened(
    body: Mapping[str, Any],
    recorded: Mapping[str, Any] | None = None,
    trials: tuple[Trial, ...] = (),
    *,
    now: datetime = START,
) -> Opening:
    return open_world(
        body, recorded, trials, now=now, draw_seed=lambda: 1, draw_uid=lambda: "job-uid"
    )


def machine(
    *,
    environment: Mapping[str, str] | None = None,
    directory: str = "/here",
    exists: Callable[[str], bool] = lambda _: False,
) -> Machine:
    return Machine(
        environment=environment or {}, directory=directory, hostname="laptop", exists=exists
    )


def attempt(**fields: Any) -> Attempt:
    known: dict[str, Any] = {"uid": "a-1", "started_at": START, "series_started_at": START}
    return Attempt(**{**known, **fields})


class MemoryStore(Store):
    """A store that keeps its files in memory, and tells before and after each write."""

    def __init__(self, on_write: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(Path("/nowhere"))
        self.bodies: dict[str, dict[str, Any]] = {}
        self.saved: dict[str, list[dict[str, Any]]] = {}
        self._on_write = on_write

    def job(self) -> dict[str, Any] | None:
        body = self.bodies.get("")
        return None if body is None else msgspec.json.decode(msgspec.json.encode(body))

    def trials(self) -> list[Trial]:
        kept = [body for name, body in sorted(self.bodies.items()) if name]
        return [msgspec.json.decode(msgspec.json.encode(body), type=Trial) for body in kept]

    def save_job(self, body: Mapping[str, Any]) -> None:
        self._on_write("before job")
        self.bodies[""] = dict(body)
        self._on_write("after job")

    def save_trial(self, trial: Trial, tuning_job: str) -> None:
        self._on_write(f"before {trial.metadata.name}")
        content = trial_json(trial, tuning_job)
        self.bodies[trial.metadata.name] = content
        self.saved.setdefault(trial.metadata.name, []).append(content)
        self._on_write(f"after {trial.metadata.name}")

    def attempt(self, name: str) -> Path:
        return Path("/nowhere") / name


def no_command(trial: Trial, directory: str) -> Command:
    return Command(argv=(trial.metadata.name,), environment={}, directory=directory)


def started(start: Start) -> str:
    return start.name
