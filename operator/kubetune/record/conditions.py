"""The conditions of a TuningJob, from its phase. Pure.

Ready, Reconciling and Stalled follow kstatus: a job that runs for a week is Ready all the time; one
that failed for good, or that was refused, is Stalled.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kubetune.api.tuningjob_status import Condition, ConditionStatus, ConditionType, Phase

_ALWAYS = (
    ConditionType.ACCEPTED,
    ConditionType.RUNNING,
    ConditionType.SUSPENDED,
    ConditionType.COMPLETE,
    ConditionType.FAILED,
    ConditionType.FINISHED,
    ConditionType.READY,
    ConditionType.RECONCILING,
    ConditionType.STALLED,
)


def true_conditions(
    phase: Phase, *, accepted: bool, degraded: bool, waits: bool = False
) -> frozenset[ConditionType]:
    """Return the conditions that hold; the others are False.

    A job that is not accepted is Stalled, unless it `waits` for something that is on its way.
    """
    held = set[ConditionType]()
    if accepted:
        held.add(ConditionType.ACCEPTED)
    if degraded:
        held.add(ConditionType.DEGRADED)
    match phase:
        case Phase.RUNNING:
            held |= {ConditionType.RUNNING, ConditionType.READY}
        case Phase.SUSPENDED:
            held |= {ConditionType.SUSPENDED, ConditionType.READY}
        case Phase.COMPLETE:
            held |= {ConditionType.COMPLETE, ConditionType.FINISHED, ConditionType.READY}
        case Phase.FAILED:
            held |= {ConditionType.FAILED, ConditionType.FINISHED, ConditionType.STALLED}
        case Phase.PENDING:
            is_stuck = not accepted and not waits
            held.add(ConditionType.STALLED if is_stuck else ConditionType.RECONCILING)
    return frozenset(held)


def build_conditions(
    held: frozenset[ConditionType],
    *,
    reason: str,
    messages: Mapping[ConditionType, str],
    before: Iterable[Condition],
    generation: int,
    now: datetime,
) -> list[Condition]:
    """Return all conditions in a fixed order.

    Args:
        held: Those that are True.
        reason: Why the job is in its phase; the reason of every condition that is True.
        messages: Sentences for conditions that have one to say.
        before: The conditions so far; a transition time changes with the truth only.
        generation: The generation that they are about.
        now: Time of a transition; whole seconds.
    """
    known = {condition.type: condition for condition in before}
    kinds = [*_ALWAYS]
    if ConditionType.DEGRADED in held or ConditionType.DEGRADED in known:
        kinds.append(ConditionType.DEGRADED)
    conditions = []
    for kind in kinds:
        status = ConditionStatus.TRUE if kind in held else ConditionStatus.FALSE
        old = known.get(kind)
        is_same = old is not None and old.status is status
        conditions.append(
            Condition(
                type=kind,
                status=status,
                reason=_reason(kind, reason, holds=kind in held, speaks=kind in messages),
                message=messages.get(kind, ""),
                last_transition_time=old.last_transition_time if old and is_same else now,
                observed_generation=generation,
            )
        )
    return conditions


def _reason(kind: ConditionType, reason: str, *, holds: bool, speaks: bool) -> str:
    if kind is ConditionType.DEGRADED and holds:
        return "Obstructed"
    if kind is ConditionType.ACCEPTED and holds:
        return "Valid"
    return reason if holds or speaks else f"Not{kind.value}"
