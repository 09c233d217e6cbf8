"""The median rule: stop a trial that is worse than the middle of what completed trials had by then.

Symbols: s the last step that the running trial reported; the running average of a completed trial
at s is the mean of its observations at steps up to s, inclusive.

Source: the description of early stopping in Amazon SageMaker's documentation ("How Early Stopping
Works"): the running trial's objective at s against the median of the running averages, up to s, of
all trials completed before. Trials that did not run to their end do not count: their averages would
say how early they were stopped. The minimum number of completed trials is an addition of ours.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import attrgetter
from statistics import median

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
    running = [
        trial for trial in trials if trial.state is TrialState.RUNNING and trial.observations
    ]
    averages = _running_averages(trials, {trial.observations[-1].step for trial in running})
    stops = []
    for trial in sorted(running, key=attrgetter("index")):
        step = trial.observations[-1].step
        value = final_value(trial.observations, objective.value, objective.goal)
        if value is None or len(averages[step]) < MIN_COMPLETED:
            continue
        threshold = median(averages[step])
        if to_score(value, objective.goal) < to_score(threshold, objective.goal):
            evidence = Evidence(
                rule=RULE,
                step=step,
                value=value,
                threshold=threshold,
                population=len(averages[step]) + 1,
            )
            reason = (
                f"{objective.metric} {value:g} at step {step} is worse than {threshold:g}, the "
                f"median of the running averages of {len(averages[step])} completed trials there"
            )
            stops.append(StopTrial(index=trial.index, reason=reason, evidence=evidence))
    return stops


def _running_averages(trials: Sequence[Trial], steps: Iterable[int]) -> dict[int, list[float]]:
    """Return, for each step, the running averages of all trials that Succeeded.

    A trial that had reported nothing by that step has none there.
    """
    averages: dict[int, list[float]] = {step: [] for step in steps}
    for trial in trials:
        if trial.state is not TrialState.SUCCEEDED:
            continue
        reported = [observation.step for observation in trial.observations]
        totals = list(accumulate(observation.value for observation in trial.observations))
        for step, known in averages.items():
            count = bisect_right(reported, step)
            if count:
                known.append(totals[count - 1] / count)
    return averages
