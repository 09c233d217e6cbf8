"""Rules about how a TuningJob may change, and that a Trial's spec never does.

A spec defines a run. What would change the meaning of the trials so far needs a new run, which a
new `spec.runId` in the same update starts; limits, completion, retention, suspend and stop may
change at any time.
"""

import json
from typing import Any

from kubetune.api.rule import UpdateRule, Word
from kubetune.api.tuningjob import TuningJobSpec

_NEW_RUN = "has(self.runId) && (!has(oldSelf.runId) || self.runId != oldSelf.runId)"

# Lists of type map and set compare without regard to order, but the order of parameters and of
# their values decides which point of the search space a trial's index means.
_ORDER = "{}.parameters.map(p, [[p.name], has(p.values) ? p.values.map(v, v) : []])"


def _is_new_run(old: TuningJobSpec, new: TuningJobSpec) -> bool:
    return new.run_id not in (None, old.run_id)


def _fixed(field: str, *, cel: str) -> UpdateRule[TuningJobSpec]:
    return UpdateRule(
        name=f"{field}-changed",
        at="spec",
        model=TuningJobSpec,
        field_path=f".{field}",
        cel=f"{cel} || {_NEW_RUN}",
        holds=lambda old, new: (
            _meaning(old, field) == _meaning(new, field) or _is_new_run(old, new)
        ),
        message=f"spec.{field} can't be changed within a run: set a new spec.runId in the same "
        "update to start a new run with it, or create a new TuningJob",
    )


def _meaning(spec: TuningJobSpec, field: str) -> str:
    """Return a text that is the same for two specs if the API server calls the fields equal."""
    value = spec.model_dump(mode="json", by_alias=True, exclude_none=False)[field]
    if field == "objective":
        value["additionalMetrics"].sort()
    if field == "warmStart" and value is not None:
        value["from"].sort()
    return json.dumps(value, sort_keys=True)


_RUN_ID_REMOVED = UpdateRule(
    name="run-id-removed",
    at="spec",
    model=TuningJobSpec,
    field_path=".runId",
    cel="!has(oldSelf.runId) || has(self.runId)",
    holds=lambda old, new: old.run_id is None or new.run_id is not None,
    message="spec.runId can't be removed, because the trials of the run before it was set have the "
    "same names: keep it, or set a new one to start a new run",
)

_STOP_TAKEN_BACK = UpdateRule(
    name="stop-taken-back",
    at="spec",
    model=TuningJobSpec,
    field_path=".stop",
    cel=f"!oldSelf.stop || self.stop || {_NEW_RUN}",
    holds=lambda old, new: not old.stop or new.stop or _is_new_run(old, new),
    message="spec.stop can't go back to false within a run, because a stop is for good: set a new "
    "spec.runId in the same update to start a new run; to pause a job use spec.suspend",
)

_RUN_ID_USED = UpdateRule(
    name="run-id-used-before",
    at="",
    model=object,
    field_path=".spec.runId",
    cel="!has(self.spec.runId) || "
    "has(oldSelf.spec.runId) && self.spec.runId == oldSelf.spec.runId || "
    "!has(oldSelf.status) || !has(oldSelf.status.previousRuns) || "
    "!oldSelf.status.previousRuns.exists(r, has(r.runId) && r.runId == self.spec.runId)",
    holds=lambda old, new: not _reuses_run_id(old, new),
    message='spec.runId "{runId}" is the name of an earlier run of this job, whose trials still '
    "have it: set one that was not used before",
    words={"runId": Word(cel="self.spec.runId", text=lambda new: str(_run_id(new)))},
)


def _run_id(manifest: Any) -> str | None:
    run_id: str | None = manifest["spec"].get("runId")
    return run_id


def _reuses_run_id(old: Any, new: Any) -> bool:
    earlier = [r.get("runId") for r in (old.get("status") or {}).get("previousRuns") or []]
    run_id = _run_id(new)
    return run_id is not None and run_id != _run_id(old) and run_id in earlier


TRIAL_IS_FIXED = {
    "rule": "self == oldSelf",
    "message": "spec of a Trial can't be changed: it is a record of what is tried. Kubetune writes "
    "it once; to try something else, change the TuningJob",
}

UPDATE_RULES: tuple[UpdateRule[Any], ...] = (
    *(
        _fixed(field, cel=f"self.{field} == oldSelf.{field}")
        for field in ("objective", "initialTrials", "strategy", "metrics", "trial")
    ),
    _fixed(
        "parameters",
        cel="self.parameters == oldSelf.parameters && "
        f"{_ORDER.format('self')} == {_ORDER.format('oldSelf')}",
    ),
    *(
        _fixed(
            field,
            cel=f"has(self.{field}) == has(oldSelf.{field}) && "
            f"(!has(self.{field}) || self.{field} == oldSelf.{field})",
        )
        for field in ("warmStart", "earlyStopping", "checkpoint")
    ),
    _RUN_ID_REMOVED,
    _STOP_TAKEN_BACK,
    _RUN_ID_USED,
)
