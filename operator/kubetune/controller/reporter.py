"""Writes a TuningJob's status, last and once per look, and tells of its transitions."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kubetune import planner
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import Phase, TuningJobStatus
from kubetune.controller.announce import announce_job
from kubetune.controller.cluster import key_of
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.look import Look
from kubetune.controller.parents import Inheritance
from kubetune.controller.patching import merge_patch
from kubetune.controller.refusal import Refusal
from kubetune.kube.objects import ObjectKey
from kubetune.record.status import JobVerdict, build_status, dump_status, overall_best

_log = logging.getLogger(__name__)

STATUS_INTERVAL = timedelta(seconds=10)
"""Six status writes a minute at most; changes of phase or condition are written at once."""


class Reporter:
    """Writes statuses, and remembers when, to hold the next one back."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._with = dependencies
        # Losing it costs one write.
        self._written_at: dict[ObjectKey, datetime] = {}

    def forget(self, key: ObjectKey) -> None:
        """Forget a TuningJob that is gone."""
        self._written_at.pop(key, None)

    async def begin(
        self,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        recorded: TuningJobStatus,
        inheritance: Inheritance,
        now: datetime,
    ) -> tuple[Mapping[str, Any], TuningJobStatus]:
        """Record the seed, the plan and the start before the first trial exists.

        Raises:
            ConflictError: The TuningJob changed since it was read.
        """
        plan = planner.plan(spec, parents=inheritance.runs)
        note = plan.note or ""
        started = recorded.model_copy(update={"start_time": now.replace(microsecond=0)})
        status = build_status(
            started,
            spec,
            (),
            JobVerdict(phase=Phase.RUNNING, reason="Tuning"),
            generation=body["metadata"]["generation"],
            plan=plan.status,
            note=note,
            now=now,
        )
        body = await self._with.writer.write_status(body, dump_status(status))
        key = key_of(body)
        self._written_at[key] = now
        announce_job(
            self._with.recorder, body, Phase.RUNNING, "Accepted", note or "the spec is valid"
        )
        _log.info("run started", extra={"job": key, "run": spec.run_id, "seed": status.seed})
        return body, status

    async def report(self, key: ObjectKey, look: Look, verdict: JobVerdict) -> timedelta | None:
        """Write the status, or say when it may be written."""
        now = look.now
        plan = None
        if look.refusal is None:
            plan = planner.plan(look.spec, parents=look.inheritance.runs)
        status = build_status(
            look.recorded,
            look.spec,
            look.core_trials(),
            verdict,
            generation=look.body["metadata"]["generation"],
            plan=plan.status if plan is not None else None,
            note=(plan.note or "") if plan is not None else "",
            now=now,
        )
        overall = overall_best(look.spec, key.name, status, look.inheritance.runs)
        status = status.model_copy(update={"overall_best": overall})
        new = dump_status(status)
        patch = merge_patch(look.body.get("status") or {}, new)
        if not patch:
            return None
        last = self._written_at.get(key)
        if "conditions" not in patch and last is not None and now - last < STATUS_INTERVAL:
            return last + STATUS_INTERVAL - now
        await self._with.writer.write_status(look.body, new)
        self._written_at[key] = now
        if status.phase is not look.recorded.phase or status.reason != look.recorded.reason:
            note = verdict.message
            if verdict.evidence is not None:
                note += f" (rule {verdict.evidence.rule})"
            announce_job(self._with.recorder, look.body, verdict.phase, verdict.reason, note)
            _log.info(
                "phase changed",
                extra={"job": key, "phase": verdict.phase.value, "reason": verdict.reason},
            )
        return None

    async def refuse_unreadable(
        self,
        key: ObjectKey,
        body: Mapping[str, Any],
        recorded: TuningJobStatus,
        refusal: Refusal,
    ) -> None:
        """Refuse a spec that this version cannot read, which an older CRD may have let through."""
        verdict = JobVerdict(
            phase=Phase.PENDING, reason=refusal.reason, message=refusal.message, accepted=False
        )
        status = build_status(
            recorded,
            None,
            (),
            verdict,
            generation=body["metadata"]["generation"],
            plan=None,
            now=self._with.now(),
        )
        written = await self._with.writer.write_status(body, dump_status(status))
        if written is not body:
            announce_job(self._with.recorder, body, verdict.phase, verdict.reason, verdict.message)
            _log.warning("spec refused", extra={"job": key, "reason": verdict.reason})
