"""Steps: what trials were trained, and what early stopping saved of it."""

from collections.abc import Iterable
from statistics import median_low

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.trial import Trial


def steps_used(spec: TuningJobSpec, trial: Trial) -> int:
    """Return the steps that a trial was trained, those of earlier rungs included.

    Where promoted trials restart, each rung cost all of its steps anew.
    """
    if not _restarts(spec):
        return trial.trained
    at_rungs = {rung.step for rung in trial.rungs}
    last = trial.observations[-1].step if trial.observations else 0
    # A Paused trial's last report is that of its last rung.
    return sum(at_rungs) + (0 if trial.state.is_idle and last in at_rungs else last)


def last_attempt_steps(spec: TuningJobSpec, trial: Trial) -> int:
    """Return the steps of a finished trial's last attempt; at least 1."""
    before = [rung.step for rung in trial.rungs if rung.step < trial.trained]
    begun_at = 0 if _restarts(spec) else max(before, default=0)
    return max(trial.trained - begun_at, 1)


def usual_steps(trials: Iterable[Trial]) -> int | None:
    """Return how long the trials that Succeeded were in the middle; None if none did."""
    lengths = [t.trained for t in trials if t.state is TrialState.SUCCEEDED and t.trained]
    return median_low(lengths) if lengths else None


def steps_saved(spec: TuningJobSpec, trial: Trial, usual: int | None) -> int:
    """Return how many steps less a trial was trained than if nothing stopped or paused trials.

    Negative for one that restarted at its rungs and went on to the end; 0 where it cannot be told.

    Args:
        spec: The wish.
        trial: A trial.
        usual: Steps of a whole trial where the spec does not say: `usual_steps`.
    """
    settings = spec.strategy.hyperband
    whole = settings.top if settings is not None else trial.resource or usual
    if whole is None or not trial.trained:
        return 0
    missing = whole - steps_used(spec, trial)
    if trial.state is TrialState.EARLY_STOPPED:
        # One that reported beyond its resource is no loss.
        return missing if _restarts(spec) else max(missing, 0)
    # One that Succeeded sooner by itself was not stopped.
    return min(missing, 0) if trial.state is TrialState.SUCCEEDED and _restarts(spec) else 0


def all_steps_saved(spec: TuningJobSpec, trials: Iterable[Trial]) -> int | None:
    """Return the steps that early stopping saved; None if it stopped none, or it cannot be told."""
    known = list(trials)
    usual = usual_steps(known)
    if not any(trial.state is TrialState.EARLY_STOPPED for trial in known):
        return None
    if usual is None and spec.strategy.hyperband is None:
        return None
    return max(sum(steps_saved(spec, trial, usual) for trial in known), 0)


def _restarts(spec: TuningJobSpec) -> bool:
    settings = spec.strategy.hyperband
    return settings is not None and settings.restart_promoted
