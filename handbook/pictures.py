"""Draw the pictures of docs/explanation from what the strategies really do.

    python -m handbook.pictures

Each shows a job in virtual time, decided by the operator's own `decide()`. A change of a strategy
may change a picture, so they are not compared: draw them anew when a strategy changes.
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from handbook.svg import BLUE, GREEN, GREY, ORANGE, Panel, drawing
from kubetune.api.parameters import ParameterValue
from kubetune.api.trial import TrialState
from kubetune.api.validation import parse_spec
from kubetune.core.trial import Trial
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Training, train_along

FOLDER = Path("docs/explanation/pictures")

_STEPS = 27
_OUTCOMES = {
    TrialState.SUCCEEDED: (BLUE, "trained to the end"),
    TrialState.EARLY_STOPPED: (GREY, "stopped early"),
}


def pictures() -> Mapping[str, Callable[[], str]]:
    """Return what draws each picture, by file name."""
    return {
        "points.svg": _points,
        "bayesian.svg": _bayesian,
        "hyperband.svg": _hyperband,
        "median.svg": _median,
    }


def main() -> int:
    """Draw all pictures into the folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in pictures().items():
        (FOLDER / name).write_text(draw(), "utf-8")
        sys.stdout.write(f"drew {FOLDER / name}\n")
    return 0


def _job(strategy: Mapping[str, Any], parameters: Sequence[Any], **rest: Any) -> Mapping[str, Any]:
    container = {"name": "train", "image": "any", "args": ["$(trial.resource)"]}
    if strategy["type"] != "Hyperband":
        del container["args"]
    template = {"spec": {"template": {"spec": {"containers": [container]}}}}
    return {
        "objective": {"metric": "value", "goal": "Maximize"},
        "parameters": list(parameters),
        "strategy": strategy,
        "trial": {"template": template},
        **rest,
    }


def _run(job: Mapping[str, Any], training: Training, *, seed: int = 5) -> Sequence[Trial]:
    simulation = Simulation(parse_spec(job), training, seed=seed)
    simulation.run()
    return [simulation.trials[index] for index in sorted(simulation.trials)]


def _points() -> str:
    """Where the three simple strategies put 25 points: an important and a useless parameter."""
    axes = [{"name": name, "type": "Float", "min": 0, "max": 1, "step": 0.25} for name in "xy"]
    smooth = [{"name": name, "type": "Float", "min": 0, "max": 1} for name in "xy"]
    limits = {"limits": {"maxTrials": 25, "maxParallelTrials": 25}}
    quasi = {"type": "Random", "random": {"sequence": "Quasirandom"}}
    jobs = {
        "Grid": _job({"type": "Grid"}, axes, **limits),
        "Random": _job({"type": "Random"}, smooth, **limits),
        "Random, Quasirandom": _job(quasi, smooth, **limits),
    }
    flat = train_along(lambda _, _point, _step: 0.0, steps=1)
    panels = []
    for place, (title, job) in enumerate(jobs.items()):
        panel = Panel(left=40 + 235 * place, top=40, width=200, height=200, title=title)
        for trial in _run(job, flat):
            x, y = float(trial.parameters["x"]), float(trial.parameters["y"])
            panel.dot(x, y, BLUE)
            panel.line([(x, -0.06), (x, -0.03)], ORANGE)
        panel.say_below("learning rate", "dropout")
        panels.append(panel)
    return drawing("Where 25 trials go", panels, width=740, height=300)


def _bayesian() -> str:
    """The order in which Bayesian search tries a curve with two hills."""

    def hills(x: float) -> float:
        low = 0.6 * math.exp(-(((x - 0.25) / 0.12) ** 2))
        return low + math.exp(-(((x - 0.72) / 0.09) ** 2))

    job = _job(
        {"type": "Bayesian"},
        [{"name": "x", "type": "Float", "min": 0, "max": 1}],
        limits={"maxTrials": 16, "maxParallelTrials": 1},
    )
    trials = _run(job, train_along(lambda _, point, _step: hills(float(point["x"])), steps=1))
    panels = []
    for place, count in enumerate((5, 10, 16)):
        panel = Panel(left=40 + 235 * place, top=40, width=200, height=200, title=f"{count} trials")
        panel.line([(x / 100, hills(x / 100) / 1.1) for x in range(101)], GREY)
        for trial in trials[:count]:
            x = float(trial.parameters["x"])
            is_new = trial.index >= count - 5 and count > 5  # noqa: PLR2004  as the legend says
            panel.dot(x, hills(x) / 1.1, ORANGE if is_new else BLUE)
        panel.say_below("learning rate", "accuracy")
        panels.append(panel)
    note = "orange: the latest trials; grey: the truth, which the search does not know"
    return drawing("Where Bayesian search looks", panels, width=740, height=310, note=note)


def _curve(_index: int, point: Mapping[str, ParameterValue], step: int) -> float:
    rate = math.log10(float(point["learning_rate"]) / 0.02)
    final = 0.97 - 0.11 * rate**2
    return max(0.05, final * (1 - math.exp(-step / (2.5 + 5 * max(0.0, -rate)))))


_RATE = {"name": "learning_rate", "type": "Float", "min": 0.0001, "max": 1, "scale": "Log"}


def _hyperband() -> str:
    """The curves of a Hyperband job, cut off where trials were stopped."""
    settings = {"minResource": 1, "maxResource": _STEPS, "brackets": 1}
    job = _job(
        {"type": "Hyperband", "hyperband": settings},
        [_RATE],
        limits={"maxTrials": 24, "maxParallelTrials": 4},
    )
    trials = _run(job, train_along(_curve, steps=_STEPS))
    panel = Panel(left=60, top=40, width=640, height=260, title="")
    for rung in (1, 3, 9):
        panel.line([(rung / _STEPS, 0), (rung / _STEPS, 1)], ORANGE, dashed=True)
        panel.text(rung / _STEPS, 1.02, f"rung {rung}")
    _draw_curves(panel, trials)
    return drawing("Hyperband with 24 trials", [panel], width=740, height=360, note=_legend())


def _median() -> str:
    """The curves of a random job with the median rule, and the median that it compares with."""
    job = _job(
        {"type": "Random"},
        [_RATE],
        limits={"maxTrials": 24, "maxParallelTrials": 4},
        earlyStopping={"type": "Auto"},
    )
    trials = _run(job, train_along(_curve, steps=_STEPS))
    panel = Panel(left=60, top=40, width=640, height=260, title="")
    _draw_curves(panel, trials)
    panel.line(
        [(step / _STEPS, _median_at(trials, step)) for step in range(1, _STEPS + 1)],
        ORANGE,
        width=3,
        dashed=True,
    )
    note = f"{_legend()}; orange: the median of the finished trials' running averages, at the end"
    return drawing("The median rule with 24 trials", [panel], width=740, height=360, note=note)


def _draw_curves(panel: Panel, trials: Iterable[Trial]) -> None:
    for trial in sorted(trials, key=lambda trial: trial.state is TrialState.SUCCEEDED):
        colour, _ = _OUTCOMES.get(trial.state, (GREEN, ""))
        curve = [(seen.step / _STEPS, seen.value) for seen in trial.observations]
        panel.line(curve, colour)
        panel.dot(*curve[-1], colour)
    panel.say_below("epochs", "accuracy")


def _median_at(trials: Iterable[Trial], step: int) -> float:
    done = [trial for trial in trials if trial.state is TrialState.SUCCEEDED]
    sums = [sum(seen.value for seen in trial.observations[:step]) for trial in done]
    return median(total / step for total in sums)


def _legend() -> str:
    return "; ".join(
        f"{'blue' if colour is BLUE else 'grey'}: {words}" for colour, words in _OUTCOMES.values()
    )


if __name__ == "__main__":
    sys.exit(main())
