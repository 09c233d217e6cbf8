"""What a user asked for and what it means, in sentences, read off the spec as it is written.

The spec is read as JSON and not as a model: an older command must explain the jobs of a newer
operator, and one that was refused as well.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubetune.cli.objects import Plan
from kubetune.cli.render.page import plural
from kubetune.cli.render.wording import clean, number

_STRATEGIES = {
    "Grid": "Grid: every combination once",
    "Random": "Random: independent points",
    "Bayesian": "Bayesian: points from which a model of the results so far expects most",
    "Hyperband": "Hyperband: many points, of which the worse ones get few steps",
}


def asked(spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a spec asks for: the objective, the space, the strategy, stopping and limits."""
    objective = _part(spec, "objective")
    verb = "Minimize" if objective.get("goal") == "Minimize" else "Maximize"
    value = ", each trial by its best step" if objective.get("value") == "Best" else ""
    yield f"{verb} {clean(str(objective.get('metric', '?')))}{value}, over:"
    for parameter in spec.get("parameters") or []:
        yield f"  {_parameter(parameter)}"
    yield _strategy(_part(spec, "strategy"))
    start = _part(spec, "warmStart")
    if start.get("from"):
        parents = ", ".join(clean(str(name)) for name in start["from"])
        yield f"Warm start from {parents} ({start.get('type', '?')})"
    first = spec.get("initialTrials") or []
    if first:
        yield f"Tried first: {plural(len(first), 'point')} that the spec names"
    stopping = _part(spec, "earlyStopping")
    if stopping.get("type") == "Auto":
        yield f"Early stopping by the median rule{_median(_part(stopping, 'median'))}"
    limits = ", ".join(_limits(_part(spec, "limits")))
    yield f"Limits: {limits}"
    ends = ", or when ".join(_completion(_part(spec, "completion")))
    if ends:
        yield f"Complete when {ends}"


def planned(plan: Plan) -> Iterator[str]:
    """Yield what the operator made of the spec before the first trial."""
    points = (
        "infinitely many points" if plan.combinations is None else f"{plan.combinations} points"
    )
    trials = "any number of trials" if plan.trials is None else f"{plan.trials} trials at most"
    yield f"{points}, {trials}"
    if plan.max_resource is not None and plan.max_resource.found_in is not None:
        yield f"{plan.max_resource.steps} steps at most, from {plan.max_resource.found_in}"
    if plan.rungs:
        rungs = ", ".join(f"step {rung.step}: {rung.share}" for rung in plan.rungs[:-1])
        yield f"{rungs} go on; step {plan.rungs[-1].step}: end"
    if plan.max_steps is not None:
        expected = "" if plan.expected_steps is None else f"about {plan.expected_steps} expected, "
        yield f"steps: {expected}{plan.max_steps} if no trial were stopped"
    if plan.max_gpu_hours is not None:
        about = plan.expected_gpu_hours
        expected = "" if about is None else f"about {number(about)} expected, "
        yield f"GPU-hours: {expected}{number(plan.max_gpu_hours)} at most"


def _part(spec: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    part = spec.get(field)
    return part if isinstance(part, Mapping) else {}


def _parameter(parameter: Mapping[str, Any]) -> str:
    name = clean(str(parameter.get("name", "?")))
    if parameter.get("type") == "Categorical":
        values = " | ".join(clean(str(value)) for value in parameter.get("values") or [])
        return f"{name}: {values}"
    step = f" in steps of {parameter['step']:g}" if parameter.get("step") else ""
    scale = f", {parameter['scale']} scale" if parameter.get("scale") else ""
    whole = ", whole numbers" if parameter.get("type") == "Integer" and not step else ""
    low, high = (_bound(parameter.get(bound)) for bound in ("min", "max"))
    return f"{name}: from {low} to {high}{step}{whole}{scale}"


def _bound(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else "?"


def _strategy(strategy: Mapping[str, Any]) -> str:
    kind = str(strategy.get("type", "?"))
    seed = f", seed {strategy['seed']}" if strategy.get("seed") is not None else ""
    settings = _part(strategy, kind[:1].lower() + kind[1:])
    told = ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)
    return f"Strategy {_STRATEGIES.get(kind, kind)}{f' ({told})' if told else ''}{seed}"


def _median(settings: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)
    return f" ({told})" if told else ""


def _limits(limits: Mapping[str, Any]) -> Iterator[str]:
    if limits.get("maxTrials") is not None:
        yield f"{plural(limits['maxTrials'], 'trial')}"
    yield f"{limits.get('maxParallelTrials', 1)} at a time"
    for field, words in (
        ("maxRuntime", "{} of time"),
        ("maxGpuHours", "{} GPU-hours"),
        ("maxFailedTrials", "{} failures"),
    ):
        if limits.get(field) is not None:
            yield words.format(limits[field])


def _completion(completion: Mapping[str, Any]) -> Iterator[str]:
    if completion.get("target") is not None:
        yield f"the best value reaches {completion['target']:g}"
    patience = _part(completion, "notImproving")
    if patience:
        share = f"{100 * patience.get('tolerance', 0.01):g} %"
        yield f"{plural(patience.get('trials', 0), 'trial')} in a row do not improve it by {share}"
    if completion.get("convergence"):
        yield "the search has converged"
