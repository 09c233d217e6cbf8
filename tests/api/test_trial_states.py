"""Trial states: which ones a trial never leaves."""

from kubetune.api.trial import TrialState


def test_a_trial_is_finished_in_every_state_but_pending_running_and_paused() -> None:
    unfinished = {state for state in TrialState if not state.is_finished}

    assert unfinished == {TrialState.PENDING, TrialState.RUNNING, TrialState.PAUSED}


def test_nothing_of_a_paused_trial_needs_to_run() -> None:
    assert {state for state in TrialState if not state.is_idle} == {
        TrialState.PENDING,
        TrialState.RUNNING,
    }
