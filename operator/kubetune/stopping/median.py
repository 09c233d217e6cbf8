"""The median rule: stop a trial that is worse than the middle of what completed trials had by then.

Symbols: s the last step that the running trial reported; the running average of a completed trial
at s is the mean of its observations at steps up to s, inclusive.

Source: the description of early stopping in Amazon SageMaker's documentation ("How Early Stopping
Works"): the running trial's objective at s against the median of the running averages, up to s, of
all trials completed before. Trials that did not run to their end do not count: their averages would
say how early they were stopped. The minimum number of completed trials is an addition of ours.
"""

from bisect import bisect_right
from collections.abc import Sequence
from statistics import fmean, median

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.objective import final_value, to_score
from kubetune.core.trial import Trial

RULE = "median/v1"
# The median of one or two trials says little; three is the least that has a middle.
MIN_COMPLETED = 3


def stop_below_median(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return the Running trials that are worse than the median. See `StopFn`."""
    objective = spec.objective
    completed = [trial for trial in trials if trial.state is TrialState.SUCCEEDED]
    medians: dict[int, tuple[float, int] | None] = {}
    stops = []
    for trial in sorted(trials, key=lambda trial: trial.index):
        if trial.state is not TrialState.RUNNING or not trial.observations:
            continue
        step = trial.observations[-1].step
        if step not in medians:
            medians[step] = _median_at(completed, step)
        value = final_value(trial.observations, objective.value, objective.goal)
        found = medians[step]
        if found is None or value is None:
            continue
        threshold, population = found
        if to_score(value, objective.goal) < to_score(threshold, objective.goal):
            stops.append(
                StopTrial(
                    index=trial.index,
                    reason=f"{objective.metric} {value:g} at step {step} is worse than "
                    f"{threshold:g}, the median of the running averages of {population} "
                    "completed trials there",
                    evidence=Evidence(
                        rule=RULE,
                        step=step,
                        value=value,
                        threshold=threshold,
                        population=population + 1,
                    ),
                )
            )
    return stops


def _median_at(completed: Sequence[Trial], step: int) -> tuple[float, int] | None:
    """Return the median of the running averages at the step, and of how many trials.

    None with fewer than MIN_COMPLETED trials that reported anything by then.
    """
    averages = []
    for trial in completed:
        end = bisect_right(trial.observations, step, key=lambda observation: observation.step)
        if end:
            averages.append(fmean(o.value for o in trial.observations[:end]))
    if len(averages) < MIN_COMPLETED:
        return None
    return median(averages), len(averages)
