"""TuningJobs and Trials as the API server sends them, for the tests of the command line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from kubetune.cli.objects import Trial, TuningJob, decode_job, decode_trial
from kubetune.cli.snapshot import Snapshot

START = datetime(2026, 3, 1, 10, 0, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """That many seconds after the job's start."""
    return START + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    return at(seconds).isoformat().replace("+00:00", "Z")


def condition(kind: str, reason: str = "", message: str = "", *, seconds: float = 0) -> Any:
    return {
        "type": kind.lstrip("!"),
        "status": "False" if kind.startswith("!") else "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": stamp(seconds),
        "observedGeneration": 1,
    }


def job_body(
    *,
    name: str = "digits",
    phase: str | None = "Running",
    conditions: list[Any] | None = None,
    best: dict[str, Any] | None = None,
    ended: float | None = None,
    spec: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    uid: str = "job-uid",
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "TuningJob",
        "metadata": {
            "name": name,
            "namespace": "team-a",
            "uid": uid,
            "generation": 1,
            "creationTimestamp": stamp(-1),
        },
        "spec": {
            "objective": {"metric": "val_accuracy", "goal": "Maximize"},
            "parameters": [{"name": name} for name in ("learning_rate", "hidden", "activation")],
            "strategy": {"type": "Hyperband"},
            "limits": {"maxTrials": 20, "maxParallelTrials": 4},
            **(spec or {}),
        },
        "status": {
            "observedGeneration": 1,
            "phase": phase,
            "conditions": [condition("Accepted", "Tuning")] if conditions is None else conditions,
            "startTime": stamp(0),
            "plan": {
                "trials": 20,
                "rungs": [
                    {"step": 1, "share": "1/3"},
                    {"step": 3, "share": "1/3"},
                    {"step": 9, "share": "1/3"},
                    {"step": 27, "share": "end"},
                ],
            },
            **({} if best is None else {"best": best}),
            **({} if ended is None else {"completionTime": stamp(ended)}),
            **(status or {}),
        },
    }
    return body


def owner_reference(job: str, uid: str) -> dict[str, Any]:
    return {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "TuningJob",
        "name": job,
        "uid": uid,
        "controller": True,
    }


def trial_body(
    index: int,
    state: str = "Running",
    *,
    values: dict[int, float] | None = None,
    started: float | None = 0,
    ended: float | None = None,
    resource: int | None = 27,
    parameters: dict[str, Any] | None = None,
    job: str = "digits",
    owner: str | None = None,
    status: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
) -> dict[str, Any]:
    values = values or {}
    observed = [{"step": s, "metrics": {"val_accuracy": v}} for s, v in values.items()]
    ended_status = state not in ("Pending", "Running")
    return {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "Trial",
        "metadata": {
            "name": f"{job}-{index}",
            "namespace": "team-a",
            "uid": f"trial-uid-{index}",
            "creationTimestamp": stamp(0 if started is None else started - 1),
            "labels": {"kubetune.dev/tuning-job": job},
            "ownerReferences": [] if owner is None else [owner_reference(job, owner)],
        },
        "spec": {
            "index": index,
            "parameters": parameters
            or {
                "learning_rate": 0.001 * (index + 1),
                "hidden": 16 + 16 * index,
                "activation": "relu",
            },
            **({} if resource is None else {"resource": resource}),
            **(spec or {}),
        },
        "status": {
            "state": state,
            "observations": observed,
            **({"value": list(values.values())[-1]} if ended_status and values else {}),
            **({"step": max(values)} if values else {}),
            **({} if started is None else {"startTime": stamp(started)}),
            **({} if ended is None else {"completionTime": stamp(ended)}),
            **(status or {}),
        },
    }


def stopped_body(
    index: int, *, step: int, value: float, threshold: float, ended: float, started: float = 0
) -> Any:
    evidence = {
        "rule": "asha/1",
        "step": step,
        "value": value,
        "threshold": threshold,
        "population": 9,
    }
    return trial_body(
        index,
        "EarlyStopped",
        values={step: value},
        started=started,
        ended=ended,
        status={"evidence": evidence},
    )


def a_job(**options: Any) -> TuningJob:
    return decode_job(msgspec.json.encode(job_body(**options)))


def a_trial(index: int, state: str = "Running", **options: Any) -> Trial:
    return decode_trial(msgspec.json.encode(trial_body(index, state, **options)))


def a_stopped_trial(index: int, **options: Any) -> Trial:
    return decode_trial(msgspec.json.encode(stopped_body(index, **options)))


BEST = {
    "trial": "digits-1",
    "value": 0.9833,
    "parameters": {"learning_rate": 0.002, "hidden": 32, "activation": "relu"},
    "resource": 27,
}


def under_way() -> Snapshot:
    """A job of 20 trials after 95 seconds: something of everything."""
    return Snapshot.of(
        a_job(best=BEST),
        [
            a_trial(0, "Succeeded", values={1: 0.5, 27: 0.9611}, ended=40),
            a_trial(1, "Succeeded", values={1: 0.6, 27: 0.9833}, ended=45),
            a_stopped_trial(2, step=3, value=0.41, threshold=0.8722, ended=50),
            a_stopped_trial(3, step=1, value=0.1, threshold=0.3, ended=52),
            a_trial(
                4,
                "Failed",
                ended=60,
                status={
                    "reason": "OOMKilled",
                    "message": "exceeded its memory limit; raise it\n\x1b[31mlast line",
                },
            ),
            a_trial(5, values={1: 0.5, 9: 0.9612}, started=53),
            a_trial(6, values={2: 0.4}, started=80),
            a_trial(7, started=90),
            a_trial(
                8,
                "Pending",
                started=None,
                status={
                    "reason": "Unschedulable",
                    "message": "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
                },
            ),
        ],
    )


def at_the_end() -> Snapshot:
    """The same job when it is complete."""
    complete = [
        condition("Accepted", "MaxTrialsReached"),
        condition("Complete", "MaxTrialsReached", "all 20 trials have ended", seconds=125),
        condition("Finished", "MaxTrialsReached", "all 20 trials have ended", seconds=125),
    ]
    return Snapshot.of(
        a_job(
            phase="Complete",
            conditions=complete,
            best=BEST,
            ended=125,
            status={"stepsUsed": 150, "stepsSaved": 336},
        ),
        [
            *(a_trial(i, "Succeeded", values={27: 0.9 + i / 100}, ended=100 + i) for i in range(4)),
            *(
                a_stopped_trial(i, step=3, value=0.4, threshold=0.8, ended=100 + i)
                for i in range(4, 18)
            ),
            a_trial(18, "Failed", ended=119, status={"reason": "ExitCode", "message": "exit 3"}),
            a_trial(19, "MetricsUnavailable", ended=120),
        ],
    )
