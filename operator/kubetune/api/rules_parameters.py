"""Rules about one parameter of the search space.

Which fields belong to which type is said here, because one flat ParameterSpec holds all types.
"""

import re
from collections.abc import Callable

from kubetune.api.parameters import ParameterSpec, ParameterType, Scale
from kubetune.api.rule import Rule, cel_matches

PARAMETER_NAME_PATTERN = "[A-Za-z_][A-Za-z0-9_.-]*"

LARGEST_WHOLE = 2**53
"""Beyond it a float cannot tell one whole number from the next."""

_CATEGORICAL = "self.type == 'Categorical'"
_NUMERIC = "self.type != 'Categorical'"


def _is_categorical(parameter: ParameterSpec) -> bool:
    return parameter.type is ParameterType.CATEGORICAL


def _rule(
    field: str, fault: str, *, cel: str, holds: Callable[[ParameterSpec], bool], says: str
) -> Rule[ParameterSpec]:
    return Rule(
        name=f"parameter-{field}-{fault}",
        at="spec.parameters[]",
        model=ParameterSpec,
        field_path=f".{field}",
        cel=cel,
        holds=holds,
        message=f"spec.parameters[{{name}}].{field} {says}",
    )


def _bound_missing(field: str) -> Rule[ParameterSpec]:
    return _rule(
        field,
        "missing",
        cel=f"{_CATEGORICAL} || has(self.{field})",
        holds=lambda p: _is_categorical(p) or getattr(p, field) is not None,
        says="is missing: the type {type} needs min and max, both inclusive",
    )


def _not_categorical(field: str) -> Rule[ParameterSpec]:
    return _rule(
        field,
        "with-categorical",
        cel=f"{_NUMERIC} || !has(self.{field})",
        holds=lambda p: not _is_categorical(p) or getattr(p, field) is None,
        says=f"is {{{field}}} but the type Categorical has no {field}: remove it, or use the type "
        "Float or Integer",
    )


def _whole(field: str) -> Rule[ParameterSpec]:
    def holds(parameter: ParameterSpec) -> bool:
        value = getattr(parameter, field)
        if parameter.type is not ParameterType.INTEGER or value is None:
            return True
        return abs(value) <= LARGEST_WHOLE and float(value).is_integer()

    return _rule(
        field,
        "not-whole",
        cel=f"self.type != 'Integer' || !has(self.{field}) || "
        f"(self.{field} >= -{LARGEST_WHOLE}.0 && self.{field} <= {LARGEST_WHOLE}.0 && "
        f"double(int(self.{field})) == self.{field})",
        holds=holds,
        says=f"is {{{field}}} but must be a whole number between -2^53 and 2^53 for the type "
        "Integer: round it, or use the type Float",
    )


_NAME = _rule(
    "name",
    "malformed",
    cel=cel_matches("self.name", PARAMETER_NAME_PATTERN),
    holds=lambda p: re.fullmatch(PARAMETER_NAME_PATTERN, p.name) is not None,
    says="is not a name for a parameter: start with a letter or '_', and go on with letters, "
    "digits, '_', '.' and '-'",
)

_VALUES_MISSING = _rule(
    "values",
    "missing",
    cel=f"{_NUMERIC} || has(self.values)",
    holds=lambda p: not _is_categorical(p) or p.values is not None,
    says="is missing: the type Categorical needs a list of values, such as [relu, tanh]",
)

_VALUES_OF_NUMBER = _rule(
    "values",
    "with-number",
    cel=f"{_CATEGORICAL} || !has(self.values)",
    holds=lambda p: _is_categorical(p) or p.values is None,
    says="is only for the type Categorical, not for {type}: remove it, or change the type",
)

_MIN_BELOW_MAX = _rule(
    "min",
    "not-below-max",
    cel=f"{_CATEGORICAL} || !has(self.min) || !has(self.max) || self.min < self.max",
    holds=lambda p: _is_categorical(p) or p.min is None or p.max is None or p.min < p.max,
    says="is {min} but must be smaller than max, which is {max}: correct one of them, or write a "
    "value that does not vary into the template instead",
)

_LOG_ABOVE_ZERO = _rule(
    "min",
    "not-above-zero",
    cel=f"{_CATEGORICAL} || !has(self.scale) || self.scale != 'Log' || !has(self.min) || "
    "self.min > 0.0",
    holds=lambda p: _is_categorical(p) or p.scale is not Scale.LOG or p.min is None or p.min > 0,
    says="is {min} but must be larger than 0 for the scale Log: raise it, or use the scale Linear",
)

_REVERSE_LOG_OF_INTEGER = _rule(
    "scale",
    "reverse-log-of-integer",
    cel="self.type != 'Integer' || !has(self.scale) || self.scale != 'ReverseLog'",
    holds=lambda p: p.type is not ParameterType.INTEGER or p.scale is not Scale.REVERSE_LOG,
    says="is ReverseLog but that is for the type Float within [0, 1) only: use Linear or Log",
)

_REVERSE_LOG = "self.type != 'Float' || !has(self.scale) || self.scale != 'ReverseLog'"


def _is_reverse_log(parameter: ParameterSpec) -> bool:
    return parameter.type is ParameterType.FLOAT and parameter.scale is Scale.REVERSE_LOG


_REVERSE_LOG_MIN = _rule(
    "min",
    "below-zero",
    cel=f"{_REVERSE_LOG} || !has(self.min) || self.min >= 0.0",
    holds=lambda p: not _is_reverse_log(p) or p.min is None or p.min >= 0,
    says="is {min} but must be 0 or larger for the scale ReverseLog: raise it, or use the scale "
    "Linear",
)

_REVERSE_LOG_MAX = _rule(
    "max",
    "not-below-one",
    cel=f"{_REVERSE_LOG} || !has(self.max) || self.max < 1.0",
    holds=lambda p: not _is_reverse_log(p) or p.max is None or p.max < 1,
    says="is {max} but must be smaller than 1 for the scale ReverseLog: lower it, for instance to "
    "0.999, or use the scale Linear",
)

_STEP_BEYOND_RANGE = _rule(
    "step",
    "beyond-range",
    cel=f"{_CATEGORICAL} || !has(self.step) || !has(self.min) || !has(self.max) || "
    "self.min >= self.max || self.step <= self.max - self.min",
    holds=lambda p: (
        _is_categorical(p)
        or p.step is None
        or p.min is None
        or p.max is None
        or p.min >= p.max
        or p.step <= p.max - p.min
    ),
    says="is {step} but the range from {min} to {max} is smaller, so min would be the only value: "
    "use a smaller step, or a larger max",
)

_STEP_TOO_FINE = _rule(
    "step",
    "too-fine",
    cel=f"{_CATEGORICAL} || !has(self.step) || !has(self.min) || !has(self.max) || "
    f"(self.max - self.min) / self.step <= {LARGEST_WHOLE}.0",
    holds=lambda p: (
        _is_categorical(p)
        or p.step is None
        or p.min is None
        or p.max is None
        or (p.max - p.min) / p.step <= LARGEST_WHOLE
    ),
    says="is {step}, too small for the range from {min} to {max}: use a larger step, or remove it "
    "to allow every value",
)

PARAMETER_RULES: tuple[Rule[ParameterSpec], ...] = (
    _NAME,
    _bound_missing("min"),
    _bound_missing("max"),
    *(_not_categorical(field) for field in ("min", "max", "step", "scale")),
    _VALUES_MISSING,
    _VALUES_OF_NUMBER,
    _MIN_BELOW_MAX,
    *(_whole(field) for field in ("min", "max", "step")),
    _LOG_ABOVE_ZERO,
    _REVERSE_LOG_OF_INTEGER,
    _REVERSE_LOG_MIN,
    _REVERSE_LOG_MAX,
    _STEP_BEYOND_RANGE,
    _STEP_TOO_FINE,
)
