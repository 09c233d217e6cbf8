"""Placeholders in a trial's template: finding what is wrong with them, and filling them in.

`$(params.NAME)`, `$(trial.name)`, `$(trial.index)` and `$(trial.resource)` may stand in any text of
the template, keys excluded.

`$$(params.NAME)` stands for the text itself, as in Kubernetes. Every other `$(...)` is left alone:
in a command, in its arguments and in environment variables the kubelet fills it in. A value that
has dollars of its own arrives there as it is: it is no place to hide a reference.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubetune.api.faults import Fault
from kubetune.api.names import parameter_variable
from kubetune.api.parameters import ParameterSpec, ParameterValue
from kubetune.api.strategy import StrategyType
from kubetune.api.structure import suggestion
from kubetune.api.tuningjob import TuningJobSpec

PARAMETERS_VARIABLE = "KUBETUNE_PARAMETERS"
"""Environment variable that carries all parameters as JSON."""

TRIAL_PLACEHOLDERS = ("name", "index", "resource")

_TEMPLATE = "spec.trial.template"
_PLACEHOLDER = re.compile(r"(?P<dollars>\$+)\((?P<kind>params|trial)\.(?P<name>[^()]*)\)")
_WORD = re.compile(r"\w+", re.ASCII)

# What Kubernetes takes as text only. Items of lists are text as well: command, args and the like.
_TEXT_FIELDS = frozenset(
    {
        "claimName",
        "hostname",
        "image",
        "key",
        "mountPath",
        "name",
        "nodeName",
        "path",
        "priorityClassName",
        "schedulerName",
        "serviceAccountName",
        "subPath",
        "subPathExpr",
        "subdomain",
        "value",
        "workingDir",
    }
)
_TEXT_MAPS = frozenset({"annotations", "labels", "matchLabels", "nodeSelector"})

# Where the kubelet looks for `$(X)` and `$$`: a value's own dollars are written twice there.
_CONTAINER_LISTS = frozenset({"containers", "initContainers"})
_EXPANDED = frozenset(
    {
        ("command",),
        ("args",),
        ("env", "value"),
        ("volumeMounts", "subPathExpr"),
        *(
            (probe, "exec", "command")
            for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        ),
    }
)


def check_placeholders(spec: TuningJobSpec) -> tuple[Fault, ...]:
    """Return what is wrong with the placeholders of a spec that has no other faults.

    That is: names that do not exist, `$(trial.resource)` without Hyperband, no `$(trial.resource)`
    where trials have to end at their rungs, and parameters that the template never uses.

    A parameter is used where its placeholder stands, or where its own environment variable or
    KUBETUNE_PARAMETERS is mentioned: in a command, in an argument, or in an annotation, by which a
    template says that the code in the image reads it.
    """
    template = spec.trial.template
    return (
        *(
            fault
            for path, text in _texts(template, _TEMPLATE)
            for fault in _unknown(spec, path, text)
        ),
        *_unused(spec.parameters, [text for _, text in _texts(template, _TEMPLATE)]),
        *_endless(spec, [text for _, text in _texts(template, _TEMPLATE)]),
    )


def substitute(
    template: Mapping[str, Any],
    *,
    parameters: Mapping[str, ParameterValue],
    trial_name: str,
    index: int,
    resource: int | None,
) -> dict[str, Any]:
    """Return a copy of a template with its placeholders filled in.

    A value that is nothing but one placeholder takes the type of what it stands for, so a number
    can go where Kubernetes wants one; but it stays text where Kubernetes wants text: in lists such
    as command and args, in labels, annotations and selectors, in the value of a variable and in
    names and paths.

    Args:
        template: With placeholders for which `check_placeholders` finds no fault.
        parameters: The point to try, by parameter's name, in the parameters' types.
        trial_name: Name of the trial.
        index: Its number within the run.
        resource: Steps that it may use; None without Hyperband.

    Raises:
        KeyError: a placeholder's name does not exist.
    """
    values: dict[str, ParameterValue | None] = {
        **{f"params.{name}": value for name, value in parameters.items()},
        "trial.name": trial_name,
        "trial.index": index,
        "trial.resource": resource,
    }
    filled: dict[str, Any] = _fill(template, values, (), is_text=False)
    return filled


def value_text(value: ParameterValue) -> str:
    """Return a value as text, the shortest that reads back as the same: 5.0 for a whole float."""
    return value if isinstance(value, str) else repr(value)


def for_kubelet(text: str) -> str:
    """Return what the kubelet turns into the text where it expands `$(X)` and `$$`."""
    return text.replace("$", "$$")


def _fill(
    node: Any,
    values: Mapping[str, ParameterValue | None],
    keys: tuple[str, ...],
    *,
    is_text: bool,
) -> Any:
    if isinstance(node, Mapping):
        return {
            key: _fill(
                item,
                values,
                (*keys, key),
                is_text=is_text or key in _TEXT_FIELDS or key in _TEXT_MAPS,
            )
            for key, item in node.items()
        }
    if isinstance(node, list):
        return [_fill(item, values, keys, is_text=not isinstance(item, Mapping)) for item in node]
    if not isinstance(node, str):
        return node
    whole = _PLACEHOLDER.fullmatch(node)
    if whole and not is_text and whole["dollars"] == "$":
        value = _value(whole, values)
        # Kubernetes reads no 5.0 where it wants a whole number.
        return int(value) if isinstance(value, float) and value.is_integer() else value
    is_expanded = _is_expanded(keys)
    return _PLACEHOLDER.sub(lambda found: _text(found, values, is_expanded=is_expanded), node)


def _is_expanded(keys: tuple[str, ...]) -> bool:
    """Say whether the kubelet expands what stands below these keys of a template."""
    inside = next((at + 1 for at, key in enumerate(keys) if key in _CONTAINER_LISTS), len(keys))
    return keys[inside:] in _EXPANDED


def _text(
    found: re.Match[str], values: Mapping[str, ParameterValue | None], *, is_expanded: bool
) -> str:
    before = found["dollars"][:-1]
    if _is_escaped(found):
        return f"{before}({found['kind']}.{found['name']})"
    text = value_text(_value(found, values))
    return before + (for_kubelet(text) if is_expanded else text)


def _is_escaped(found: re.Match[str]) -> bool:
    """Two dollars stand for one, so an even number of them leaves none to open a placeholder."""
    return len(found["dollars"]) % 2 == 0


def _value(found: re.Match[str], values: Mapping[str, ParameterValue | None]) -> ParameterValue:
    key = f"{found['kind']}.{found['name']}"
    value = values[key]
    if value is None:
        raise KeyError(key)
    return value


def _texts(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a template with its path."""
    if isinstance(node, Mapping):
        for key, item in node.items():
            yield from _texts(item, f"{path}.{key}")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(node, str):
        yield path, node


def _unknown(spec: TuningJobSpec, path: str, text: str) -> Iterator[Fault]:
    names = [parameter.name for parameter in spec.parameters]
    for found in _placeholders(text):
        name = found["name"]
        shown = f"$({found['kind']}.{name})"
        if found["kind"] == "params" and name not in names:
            yield Fault(
                path=path,
                message=f"{path} has {shown}, but there is no parameter {name or 'without a name'}"
                f": {suggestion(name, names)}",
                rule="placeholder-of-unknown-parameter",
            )
        elif found["kind"] == "trial" and name not in TRIAL_PLACEHOLDERS:
            yield Fault(
                path=path,
                message=f"{path} has {shown}, but a trial has no such value: "
                f"{suggestion(name, TRIAL_PLACEHOLDERS)}",
                rule="placeholder-of-unknown-value",
            )
        elif shown == "$(trial.resource)" and spec.strategy.type is not StrategyType.HYPERBAND:
            yield Fault(
                path=path,
                message=f"{path} has {shown}, which only the strategy Hyperband sets, not "
                f"{spec.strategy.type}: write the number of steps instead, or use Hyperband",
                rule="resource-without-hyperband",
            )


def _unused(parameters: Sequence[ParameterSpec], texts: Sequence[str]) -> Iterator[Fault]:
    used = {f["name"] for text in texts for f in _placeholders(text) if f["kind"] == "params"}
    words = {word for text in texts for word in _WORD.findall(text)}
    if PARAMETERS_VARIABLE in words:
        return
    for parameter in parameters:
        variable = parameter_variable(parameter.name)
        if parameter.name not in used and variable not in words:
            path = f"spec.parameters[{parameter.name}]"
            yield Fault(
                path=path,
                message=f"{path} is never used by spec.trial.template: write "
                f"$(params.{parameter.name}) into its command, arguments or environment. If the "
                f"code in the image reads {variable} or {PARAMETERS_VARIABLE} by itself, say so "
                "with an annotation in the template, such as "
                f"kubetune.dev/reads: {PARAMETERS_VARIABLE}",
                rule="parameter-unused",
            )


def _endless(spec: TuningJobSpec, texts: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault if trials are to end at their rungs and are not told where these are."""
    settings = spec.strategy.hyperband
    if settings is None or not settings.mode.pauses:
        return
    if not any(f[0].endswith("$(trial.resource)") for text in texts for f in _placeholders(text)):
        yield Fault(
            path=_TEMPLATE,
            message=f"{_TEMPLATE} never uses $(trial.resource): with the mode {settings.mode} a "
            "trial has to end at its rung, so give it to the training code as the number of steps, "
            "such as --epochs=$(trial.resource)",
            rule="resource-unused",
        )


def _placeholders(text: str) -> Iterator[re.Match[str]]:
    return (found for found in _PLACEHOLDER.finditer(text) if not _is_escaped(found))
