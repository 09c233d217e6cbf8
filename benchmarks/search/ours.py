"""Kubetune's own strategies, asked through the same `decide()` as in the operator."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.search.problem import Point
from benchmarks.search.protocol import Task
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.trial import Observation, Trial
from kubetune.core.warm_start import ParentRun
from kubetune.planner import decide

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE: Final = {
    "spec": {"template": {"spec": {"containers": [{"name": "train", "image": "train"}]}}}
}


def tuning_job(task: Task, strategy: Mapping[str, Any], **fields: Any) -> TuningJobSpec:
    """Return the spec of a job that minimises the problem; `fields` are further fields of it."""
    parameters = [
        parameter.model_dump(by_alias=True, exclude_none=True, mode="json")
        for parameter in task.problem.parameters
    ]
    return TuningJobSpec.model_validate(
        {
            "objective": {"metric": "loss", "goal": "Minimize"},
            "parameters": parameters,
            "strategy": dict(strategy),
            "limits": {"maxTrials": task.budget, "maxParallelTrials": task.workers},
            "trial": {"template": TEMPLATE},
            **fields,
        }
    )


class KubetuneSolver:
    """A tuning job: what was asked for is running, what was told has succeeded."""

    def __init__(
        self,
        task: Task,
        strategy: Mapping[str, Any],
        *,
        parents: Sequence[ParentRun] = (),
        **fields: Any,
    ) -> None:
        self._spec = tuning_job(task, strategy, **fields)
        self._parents = parents
        self._seed = task.seed
        self._trials: dict[int, Trial] = {}
        self._launched: deque[Suggestion] = deque()
        self._told = 0

    def ask(self, index: int) -> Point:
        """Return the next point that `decide()` launches; one decision may launch several.

        Raises:
            RuntimeError: `decide()` launched nothing, or fell back to random search.
        """
        if not self._launched:
            self._decide()
        suggestion = self._launched.popleft()
        if suggestion.index != index:
            raise RuntimeError(f"asked for trial {index}, got trial {suggestion.index}")
        return suggestion.parameters

    def teach(self, points: Sequence[Point], values: Sequence[float]) -> None:
        """Take trials 0, 1, … that have succeeded."""
        for index, (point, value) in enumerate(zip(points, values, strict=True)):
            self._start(index, point)
            self.tell(index, point, value)

    def tell(self, index: int, point: Point, value: float) -> None:
        """End the trial."""
        self._told += 1
        self._trials[index] = replace(
            self._trials[index],
            parameters=point,
            state=TrialState.SUCCEEDED,
            observations=(Observation(step=1, value=value),),
            value=value,
            finished_at=self._now(),
            holds_slot=False,
        )

    def _decide(self) -> None:
        decision = decide(
            self._spec,
            list(self._trials.values()),
            seed=self._seed,
            started_at=START,
            now=self._now(),
            parents=self._parents,
        )
        if decision.fallback is not None:
            raise RuntimeError(decision.fallback)
        if not decision.launch:
            raise RuntimeError(f"nothing was launched: {decision.outcome}")
        self._launched.extend(decision.launch)
        for suggestion in decision.launch:
            self._start(suggestion.index, suggestion.parameters)

    def _start(self, index: int, point: Point) -> None:
        self._trials[index] = Trial(
            index=index,
            name=f"trial-{index}",
            parameters=point,
            state=TrialState.RUNNING,
            started_at=self._now(),
            holds_slot=True,
        )

    def _now(self) -> datetime:
        return START + timedelta(seconds=self._told)
