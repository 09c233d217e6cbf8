"""The TuningJob's status, from its trials. Pure; written last and once by reconcile."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import (
    BestTrial,
    ConditionStatus,
    ConditionType,
    ConvergenceStatus,
    EndEvidenceStatus,
    GpuHours,
    OverallBest,
    Phase,
    PlanStatus,
    RunSummary,
    TrialCounts,
    TuningJobStatus,
)
from kubetune.api.warm_start import WarmStartType
from kubetune.core.decision import Convergence, EndEvidence, Outcome, OutcomeKind
from kubetune.core.gpus import gpu_hours_saved, recorded_gpu_seconds
from kubetune.core.objective import incumbent, to_score
from kubetune.core.steps import all_steps_saved, steps_used
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun
from kubetune.record.conditions import build_conditions, true_conditions
from kubetune.record.messages import shortened

KEPT_RUNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class JobVerdict:
    """Where the job stands.

    Attributes:
        phase: The job in one word.
        reason: One CamelCase word.
        message: The same for a person; "" where there is nothing to add.
        accepted: Whether the spec can be run.
        waits: Whether it can be run later, without an edit.
        degraded: Why a strategy's answer was replaced; None if it was not.
        evidence: The numbers behind the end; None before it.
        convergence: When the search had converged; None if it has not, or nobody asked now.
    """

    phase: Phase
    reason: str
    message: str = ""
    accepted: bool = True
    waits: bool = False
    degraded: str | None = None
    evidence: EndEvidence | None = None
    convergence: Convergence | None = None


def verdict_of(
    spec: TuningJobSpec,
    outcome: Outcome | None,
    *,
    degraded: str | None,
    convergence: Convergence | None = None,
) -> JobVerdict:
    """Return where an accepted job stands."""
    verdict = JobVerdict(
        phase=Phase.RUNNING, reason="Tuning", degraded=degraded, convergence=convergence
    )
    if outcome is not None:
        return replace(
            verdict,
            phase=Phase.COMPLETE if outcome.kind is OutcomeKind.COMPLETE else Phase.FAILED,
            reason=outcome.reason,
            message=outcome.message,
            evidence=outcome.evidence,
        )
    if spec.suspend:
        return replace(
            verdict,
            phase=Phase.SUSPENDED,
            reason="SuspendedByUser",
            message="set spec.suspend to false to go on",
        )
    return verdict


def read_status(body: Mapping[str, Any]) -> TuningJobStatus:
    """Return the recorded status, without the fields that this version cannot read."""
    recorded = dict(body.get("status") or {})
    while True:
        try:
            return TuningJobStatus.model_validate(recorded)
        except ValidationError as error:
            # Another version's fields; the others still count, the seed above all.
            for key in {str(fault["loc"][0]) for fault in error.errors()}:
                recorded.pop(key, None)


def dump_status(status: TuningJobStatus) -> dict[str, Any]:
    """Return the status as JSON for the API server; absent fields are left out."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def is_finished(status: TuningJobStatus) -> bool:
    """True when the run that the status is about has ended."""
    return status.phase in (Phase.COMPLETE, Phase.FAILED)


def is_accepted(status: TuningJobStatus) -> bool:
    """True when the spec of the recorded generation can be run."""
    return any(
        condition.type is ConditionType.ACCEPTED and condition.status is ConditionStatus.TRUE
        for condition in status.conditions
    )


def begin_run(old: TuningJobStatus, spec: TuningJobSpec, *, seed: int) -> TuningJobStatus:
    """Return the status of a run that has launched no trial; the run before is remembered."""
    runs = list(old.previous_runs)
    if old.phase is not None and old.trials is not None and old.start_time is not None:
        is_over = is_finished(old)
        summary = RunSummary(
            run_id=old.run_id,
            phase=old.phase if is_over else Phase.COMPLETE,
            reason=(old.reason or "") if is_over else "NewRun",
            trials=old.trials,
            best=old.best,
            start_time=old.start_time,
            completion_time=old.completion_time,
        )
        runs.insert(0, summary)
    return TuningJobStatus(
        run_id=spec.run_id,
        seed=seed,
        previous_runs=runs[:KEPT_RUNS],
        conditions=old.conditions,
    )


def build_status(
    old: TuningJobStatus,
    spec: TuningJobSpec | None,
    trials: Sequence[Trial],
    verdict: JobVerdict,
    *,
    generation: int,
    plan: PlanStatus | None,
    now: datetime,
    note: str = "",
) -> TuningJobStatus:
    """Return the whole status of a TuningJob.

    Args:
        old: The recorded status of the same run.
        spec: The present spec; None when it cannot be read, which leaves the results as they are.
        trials: The present run's trials.
        verdict: Where the job stands.
        generation: metadata.generation of the spec.
        plan: What the spec means; None keeps the recorded plan.
        now: Time of transitions; whole seconds are recorded.
        note: What a user should know of an accepted spec.
    """
    now = now.replace(microsecond=0)
    verdict = replace(verdict, message=shortened(verdict.message))
    plan = plan if plan is not None else old.plan
    finished = verdict.phase in (Phase.COMPLETE, Phase.FAILED)
    messages = {
        ConditionType.ACCEPTED: note if verdict.accepted else verdict.message,
        ConditionType.COMPLETE: verdict.message if verdict.phase is Phase.COMPLETE else "",
        ConditionType.FAILED: verdict.message if verdict.phase is Phase.FAILED else "",
        ConditionType.FINISHED: verdict.message if finished else "",
        ConditionType.STALLED: "" if verdict.accepted or verdict.waits else verdict.message,
        ConditionType.DEGRADED: shortened(verdict.degraded or ""),
    }
    held = true_conditions(
        verdict.phase,
        accepted=verdict.accepted,
        degraded=verdict.degraded is not None,
        waits=verdict.waits,
    )
    return old.model_copy(
        update={
            "observed_generation": generation,
            "conditions": build_conditions(
                held,
                reason=verdict.reason,
                messages={kind: text for kind, text in messages.items() if text},
                before=old.conditions,
                generation=generation,
                now=now,
            ),
            "phase": verdict.phase,
            "reason": verdict.reason,
            "message": verdict.message or None,
            "completion_time": (old.completion_time or now) if finished else None,
            "evidence": _evidence(verdict.evidence),
            "convergence": _convergence(verdict.convergence) or old.convergence,
            **(_results(spec, trials, plan) if spec is not None else {}),
        }
    )


def overall_best(
    spec: TuningJobSpec,
    name: str,
    status: TuningJobStatus,
    parents: Sequence[ParentRun],
) -> OverallBest | None:
    """Return the best trial of a job and its parents; None unless their values mean the same.

    Args:
        spec: The job's spec.
        name: Its name.
        status: Its status, with its own incumbent.
        parents: What it took over.
    """
    if spec.warm_start is None or spec.warm_start.type is WarmStartType.TRANSFER:
        return None
    candidates = [
        OverallBest(
            tuning_job=run.tuning_job,
            trial=point.trial,
            value=point.value,
            parameters=dict(point.parameters),
        )
        for run in parents
        for point in run.points[:1]
    ]
    if status.best is not None:
        candidates.insert(0, OverallBest(tuning_job=name, **status.best.model_dump()))
    return max(candidates, key=lambda one: to_score(one.value, spec.objective.goal), default=None)


def _results(
    spec: TuningJobSpec, trials: Sequence[Trial], plan: PlanStatus | None
) -> dict[str, Any]:
    return {
        "progress": _progress(trials, plan),
        "trials": _count(trials),
        "best": _best(spec, trials),
        "plan": plan,
        "gpu_hours": _gpu_hours(spec, trials),
        "steps_used": sum(steps_used(spec, trial) for trial in trials),
        "steps_saved": all_steps_saved(spec, trials),
    }


def _evidence(evidence: EndEvidence | None) -> EndEvidenceStatus | None:
    return None if evidence is None else EndEvidenceStatus.model_validate(asdict(evidence))


def _convergence(found: Convergence | None) -> ConvergenceStatus | None:
    return None if found is None else ConvergenceStatus.model_validate(asdict(found))


def _gpu_hours(spec: TuningJobSpec, trials: Sequence[Trial]) -> GpuHours | None:
    used = recorded_gpu_seconds(trials) / 3600
    if used == 0:
        return None
    return GpuHours(used=round(used, 4), saved=round(gpu_hours_saved(spec, trials), 4))


def _progress(trials: Sequence[Trial], plan: PlanStatus | None) -> str:
    done = sum(trial.state.is_idle for trial in trials)
    wanted = plan.trials if plan is not None else None
    return f"{done}/{wanted}" if wanted is not None else str(done)


def _count(trials: Sequence[Trial]) -> TrialCounts:
    def number(state: TrialState) -> int:
        return sum(trial.state is state for trial in trials)

    return TrialCounts(
        pending=number(TrialState.PENDING),
        running=number(TrialState.RUNNING),
        paused=number(TrialState.PAUSED),
        succeeded=number(TrialState.SUCCEEDED),
        early_stopped=number(TrialState.EARLY_STOPPED),
        failed=number(TrialState.FAILED),
        metrics_unavailable=number(TrialState.METRICS_UNAVAILABLE),
        stopped=number(TrialState.STOPPED),
    )


def _best(spec: TuningJobSpec, trials: Sequence[Trial]) -> BestTrial | None:
    best = incumbent(trials, spec.objective)
    if best is None or best.value is None:
        return None
    return BestTrial(
        trial=best.name,
        value=best.value,
        parameters=dict(best.parameters),
        resource=best.trained or None,
    )
