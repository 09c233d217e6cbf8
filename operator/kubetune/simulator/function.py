"""A training that is a Python function.

The function takes the parameters as a dict, and by name what it wants to know besides:

    step      asked once for every step 1, 2, …: return the objective at that step
    resource  steps that the trial may use at most
    index     number of the trial, from 0
    seed      an integer of the trial's own, for noise; the same in every simulation of that seed

It returns, or yields, one of these:

    a number                     the objective; of the whole trial unless the function takes step
    None                         the trial fails here
    {"value": 0.9, "seconds": 2} the same with the time that it took; the objective may also stand
                                 under its metric's name, and "step" may say the step
    an iterable of these         one for each step; a generator is asked no further once its trial
                                 is stopped
"""

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubetune.core.seeding import words
from kubetune.errors import ObjectiveError
from kubetune.simulator.training import Attempt, Report, Training

ObjectiveFunction = Callable[..., Any]

WANTED = ("step", "resource", "index", "seed")
_ENDLESS = 1_000_000
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How what a function returns is read.

    Attributes:
        metric: Name of the objective metric.
        steps: Steps of a trial that has no resource; None if nobody said.
        step_seconds: Time of a step where the function does not say.
    """

    metric: str
    steps: int | None = None
    step_seconds: float = 1.0


def train_by(function: ObjectiveFunction, reading: Reading) -> Training:
    """Return the training that a function is.

    Raises:
        ObjectiveError: Its signature is not one of those above. The training itself raises it when
            the function fails or returns something else; the message names the trial and its
            parameters.
    """
    wanted = _wanted(function)

    def train(attempt: Attempt) -> Iterator[Report]:
        most = attempt.resource or reading.steps
        known: dict[str, Any] = {
            "resource": most,
            "index": attempt.index,
            "seed": words(attempt.seed, attempt.index, "simulator/objective", 1)[0],
        }
        given = {name: known[name] for name in wanted if name in known}
        answers = (
            _by_step(function, attempt, given, most)
            if "step" in wanted
            else _at_once(function, attempt, given)
        )
        yield from _reports(_told(answers, function, attempt), function, attempt, reading, most)

    return train


def _wanted(function: ObjectiveFunction) -> tuple[str, ...]:
    """Return which of WANTED the function takes."""
    try:
        taken = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise ObjectiveError(f"{_name(function)} is no function: {error}") from None
    if not taken or taken[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise ObjectiveError(
            f"{_name(function)} takes nothing; it has to take the parameters as a dict: "
            f"def {_name(function)}(parameters)"
        )
    rest = [one for one in taken[1:] if one.kind in _NAMED]
    strange = [one.name for one in rest if one.name not in WANTED and one.default is one.empty]
    if strange:
        raise ObjectiveError(
            f"{_name(function)} takes {', '.join(strange)}, which the simulator does not know; "
            "the parameters come as one dict, the first argument, and after it there may be "
            f"{', '.join(WANTED)}"
        )
    return tuple(one.name for one in rest if one.name in WANTED)


def _by_step(
    function: ObjectiveFunction, attempt: Attempt, given: Mapping[str, Any], most: int | None
) -> Iterator[Any]:
    if most is None:
        raise ObjectiveError(
            f"{_name(function)} is asked at every step, and nothing says how many steps a trial "
            "has; --steps does"
        )
    for step in range(1, most + 1):
        yield function(dict(attempt.parameters), **given, step=step)


def _at_once(
    function: ObjectiveFunction, attempt: Attempt, given: Mapping[str, Any]
) -> Iterator[Any]:
    answer = function(dict(attempt.parameters), **given)
    if isinstance(answer, Iterable) and not isinstance(answer, Mapping | str | bytes):
        yield from answer
    else:
        # One answer for the whole trial, so it comes at its last step.
        yield _Whole(answer)


@dataclass(frozen=True, slots=True)
class _Whole:
    """The one answer of a function about a trial."""

    answer: Any


def _told(answers: Iterator[Any], function: ObjectiveFunction, attempt: Attempt) -> Iterator[Any]:
    """Yield the answers; say where it was when the function raises."""
    try:
        yield from answers
    except ObjectiveError:
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise ObjectiveError(
            f"{_name(function)} failed at {frame.filename}:{frame.lineno}: "
            f"{type(error).__name__}: {error}; {_where(attempt)}. "
            "A trial that is to fail returns None"
        ) from error


def _reports(
    answers: Iterator[Any],
    function: ObjectiveFunction,
    attempt: Attempt,
    reading: Reading,
    most: int | None,
) -> Iterator[Report]:
    step = 0
    for told in answers:
        is_whole = isinstance(told, _Whole)
        answer = told.answer if is_whole else told
        fields = answer if isinstance(answer, Mapping) else {"value": answer}
        due = (most or 1) if is_whole else step + 1
        at = fields.get("step", due)
        if not isinstance(at, int) or at <= step:
            raise ObjectiveError(
                f"{_name(function)} returned step {at!r} after step {step}; steps are whole "
                f"numbers that go up; {_where(attempt)}"
            )
        if at > (most or _ENDLESS):
            if most is None:
                raise ObjectiveError(
                    f"{_name(function)} went past step {_ENDLESS}; --steps ends its trials"
                )
            return
        yield Report(
            step=at,
            value=_value(fields, reading.metric, function, attempt),
            seconds=_seconds(fields, (at - step) * reading.step_seconds, function, attempt),
        )
        step = at


def _value(
    fields: Mapping[str, Any], metric: str, function: ObjectiveFunction, attempt: Attempt
) -> float | None:
    if "value" not in fields and metric not in fields:
        raise ObjectiveError(
            f"{_name(function)} returned a dict without {metric!r} or 'value': it has "
            f"{', '.join(map(repr, fields)) or 'nothing'}; {_where(attempt)}"
        )
    value = fields["value"] if "value" in fields else fields[metric]
    if value is None:
        return None
    number = _number(value)
    if number is None:
        raise ObjectiveError(
            f"{_name(function)} returned {value!r:.100}, which is no number; {_where(attempt)}"
        )
    return number


def _seconds(
    fields: Mapping[str, Any], usual: float, function: ObjectiveFunction, attempt: Attempt
) -> float:
    seconds = _number(fields.get("seconds", usual))
    if seconds is None or not 0 <= seconds < float("inf"):
        raise ObjectiveError(
            f"{_name(function)} returned seconds {fields['seconds']!r}; they are a number from 0 "
            f"on; {_where(attempt)}"
        )
    return seconds


def _number(value: Any) -> float | None:
    """Return a number of any library as a float; None if it is none."""
    if isinstance(value, bool | str | bytes):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _where(attempt: Attempt) -> str:
    return f"trial {attempt.index}, parameters {dict(attempt.parameters)}"


def _name(function: ObjectiveFunction) -> str:
    return str(getattr(function, "__name__", function))
