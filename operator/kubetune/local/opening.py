"""From a manifest and what is recorded to the world that a call begins with; pure.

The first call, a call that goes on where another one stopped, a new run, an edit that is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kubetune import planner
from kubetune.api.rules_updates import UPDATE_RULES
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob_status import TuningJobStatus
from kubetune.api.validation import parse_spec, validate_update
from kubetune.kube.objects import Trial
from kubetune.local.world import World
from kubetune.record import trials as transitions
from kubetune.record.messages import RUN_HAS_ENDED
from kubetune.record.status import begin_run, is_finished, read_status


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a call begins with.

    Attributes:
        world: Job and trials of the present run; to be saved first.
        ended: Trials of an earlier run that were not finished and are now; to be saved before.
        note: What the user should know; "" if nothing.
    """

    world: World
    ended: tuple[Trial, ...] = ()
    note: str = ""


class RefusedError(Exception):
    """Raised for a manifest that does not go with what is recorded.

    Attributes:
        faults: What is in the way, one sentence each.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(faults))


def open_world(
    manifest: Mapping[str, Any],
    recorded: Mapping[str, Any] | None,
    trials: Sequence[Trial],
    *,
    now: datetime,
    draw_seed: Callable[[], int],
    draw_uid: Callable[[], str],
) -> Opening:
    """Return the world that a call begins with.

    Args:
        manifest: The TuningJob as the user wrote it, without a fault.
        recorded: The TuningJob of an earlier call; None if there was none.
        trials: All Trials that are recorded.
        now: The present.
        draw_seed: Gives a seed for a spec that names none.
        draw_uid: Gives a new job its UID.

    Raises:
        RefusedError: The manifest changes what is fixed, or is about another job.
    """
    if recorded is not None:
        _require_continuity(recorded, manifest)
    body = _body(manifest, recorded, now, draw_uid)
    spec = parse_spec(body["spec"])
    status = TuningJobStatus() if recorded is None else read_status(recorded)
    own = [trial for trial in trials if trial.spec.run_id == spec.run_id]
    earlier = [trial for trial in trials if trial.spec.run_id != spec.run_id]
    is_new_run = status.seed is None or status.run_id != spec.run_id
    note = ""
    if is_new_run:
        seed = spec.strategy.seed
        status = begin_run(status, spec, seed=draw_seed() if seed is None else seed)
        start, plan = now.replace(microsecond=0), planner.plan(spec).status
        status = status.model_copy(update={"start_time": start, "plan": plan})
    elif is_finished(status) and recorded is not None and recorded["spec"] != body["spec"]:
        note = RUN_HAS_ENDED
    own.sort(key=lambda trial: trial.spec.index)
    ended = [
        msgspec.structs.replace(
            trial,
            status=transitions.stopped(
                trial,
                "NewRun",
                "spec.runId changed while the trial was not finished",
                spec.objective,
                now=now,
            ),
        )
        for trial in earlier
        if not TrialState(trial.status.state).is_finished
    ]
    world = World(body=body, spec=spec, status=status, trials=tuple(own))
    return Opening(world=world, ended=tuple(ended), note=note)


def _require_continuity(recorded: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    had, wants = recorded["metadata"]["name"], manifest["metadata"]["name"]
    if had != wants:
        raise RefusedError([f"it holds the TuningJob {had!r} and not {wants!r}"])
    about_updates = {rule.name for rule in UPDATE_RULES}
    faults = validate_update(recorded, manifest)
    found = [fault.message for fault in faults if fault.rule in about_updates]
    if found:
        raise RefusedError(found)


def _body(
    manifest: Mapping[str, Any],
    recorded: Mapping[str, Any] | None,
    now: datetime,
    draw_uid: Callable[[], str],
) -> dict[str, Any]:
    """Return the TuningJob as JSON, with the metadata that an API server would give it."""
    said = manifest["metadata"]
    kept = {key: said[key] for key in ("labels", "annotations") if said.get(key)}
    if recorded is None:
        metadata = {
            "name": said["name"],
            "namespace": said.get("namespace") or "default",
            "uid": draw_uid(),
            "generation": 1,
            "creationTimestamp": now.replace(microsecond=0).isoformat(),
        }
    else:
        metadata = dict(recorded["metadata"])
        metadata["generation"] += recorded["spec"] != manifest["spec"]
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {**metadata, **kept},
        "spec": manifest["spec"],
    }
