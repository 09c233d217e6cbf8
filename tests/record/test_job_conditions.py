from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.tuningjob_status import (
    Condition,
    ConditionStatus,
    ConditionType,
    Phase,
    TuningJobStatus,
)
from kubetune.record.conditions import build_conditions, true_conditions
from kubetune.record.status import JobVerdict, build_status, dump_status
from tests.controller.builders import NOW, later, make_body
from tests.controller.specs import make_spec
from tests.examples import examples
from tests.gitops import kstatus

WHOLE = NOW.replace(microsecond=0)

_held = st.frozensets(st.sampled_from(list(ConditionType)))


def conditions(
    held: frozenset[ConditionType], before: list[Condition], now: datetime
) -> list[Condition]:
    return build_conditions(
        held, reason="Because", messages={}, before=before, generation=1, now=now
    )


@examples(30)
@given(first=_held, second=_held)
def test_a_transition_time_changes_if_and_only_if_the_truth_changes(
    first: frozenset[ConditionType], second: frozenset[ConditionType]
) -> None:
    before = {c.type: c for c in conditions(first, [], WHOLE)}
    for condition in conditions(second, list(before.values()), later(60)):
        old = before.get(condition.type)
        is_same = old is not None and old.status is condition.status
        assert condition.last_transition_time == (WHOLE if is_same else later(60))


@examples(30)
@given(held=_held)
def test_there_is_one_condition_of_each_type_in_a_fixed_order(
    held: frozenset[ConditionType],
) -> None:
    kinds = [condition.type for condition in conditions(held, [], WHOLE)]
    everything = [c.type for c in conditions(frozenset(ConditionType), [], WHOLE)]
    assert kinds == [kind for kind in everything if kind in kinds]
    assert len(kinds) == len(set(kinds))


def test_degraded_is_listed_once_it_was_true_and_stays_listed() -> None:
    never = conditions(frozenset(), [], WHOLE)
    assert ConditionType.DEGRADED not in [c.type for c in never]
    was = conditions(frozenset({ConditionType.DEGRADED}), [], WHOLE)
    after = {c.type: c.status for c in conditions(frozenset(), was, later(5))}
    assert after[ConditionType.DEGRADED] is ConditionStatus.FALSE


@pytest.mark.parametrize(
    ("verdict", "want"),
    [
        pytest.param(JobVerdict(phase=Phase.RUNNING, reason="Tuning"), "Current", id="running"),
        pytest.param(
            JobVerdict(phase=Phase.SUSPENDED, reason="SuspendedByUser"), "Current", id="suspended"
        ),
        pytest.param(
            JobVerdict(phase=Phase.COMPLETE, reason="MaxTrialsReached"), "Current", id="complete"
        ),
        pytest.param(
            JobVerdict(phase=Phase.FAILED, reason="FirstTrialsFailed"), "Failed", id="failed"
        ),
        pytest.param(
            JobVerdict(phase=Phase.PENDING, reason="InvalidSpec", accepted=False),
            "Failed",
            id="refused",
        ),
        pytest.param(
            JobVerdict(phase=Phase.PENDING, reason="ParentNotFinished", accepted=False, waits=True),
            "InProgress",
            id="waiting for a parent",
        ),
        pytest.param(
            JobVerdict(phase=Phase.RUNNING, reason="Tuning", degraded="a fallback is used"),
            "Current",
            id="degraded",
        ),
    ],
)
def test_gitops_tools_read_the_job_as(verdict: JobVerdict, want: str) -> None:
    status = build_status(
        TuningJobStatus(), make_spec(), (), verdict, generation=1, plan=None, now=NOW
    )
    assert kstatus.read(make_body(status=dump_status(status))) == want


def test_gitops_tools_read_a_job_that_nobody_looked_at_as_in_progress() -> None:
    assert kstatus.read(make_body()) == "InProgress"


def test_gitops_tools_read_an_edit_that_nobody_looked_at_as_in_progress() -> None:
    verdict = JobVerdict(phase=Phase.COMPLETE, reason="MaxTrialsReached")
    status = build_status(
        TuningJobStatus(), make_spec(), (), verdict, generation=1, plan=None, now=NOW
    )
    assert kstatus.read(make_body(status=dump_status(status), generation=2)) == "InProgress"


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("accepted", [True, False])
def test_finished_is_true_at_every_end_and_at_no_other_time(phase: Phase, accepted: bool) -> None:  # noqa: FBT001  a parameter of the test
    held = true_conditions(phase, accepted=accepted, degraded=False)
    is_end = phase in (Phase.COMPLETE, Phase.FAILED)
    assert (ConditionType.FINISHED in held) == is_end
    assert not {ConditionType.READY, ConditionType.STALLED} <= held
