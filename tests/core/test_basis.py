"""What a suggestion was made from, in three facts."""

from dataclasses import replace

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.basis import basis_of
from kubetune.core.trial import Trial
from tests.core.builders import make_trial

TRIALS = [
    make_trial(0, TrialState.SUCCEEDED, [0.5]),
    make_trial(1, TrialState.RUNNING, [0.1]),
    make_trial(3, TrialState.FAILED),
]


def test_it_counts_the_finished_trials_and_names_the_first_new_one() -> None:
    basis = basis_of(TRIALS, first=4)
    assert (basis.first, basis.finished) == (4, 2)
    assert len(basis.digest) == 16


def test_the_order_of_the_trials_and_what_running_ones_report_do_not_matter() -> None:
    running = make_trial(1, TrialState.RUNNING, [0.1, 0.9])
    assert basis_of([TRIALS[2], running, TRIALS[0]], first=4) == basis_of(TRIALS, first=4)


def test_a_whole_number_is_the_same_as_a_float() -> None:
    whole = replace(TRIALS[0], value=1)
    assert basis_of([whole], first=1) == basis_of([replace(TRIALS[0], value=1.0)], first=1)


@pytest.mark.parametrize(
    "other",
    [
        TRIALS[:2],
        [*TRIALS[:2], make_trial(3, TrialState.STOPPED)],
        [make_trial(0, TrialState.SUCCEEDED, [0.5000001]), *TRIALS[1:]],
        [TRIALS[0], make_trial(1, TrialState.SUCCEEDED, [0.1]), TRIALS[2]],
        [TRIALS[0], make_trial(2, TrialState.RUNNING, [0.1]), TRIALS[2]],
    ],
    ids=["a trial less", "another state", "another value", "one more finished", "another index"],
)
def test_another_history_has_another_digest(other: list[Trial]) -> None:
    assert basis_of(other, first=4).digest != basis_of(TRIALS, first=4).digest
