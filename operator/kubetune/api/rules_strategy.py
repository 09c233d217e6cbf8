"""Rules about the strategy, and about what it asks of the rest of the spec."""

from collections import Counter
from collections.abc import Sequence

from kubetune.api.names import parameter_variable
from kubetune.api.parameters import ParameterSpec, ParameterType
from kubetune.api.rule import Rule, Word
from kubetune.api.strategy import (
    EarlyStoppingSpec,
    EarlyStoppingType,
    HyperbandSettings,
    StrategySpec,
    StrategyType,
)
from kubetune.api.tuningjob import TuningJobSpec

_MAX_BRACKETS = 10

# R, R/η, R/η², …: as many of them as are not below r, so many rungs there are. Whole division
# all the way, because a power could overflow and a logarithm would round.
_RUNG_COUNT = (
    "["
    + ", ".join(
        "self.maxResource" + " / self.reductionFactor" * power for power in range(_MAX_BRACKETS)
    )
    + "].filter(steps, steps >= self.minResource).size()"
)


def _rung_count(settings: HyperbandSettings) -> int:
    count, steps = 0, settings.max_resource or 0
    while steps >= settings.min_resource and count < _MAX_BRACKETS:
        count, steps = count + 1, steps // settings.reduction_factor
    return count


_MIN_RESOURCE = Rule(
    name="min-resource-not-below-max-resource",
    at="spec.strategy.hyperband",
    model=HyperbandSettings,
    field_path=".minResource",
    cel="!has(self.maxResource) || self.minResource < self.maxResource",
    holds=lambda h: h.max_resource is None or h.min_resource < h.max_resource,
    message="spec.strategy.hyperband.minResource is {minResource} but must be smaller than "
    "maxResource, which is {maxResource}: lower minResource, or raise maxResource",
)

_BRACKETS = Rule(
    name="more-brackets-than-rungs",
    at="spec.strategy.hyperband",
    model=HyperbandSettings,
    field_path=".brackets",
    cel="!has(self.brackets) || !has(self.maxResource) || "
    f"self.minResource >= self.maxResource || self.brackets <= {_RUNG_COUNT}",
    holds=lambda h: (
        h.brackets is None
        or h.max_resource is None
        or h.min_resource >= h.max_resource
        or h.brackets <= _rung_count(h)
    ),
    message="spec.strategy.hyperband.brackets is {brackets} but the number of rungs from "
    "minResource {minResource} to maxResource {maxResource} is {rungs}: use at most as many "
    "brackets",
    words={"rungs": Word(cel=f"string({_RUNG_COUNT})", text=lambda h: str(_rung_count(h)))},
)

SIZE_RULES = (_MIN_RESOURCE, _BRACKETS)
"""What maxResource has to satisfy, also where it is found in the template."""

_HYPERBAND_MISSING = Rule(
    name="hyperband-missing",
    at="spec.strategy",
    model=StrategySpec,
    field_path=".hyperband",
    cel="self.type != 'Hyperband' || has(self.hyperband)",
    holds=lambda s: s.type is not StrategyType.HYPERBAND or s.hyperband is not None,
    message="spec.strategy.hyperband is missing: the type Hyperband needs at least its "
    "maxResource, the number of steps of a trial that is never stopped, or an empty {} where the "
    "template says it, such as --epochs=81",
)

_HYPERBAND_UNUSED = Rule(
    name="hyperband-of-other-type",
    at="spec.strategy",
    model=StrategySpec,
    field_path=".hyperband",
    cel="self.type == 'Hyperband' || !has(self.hyperband)",
    holds=lambda s: s.type is StrategyType.HYPERBAND or s.hyperband is None,
    message="spec.strategy.hyperband is only for the type Hyperband, not for {type}: remove it, or "
    "change spec.strategy.type",
)

_RANDOM_UNUSED = Rule(
    name="random-of-other-type",
    at="spec.strategy",
    model=StrategySpec,
    field_path=".random",
    cel="self.type == 'Random' || !has(self.random)",
    holds=lambda s: s.type is StrategyType.RANDOM or s.random is None,
    message="spec.strategy.random is only for the type Random, not for {type}: remove it, or "
    "change spec.strategy.type",
)

_EARLY_STOPPING = Rule(
    name="early-stopping-with-hyperband",
    at="spec",
    model=TuningJobSpec,
    needs=("strategy", "earlyStopping"),
    field_path=".earlyStopping.type",
    cel="self.strategy.type != 'Hyperband' || !has(self.earlyStopping) || "
    "self.earlyStopping.type == 'Off'",
    holds=lambda s: (
        s.strategy.type is not StrategyType.HYPERBAND
        or s.early_stopping is None
        or s.early_stopping.type is EarlyStoppingType.OFF
    ),
    message="spec.earlyStopping.type is {earlyStopping.type} but must be Off with the strategy "
    'Hyperband, which stops trials itself: write type: "Off" (in quotes), or remove '
    "spec.earlyStopping",
)


_MEDIAN_UNUSED = Rule(
    name="median-without-early-stopping",
    at="spec.earlyStopping",
    model=EarlyStoppingSpec,
    field_path=".median",
    cel="self.type == 'Auto' || !has(self.median)",
    holds=lambda e: e.type is EarlyStoppingType.AUTO or e.median is None,
    message="spec.earlyStopping.median is only for the type Auto, not for {type}: remove it, or "
    "set spec.earlyStopping.type to Auto",
)


def _without_step(parameters: Sequence[ParameterSpec]) -> str:
    return next(
        (p.name for p in parameters if p.type is ParameterType.FLOAT and p.step is None), ""
    )


_GRID_STEP = Rule(
    name="grid-without-step",
    at="spec",
    model=TuningJobSpec,
    needs=("strategy", "parameters"),
    field_path=".parameters",
    cel="self.strategy.type != 'Grid' || self.parameters.all(p, p.type != 'Float' || has(p.step))",
    holds=lambda s: s.strategy.type is not StrategyType.GRID or not _without_step(s.parameters),
    message="spec.parameters[{first}].step is missing: the strategy Grid needs a step for every "
    "Float to count its values; add one, or use the strategy Random",
    words={
        "first": Word(
            cel="self.parameters.filter(p, p.type == 'Float' && !has(p.step))[0].name",
            text=lambda s: _without_step(s.parameters),
        )
    },
)

_VARIABLE = "{}.name.upperAscii().replace('.', '_').replace('-', '_')"
_IS_ALONE = f"self.parameters.exists_one(q, {_VARIABLE.format('q')} == {_VARIABLE.format('p')})"


def _first_clash(parameters: Sequence[ParameterSpec]) -> str:
    uses = Counter(parameter_variable(p.name) for p in parameters)
    return next((p.name for p in parameters if uses[parameter_variable(p.name)] > 1), "")


_VARIABLE_CLASH = Rule(
    name="parameters-share-a-variable",
    at="spec",
    model=TuningJobSpec,
    needs=("parameters",),
    field_path=".parameters",
    cel=f"self.parameters.all(p, {_IS_ALONE})",
    holds=lambda s: not _first_clash(s.parameters),
    message="spec.parameters[{first}].name would give the same environment variable as another "
    "parameter, because that is in upper case with '_' for '.' and '-': rename one of them",
    words={
        "first": Word(
            cel=f"self.parameters.filter(p, !{_IS_ALONE})[0].name",
            text=lambda s: _first_clash(s.parameters),
        )
    },
)

STRATEGY_RULES = (
    _HYPERBAND_MISSING,
    _HYPERBAND_UNUSED,
    _RANDOM_UNUSED,
    _MIN_RESOURCE,
    _BRACKETS,
    _EARLY_STOPPING,
    _MEDIAN_UNUSED,
    _GRID_STEP,
    _VARIABLE_CLASH,
)
