"""A cluster in virtual time: trials start, report, fail and end as events in a queue."""

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import takewhile

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, TuningJobSpec
from kubetune.core.decision import Promotion, Suggestion
from kubetune.core.gpus import gpu_counter
from kubetune.core.objective import final_value, to_score
from kubetune.core.trial import Observation, Trial
from kubetune.simulator.life import Life, decisive_levels
from kubetune.simulator.mark import Mark
from kubetune.simulator.training import Attempt, Report, Training
from kubetune.simulator.weather import Weather, draw_fate

START = datetime(2000, 1, 1, tzinfo=UTC)
"""When virtual time starts."""


class VirtualCluster:
    """The trials of one job, with everything that happens to them but decisions.

    Attributes:
        trials: The trials by index.
        clock: Virtual seconds since the start.
        steps: Steps that all attempts of all trials used together.
        finished: Indices of the trials that have ended, in that order.
        peaks: How the best value that any trial ever reported came about, in the order of time.
        rested: Indices of the trials that have ended or paused, in that order; a trial stands there
            once for each rung.
    """

    def __init__(
        self, training: Training, spec: TuningJobSpec, *, seed: int, weather: Weather
    ) -> None:
        self.trials: dict[int, Trial] = {}
        self.clock = 0.0
        self.steps = 0
        self.finished: list[int] = []
        self.peaks: list[Mark] = []
        self.rested: list[int] = []
        self._training = training
        self._objective = spec.objective
        self._hyperband = spec.strategy.hyperband
        self._seed = seed
        self._weather = weather
        self._levels = decisive_levels(spec)
        self._gpus = gpu_counter(spec)
        self._lives: dict[int, Life] = {}
        self._queue: list[tuple[float, int, Callable[[], bool]]] = []
        self._queued = 0
        self._spent = 0.0  # seconds of pods that are gone

    @property
    def now(self) -> datetime:
        """The present moment."""
        return START + timedelta(seconds=self.clock)

    @property
    def cost(self) -> float:
        """Seconds that all pods together have used, those that are still there included."""
        return self._spent + sum(self.clock - life.began for life in self._lives.values())

    @property
    def next_at(self) -> float | None:
        """When the next event happens; None if nothing will happen any more."""
        return self._queue[0][0] if self._queue else None

    def mark(self, index: int, value: float) -> Mark:
        """Return the present moment as that of a trial's value."""
        return Mark(
            seconds=self.clock,
            cost=self.cost,
            steps=self.steps,
            finished=len(self.finished),
            index=index,
            value=value,
        )

    def advance(self) -> bool:
        """Let the next event happen; return True if a decision may depend on what has changed."""
        self.clock, _, event = heapq.heappop(self._queue)
        return event()

    def wake_at(self, seconds: float) -> None:
        """Let there be an event at that moment, or at once if it has passed."""
        self._after(max(seconds - self.clock, 0.0), lambda: True)

    def launch(self, suggestion: Suggestion) -> None:
        """Start a new trial."""
        trial = Trial(
            index=suggestion.index,
            name=f"trial-{suggestion.index}",
            parameters=suggestion.parameters,
            state=TrialState.PENDING,
            resource=suggestion.resource,
            bracket=suggestion.bracket,
            holds_slot=True,
        )
        self.trials[trial.index] = trial
        self._begin(trial, number=0, began=self.clock)

    def promote(self, promotion: Promotion) -> None:
        """Start a Paused trial again, towards its next rung."""
        trial = replace(
            self.trials[promotion.index],
            state=TrialState.PENDING,
            resource=promotion.resource,
            observations=(),
            value=None,
            started_at=None,
            finished_at=None,
            holds_slot=True,
        )
        self.trials[trial.index] = trial
        self._begin(trial, number=0, began=self.clock)

    def stop(self, index: int, state: TrialState) -> None:
        """End a trial that has not finished; it keeps its slot until its pod is gone."""
        trial = self.trials[index]
        if trial.state is TrialState.PAUSED:
            # When its training ended stays as it is.
            self.trials[index] = replace(trial, state=state)
            self.finished.append(index)
            self.rested.append(index)
            return
        self._finish(self._lives[index], state, holds_slot=True)
        self._after(self._weather.stop_delay, partial(self._leave, index))

    def _after(self, seconds: float, event: Callable[[], bool]) -> None:
        self._queued += 1
        heapq.heappush(self._queue, (self.clock + seconds, self._queued, event))

    def _begin(self, trial: Trial, *, number: int, began: float) -> None:
        """Start an attempt of a Pending trial."""
        restarts = self._hyperband is not None and self._hyperband.restart_promoted
        attempt = Attempt(
            index=trial.index,
            parameters=trial.parameters,
            resource=trial.resource,
            number=number,
            seed=self._seed,
            trained=trial.rungs[-1].step if trial.rungs and not restarts else 0,
        )
        life = Life(
            began=began,
            attempt=attempt,
            fate=draw_fate(attempt, self._weather),
            reports=self._reports(attempt),
            step=attempt.trained,
        )
        self._lives[trial.index] = life
        if self._weather.start_delay > 0:
            self._after(self._weather.start_delay, partial(self._train, life))
        else:
            self._train(life)

    def _reports(self, attempt: Attempt) -> Iterator[Report]:
        """Yield what an attempt reports: from its checkpoint, to its rung if trials end there."""
        reports = (r for r in self._training(attempt) if r.step > attempt.trained)
        most = attempt.resource
        if self._hyperband is None or not self._hyperband.mode.pauses or most is None:
            return reports
        return takewhile(lambda report: report.step <= most, reports)

    def _train(self, life: Life) -> bool:
        """Let the training start."""
        if life.is_over:
            return False
        index = life.attempt.index
        running = replace(self.trials[index], state=TrialState.RUNNING, started_at=self.now)
        self.trials[index] = running
        self._await_report(life)
        return True

    def _await_report(self, life: Life) -> bool:
        """Let the next report come; return True if there is none and the trial has ended."""
        report = next(life.reports, None)
        if report is None:
            self._end(life)
            return True
        number, fate = life.count + 1, life.fate
        event = partial(self._report, life, report)
        if number == fate.lost_at:
            event = partial(self._disrupt, life)
        elif number == fate.fails_at or report.value is None:
            event = partial(self._fail, life)
        self._after(report.seconds * fate.slowness, event)
        return False

    def _report(self, life: Life, report: Report) -> bool:
        if life.is_over:
            return False
        before = life.step
        self.steps += report.step - before
        life.count, life.step, life.is_finite = life.count + 1, report.step, report.is_finite
        if report.value is not None and report.is_finite:
            trial = self.trials[life.attempt.index]
            seen = Observation(step=report.step, value=report.value)
            self.trials[trial.index] = replace(trial, observations=(*trial.observations, seen))
            goal = self._objective.goal
            if not self.peaks or to_score(seen.value, goal) > to_score(self.peaks[-1].value, goal):
                self.peaks.append(self.mark(trial.index, seen.value))
        return self._await_report(life) or self._tells(before, report.step)

    def _tells(self, before: int, step: int) -> bool:
        """True if a stopping rule looks at what was reported between these steps."""
        levels = self._levels
        return levels is None or bisect_right(levels, before) < bisect_right(levels, step)

    def _disrupt(self, life: Life) -> bool:
        """Take the pod away; the trial runs again from its beginning."""
        if life.is_over:
            return False
        life.is_over = True
        index = life.attempt.index
        waiting = replace(
            self._accounted(self.trials[index]),
            state=TrialState.PENDING,
            observations=(),
            started_at=None,
        )
        self.trials[index] = waiting
        self._begin(waiting, number=life.attempt.number + 1, began=life.began)
        return True

    def _fail(self, life: Life) -> bool:
        if life.is_over:
            return False
        self._finish(life, TrialState.FAILED)
        return True

    def _end(self, life: Life) -> None:
        """End a training that has come to its end; its reports say what it is worth."""
        seen = self.trials[life.attempt.index].observations
        is_last = self._objective.value is FinalValue.LAST
        if life.count and not life.is_finite and (is_last or not seen):
            self._finish(life, TrialState.FAILED)
        elif not seen:
            self._finish(life, TrialState.METRICS_UNAVAILABLE)
        elif self._is_below_top(life.attempt):
            self._pause(life)
        else:
            self._finish(life, TrialState.SUCCEEDED)

    def _is_below_top(self, attempt: Attempt) -> bool:
        settings, resource = self._hyperband, attempt.resource
        if settings is None or not settings.mode.pauses or resource is None:
            return False
        return resource < settings.top

    def _pause(self, life: Life) -> None:
        """Let a trial that was trained to its rung wait there; its pod is gone at once."""
        index = life.attempt.index
        trial = self._accounted(self.trials[index])
        level = life.attempt.resource or 0
        series = (*trial.rungs, *trial.observations)
        value = final_value(series, self._objective.value, self._objective.goal)
        rung = Observation(step=level, value=value if value is not None else 0.0)
        self.trials[index] = replace(
            trial,
            state=TrialState.PAUSED,
            value=value,
            rungs=(*(seen for seen in trial.rungs if seen.step < level), rung),
            finished_at=self.now,
            holds_slot=False,
        )
        self.rested.append(index)
        life.is_over = True
        self._spent += self.clock - self._lives.pop(index).began

    def _finish(self, life: Life, state: TrialState, *, holds_slot: bool = False) -> None:
        index, value = life.attempt.index, None
        trial = self._accounted(self.trials[index])
        if state is not TrialState.FAILED:
            series = (*trial.rungs, *trial.observations)
            value = final_value(series, self._objective.value, self._objective.goal)
        self.trials[index] = replace(
            trial, state=state, value=value, finished_at=self.now, holds_slot=holds_slot
        )
        self.finished.append(index)
        self.rested.append(index)
        life.is_over = True
        if not holds_slot:
            self._spent += self.clock - self._lives.pop(index).began

    def _accounted(self, trial: Trial) -> Trial:
        """Return a trial whose attempt ends now, with what its GPUs did; in whole seconds."""
        gpus = self._gpus(trial.parameters)
        if gpus == 0 or trial.started_at is None:
            return trial
        seconds = math.ceil((self.now - trial.started_at).total_seconds())
        return replace(trial, gpu_seconds=trial.gpu_seconds + gpus * seconds)

    def _leave(self, index: int) -> bool:
        """Let a stopped trial's pod be gone: its slot is free."""
        self.trials[index] = replace(self.trials[index], holds_slot=False)
        self._spent += self.clock - self._lives.pop(index).began
        return True
