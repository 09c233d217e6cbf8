"""Where maxResource comes from when the spec leaves it out: from how long the template trains.

The training container's own setting counts, if it is the same for every trial: an argument or an
environment variable of one of the names in NAMES, and nothing else. Upper and lower case, `-` and
`_`, dashes in front and dotted prefixes make no difference: `--epochs=81`, `--num_epochs 81`,
`trainer.max_epochs=81` and the variable NUM_TRAIN_EPOCHS are all found, also inside a shell's
command line. The unit is that of the rungs: whatever step the training code reports.

What the operator or the shell fills in later says nothing, so it is passed over. What differs
from trial to trial, or stands elsewhere, is refused, and so are settings that disagree: a guess
would judge trials at the wrong steps.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubetune.api.faults import Fault
from kubetune.api.rules_strategy import SIZE_RULES
from kubetune.api.strategy import FoundHyperbandSettings, StrategyType
from kubetune.api.structure import show
from kubetune.api.tuningjob import TuningJobSpec

NAMES = (
    "epochs",
    "max-epochs",
    "num-epochs",
    "n-epochs",
    "nb-epochs",
    "total-epochs",
    "train-epochs",
    "num-train-epochs",
    "kubetune-max-resource",
)
"""What the setting may be called, in lower case and with dashes. One without a usual name can be
given as the environment variable KUBETUNE_MAX_RESOURCE."""

_PATH = "spec.strategy.hyperband.maxResource"
_POD = "spec.trial.template.spec.template.spec"
_RULE = "max-resource-unknown"
_SMALLEST, _LARGEST = 2, 1_000_000
_SAGEMAKER = "sm-hp-"

_NAME = "|".join(name.replace("-", "[-_]") for name in NAMES)
_FLAG = rf"(?<![\w$({{.-])-{{0,2}}(?:[\w-]+\.)*(?:{_NAME})"
# A flag with its value, anywhere in a text: behind `=`, or behind spaces if dashes are in front.
_WITH_VALUE = re.compile(
    rf"(?P<flag>{_FLAG})(?:=|(?<=\w)\s+)(?P<value>\"[^\"]*\"|'[^']*'|[^\s;&|]*)", re.IGNORECASE
)
_ALONE = re.compile(rf"--?(?:[\w-]+\.)*(?:{_NAME})", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
# The resource that a trial is given, and what Kubernetes or the shell takes from a variable.
_FILLED_IN = re.compile(r"\$\(trial\.resource\)|\$\([A-Za-z_]\w*\)|\$\{?\w+\}?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setting:
    """A place in the template that says how long a trial trains.

    Attributes:
        path: Where it stands.
        text: How it reads there, such as `--epochs=81`.
        steps: Its value; None if that is not one whole number for all trials.
    """

    path: str
    text: str
    steps: int | None


def with_max_resource(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the spec with the maxResource that its template says.

    The same spec if it has one, needs none, or if none can be found: `max_resource_faults` tells.
    """
    hyperband = spec.strategy.hyperband
    if hyperband is None or hyperband.max_resource is not None:
        return spec
    settings = settings_of(spec)
    if _objection(settings) is not None:
        return spec
    found = FoundHyperbandSettings.model_construct(
        **{
            **{name: getattr(hyperband, name) for name in type(hyperband).model_fields},
            "max_resource": settings[0].steps,
            "found_in": f"{settings[0].text} in {settings[0].path}",
        }
    )
    strategy = spec.strategy.model_copy(update={"hyperband": found})
    return spec.model_copy(update={"strategy": strategy})


def max_resource_faults(spec: TuningJobSpec) -> Iterator[Fault]:
    """Yield what stands against the maxResource of a spec that leaves it to its template.

    Args:
        spec: As `with_max_resource` gives it.
    """
    hyperband = spec.strategy.hyperband
    if spec.strategy.type is not StrategyType.HYPERBAND or hyperband is None:
        return
    if isinstance(hyperband, FoundHyperbandSettings):
        for rule in SIZE_RULES:
            if not rule.holds(hyperband):
                yield Fault(
                    path=rule.at + rule.field_path,
                    message=f"{rule.says(hyperband)} (maxResource is from {hyperband.found_in})",
                    rule=rule.name,
                )
    elif hyperband.max_resource is None:
        objection = _objection(settings_of(spec))
        yield Fault(path=_PATH, message=f"{_PATH} is missing, and {objection}", rule=_RULE)


def settings_of(spec: TuningJobSpec) -> Sequence[Setting]:
    """Return everything in the training container that says how long a trial trains."""
    containers = spec.trial.template["spec"]["template"]["spec"]["containers"]
    wanted = spec.metrics.container
    index = next((i for i, c in enumerate(containers) if c["name"] == wanted), 0)
    path = f"{_POD}.containers[{index}]"
    found = [*_in_words(containers[index], path), *_in_variables(containers[index], path)]
    return [setting for setting in found if setting is not None]


def _objection(settings: Sequence[Setting]) -> str | None:
    """Return why they do not say it, with the remedy; None if they do."""
    if not settings:
        return (
            "the training container has no setting to take it from: write it, or give the training "
            f"code its number of epochs as an argument or variable called {', '.join(NAMES[:-1])} "
            "or, whatever the steps are, as the environment variable KUBETUNE_MAX_RESOURCE"
        )
    unclear = next((s for s in settings if s.steps is None), None)
    if unclear is not None:
        return (
            f"{unclear.text} in {unclear.path} is no whole number from {_SMALLEST} to {_LARGEST} "
            "that is the same for all trials: write maxResource, the number of steps of a trial "
            "that is never stopped"
        )
    other = next((s for s in settings if s.steps != settings[0].steps), None)
    if other is not None:
        first = settings[0]
        return (
            f"{first.text} in {first.path} and {other.text} in {other.path} disagree: write "
            "maxResource, or let them be equal"
        )
    return None


def _in_words(container: Mapping[str, Any], path: str) -> Iterator[Setting | None]:
    """Yield settings in the command and its arguments, which are one list to the program."""
    words = [
        (f"{path}.{field}[{index}]", word)
        for field in ("command", "args")
        for index, word in enumerate(container.get(field) or ())
        if isinstance(word, str)
    ]
    for place, (at, word) in enumerate(words):
        if _ALONE.fullmatch(word):
            value = words[place + 1][1] if place + 1 < len(words) else ""
            yield _setting(at, f"{word} {value}".rstrip(), value)
            continue
        for found in _WITH_VALUE.finditer(word):
            if "=" in found[0] or found["flag"].startswith("-"):
                yield _setting(at, found[0], found["value"].strip("\"'"))


def _in_variables(container: Mapping[str, Any], path: str) -> Iterator[Setting | None]:
    for index, variable in enumerate(container.get("env") or ()):
        if not isinstance(variable, Mapping):
            continue
        name = str(variable.get("name"))
        if name.lower().replace("_", "-").removeprefix(_SAGEMAKER) in NAMES:
            value = variable.get("value")
            text = f"{name}={value}" if value is not None else name
            yield _setting(f"{path}.env[{index}]", text, value)


def _setting(path: str, text: str, value: Any) -> Setting | None:
    """Return the setting; None if its value is filled in from what is said elsewhere."""
    if isinstance(value, str) and _FILLED_IN.fullmatch(value):
        return None
    steps = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else 0
    is_usable = _SMALLEST <= steps <= _LARGEST
    return Setting(path=path, text=show(text).strip("\"'"), steps=steps if is_usable else None)
