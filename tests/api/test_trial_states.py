"""Trial states: which ones a trial never leaves."""

from kubetune.api.trial import TrialState


def test_a_trial_is_finished_in_every_state_but_pending_and_running() -> None:
    unfinished = {state for state in TrialState if not state.is_finished}

    assert unfinished == {TrialState.PENDING, TrialState.RUNNING}
