"""What trials were trained, and what early stopping saved, by what they really used."""

from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.gpus import gpu_hours_saved
from kubetune.core.steps import all_steps_saved, steps_used
from kubetune.core.trial import Trial
from tests.core.builders import make_spec, make_trial

SUCCEEDED, EARLY, PAUSED = TrialState.SUCCEEDED, TrialState.EARLY_STOPPED, TrialState.PAUSED
CHECKPOINT: dict[str, Any] = {"checkpoint": {"persistentVolumeClaim": {"claimName": "models"}}}
GPU = {"name": "train", "image": "i", "resources": {"limits": {"nvidia.com/gpu": 1}}}


def a_spec(mode: str = "Stopping", *, restarts: bool = False) -> TuningJobSpec:
    settings: dict[str, Any] = {"maxResource": 9, "mode": mode}
    if restarts:
        settings["restartPromoted"] = True
    pauses = mode != "Stopping" and not restarts
    return make_spec(
        "Hyperband",
        hyperband=settings,
        trial={"template": {"spec": {"template": {"spec": {"containers": [GPU]}}}}},
        **(CHECKPOINT if pauses else {}),
    )


# Left at rung 1, at rung 3, and trained to the end; each as it is recorded.
FIRST = make_trial(0, EARLY, {1: 0.1}, rungs={1: 0.1}, resource=1)
SECOND = make_trial(1, EARLY, {2: 0.2, 3: 0.3}, rungs={1: 0.1, 3: 0.3}, resource=3)
WHOLE = make_trial(2, SUCCEEDED, {4: 0.4, 9: 0.9}, rungs={1: 0.1, 3: 0.3}, resource=9)


@pytest.mark.parametrize(
    ("spec", "used", "saved"),
    [
        pytest.param(a_spec("Promotion"), [1, 3, 9], 8 + 6, id="promotion goes on"),
        pytest.param(a_spec("Synchronous"), [1, 3, 9], 8 + 6, id="synchronous goes on"),
        pytest.param(
            a_spec("Promotion", restarts=True), [1, 1 + 3, 1 + 3 + 9], 8 + 5 - 4, id="restarts"
        ),
    ],
)
def test_trials_that_pause_used_what_they_were_trained(
    spec: TuningJobSpec, used: list[int], saved: int
) -> None:
    trials = [FIRST, SECOND, WHOLE]
    assert [steps_used(spec, trial) for trial in trials] == used
    assert all_steps_saved(spec, trials) == saved
    assert sum(used) + saved == 3 * 9


def test_without_pauses_a_stopped_trial_would_have_used_the_whole_resource() -> None:
    stopped = make_trial(1, EARLY, {1: 0.1, 3: 0.2}, resource=9)
    assert all_steps_saved(a_spec(), [stopped, make_trial(0, SUCCEEDED, {9: 0.9})]) == 6


def test_a_trial_that_reported_beyond_its_resource_costs_no_savings() -> None:
    assert all_steps_saved(a_spec(), [make_trial(1, EARLY, {30: 0.1}, resource=9)]) == 0


def test_without_hyperband_a_whole_trial_is_as_long_as_those_that_succeeded() -> None:
    spec = make_spec("Random", earlyStopping={"type": "Auto"})
    stopped = make_trial(1, EARLY, {4: 0.1})
    ended = [make_trial(2, SUCCEEDED, {n: 0.5}) for n in (10, 8, 30)]
    assert all_steps_saved(spec, [stopped, *ended]) == 6
    assert all_steps_saved(spec, [stopped]) is None


@pytest.mark.parametrize("trial", [WHOLE, make_trial(3, PAUSED, rungs={1: 0.1}, resource=1)])
def test_nothing_is_saved_while_nothing_was_stopped(trial: Trial) -> None:
    assert all_steps_saved(a_spec("Promotion"), [trial]) is None


def test_gpu_hours_are_saved_at_the_pace_of_the_last_attempt() -> None:
    # Its last attempt trained the steps 2 and 3 in an hour: half an hour a step, and 6 are missing.
    trial = make_trial(1, EARLY, {2: 0.2, 3: 0.3}, rungs={1: 0.1, 3: 0.3}, finished=3600)
    assert gpu_hours_saved(a_spec("Promotion"), [trial]) == pytest.approx(6 * 0.5)
    # From its beginning it trained 3 steps in that hour; 1 + 3 of 9 are used.
    restarted = a_spec("Promotion", restarts=True)
    assert gpu_hours_saved(restarted, [trial]) == pytest.approx(5 / 3)
