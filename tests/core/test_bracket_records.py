"""What brackets have brought: by the final values of trials that were trained to the end."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kubetune.api.strategy import HyperbandSettings
from kubetune.api.trial import TrialState
from kubetune.core.bracket_records import BracketRecord, bracket_records
from kubetune.core.trial import Trial
from tests.core.builders import make_spec, make_trial

SUCCEEDED = TrialState.SUCCEEDED
YARDSTICK = {2: [0.1, 0.2, 0.3, 0.4]}
"""Four trials of the last of three brackets, which trains to the end what it starts."""


def ended(values: Mapping[int, Sequence[float]]) -> list[Trial]:
    """Return trials that were trained to the end, with the values of each bracket."""
    flat = [(bracket, value) for bracket, own in values.items() for value in own]
    return [
        make_trial(i, SUCCEEDED, {9: value}, bracket=bracket)
        for i, (bracket, value) in enumerate(flat)
    ]


def records(trials: Sequence[Trial], *, goal: str = "Maximize", **settings: Any) -> list[Any]:
    hyperband = {"maxResource": 9, "brackets": 3, **settings}
    spec = make_spec("Hyperband", hyperband=hyperband, goal=goal)
    assert spec.strategy.hyperband is not None
    return list(bracket_records(spec.strategy.hyperband, trials, spec.objective))


def paying(got: Sequence[BracketRecord]) -> list[bool]:
    return [record.pays for record in got]


def test_a_bracket_needs_what_its_cost_would_have_found_otherwise() -> None:
    # Of 9 trials 3 go on from step 1 and 1 from step 3: 9 + 3 * 2 + 6 steps for one full training
    # of 9; from step 3 it is 3 * 3 + 6.
    got = records([])
    assert [record.needed for record in got] == pytest.approx([21 / 30, 15 / 24, 0.5])
    assert [record.first for record in got] == [1, 3, 9]


def test_trials_that_restart_at_every_rung_cost_more() -> None:
    got = records([], mode="Promotion", restartPromoted=True)
    assert got[0].needed == pytest.approx(27 / 36), "9 * 1 + 3 * 3 + 9"


@pytest.mark.parametrize(
    ("values", "want"),
    [
        pytest.param({}, [True, True, True], id="nothing is known"),
        pytest.param({0: [0.0]}, [True, True, True], id="nothing to measure by"),
        pytest.param({0: [0.0], 2: [0.5]}, [True, True, True], id="one to measure by"),
        pytest.param({0: [0.9], **YARDSTICK}, [True, True, True], id="better than all"),
        pytest.param({0: [0.35], **YARDSTICK}, [True, True, True], id="better than most"),
        pytest.param({0: [0.25], **YARDSTICK}, [False, True, True], id="average at a great cost"),
        pytest.param({0: [0.0], **YARDSTICK}, [False, False, True], id="worse than all"),
        pytest.param(
            {0: [0.0, 0.0], 1: [0.9, 0.9, 0.9], **YARDSTICK},
            [False, True, True],
            id="only the first one misleads",
        ),
        pytest.param(
            {0: [0.0, 0.9, 0.9, 0.9], **YARDSTICK}, [True, True, True], id="better in the end"
        ),
        pytest.param({1: [0.0], **YARDSTICK}, [True, False, True], id="the second one misleads"),
        pytest.param({0: [0.1] * 6, 2: [0.1] * 4}, [False, False, True], id="all are equal"),
    ],
)
def test_a_bracket_pays_while_its_trials_beat_enough_of_the_last_one(
    values: dict[int, Sequence[float]], want: list[bool]
) -> None:
    assert paying(records(ended(values))) == want


def test_minimising_is_maximising_mirrored() -> None:
    values: dict[int, Sequence[float]] = {0: [0.25], 1: [0.35], **YARDSTICK}
    mirrored = {bracket: [-value for value in own] for bracket, own in values.items()}
    assert records(ended(values)) == records(ended(mirrored), goal="Minimize")


def test_the_order_of_trials_does_not_matter() -> None:
    trials = ended({0: [0.25, 0.0], **YARDSTICK})
    assert records(trials) == records(trials[::-1])


def test_only_trials_that_were_trained_to_the_end_count() -> None:
    others = [
        make_trial(10 + i, state, bracket=0, value=0.0)
        for i, state in enumerate(TrialState)
        if state is not SUCCEEDED
    ]
    assert records([*ended(YARDSTICK), *others]) == records(ended(YARDSTICK))


def test_synchronous_brackets_of_a_kind_have_one_record() -> None:
    trials = ended({3: [0.0], 5: [0.1, 0.2], 8: [0.3, 0.4]})
    got = records(trials, mode="Synchronous", restartPromoted=True)
    assert [record.trained for record in got] == [1, 0, 4]
    assert paying(got) == [False, False, True]


def test_with_stopping_no_more_trials_count_than_the_steps_used_are_meant_for() -> None:
    # Four full trainings of 9 steps, and one trial stopped at step 1: 37 steps. By the table the
    # first bracket spends 21 on each, so the best two count.
    trials = [
        *ended({0: [0.9, 0.9, 0.0, 0.0], **YARDSTICK}),
        make_trial(20, TrialState.EARLY_STOPPED, {1: 0.1}, bracket=0),
    ]
    assert records(trials)[0].share == 1.0
    assert records(trials, mode="Promotion", restartPromoted=True)[0].share == 0.5


def test_one_bracket_alone_always_pays() -> None:
    settings = HyperbandSettings.model_validate({"maxResource": 9, "brackets": 1})
    objective = make_spec("Hyperband").objective
    (record,) = bracket_records(settings, ended({0: [0.0, 0.1, 0.2]}), objective)
    assert record.pays
