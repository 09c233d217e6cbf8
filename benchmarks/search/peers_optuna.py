"""Optuna's samplers, with their defaults."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import optuna

from benchmarks.search.problem import Point
from benchmarks.search.protocol import Task
from kubetune.api.parameters import ParameterSpec, ParameterType, Scale
from kubetune.core.scale import resolve_scale


class OptunaSolver:
    """A study in memory; what was asked for and not told is a running trial of it."""

    def __init__(self, task: Task, sampler: Callable[[int], Any]) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        self._study = optuna.create_study(direction="minimize", sampler=sampler(task.seed))
        self._space = {p.name: distribution(p) for p in task.problem.parameters}
        self._trials: dict[int, Any] = {}

    def ask(self, index: int) -> Point:
        """Return the study's next trial."""
        trial = self._study.ask(fixed_distributions=self._space)
        self._trials[index] = trial
        return dict(trial.params)

    def teach(self, points: Sequence[Point], values: Sequence[float]) -> None:
        """Take trials that have ended."""
        self._study.add_trials(
            optuna.trial.create_trial(
                params=dict(point), distributions=dict(self._space), value=value
            )
            for point, value in zip(points, values, strict=True)
        )

    def tell(self, index: int, point: Point, value: float) -> None:
        """End the study's trial."""
        self._study.tell(self._trials.pop(index), value)


def distribution(parameter: ParameterSpec) -> Any:
    """Return Optuna's distribution of a parameter.

    Raises:
        ValueError: Optuna has no such scale.
    """
    if parameter.type is ParameterType.CATEGORICAL:
        return optuna.distributions.CategoricalDistribution(parameter.values or [])
    scale = resolve_scale(parameter)
    if scale is Scale.REVERSE_LOG:
        raise ValueError(f"parameter {parameter.name}: Optuna has no scale {scale}")
    log = scale is Scale.LOG
    low, high = parameter.min or 0.0, parameter.max or 0.0
    if parameter.type is ParameterType.INTEGER:
        step = int(parameter.step or 1)
        return optuna.distributions.IntDistribution(int(low), int(high), log=log, step=step)
    return optuna.distributions.FloatDistribution(low, high, log=log, step=parameter.step)


def tpe(task: Task) -> OptunaSolver:
    """Tree-structured Parzen estimator, Optuna's default."""
    return OptunaSolver(task, lambda seed: optuna.samplers.TPESampler(seed=seed))


def gaussian_process(task: Task) -> OptunaSolver:
    """Optuna's Gaussian process."""
    return OptunaSolver(task, lambda seed: optuna.samplers.GPSampler(seed=seed))


def cma_es(task: Task) -> OptunaSolver:
    """CMA-ES; Optuna draws categories at random beside it."""
    return OptunaSolver(
        task, lambda seed: optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
    )
