"""What came of simulations, for a person and for a program."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean
from typing import Any

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.cli.render.wording import IN_WORDS, clean, duration, number, parameter
from kubetune.cli.snapshot import STATES
from kubetune.core.objective import to_score
from kubetune.simulator.study import Account, Level, Spread, course, spread

_INDENT = 12
_LEVELS = 10
_BAR = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A job that was simulated.

    Attributes:
        name: Its name.
        spec: What was simulated.
        accounts: What came of it, one for each seed; at least one.
        random: What came of random search at the same cost; empty if that was not asked for.
    """

    name: str
    spec: TuningJobSpec
    accounts: tuple[Account, ...]
    random: tuple[Account, ...] = ()

    def sides(self) -> list[tuple[str, Sequence[Account]]]:
        """Return the strategies that were compared."""
        sides: list[tuple[str, Sequence[Account]]] = [(self.spec.strategy.type, self.accounts)]
        if self.random:
            name = "Random" if self.spec.strategy.type != "Random" else "Random, plain"
            sides.append((name, self.random))
        return sides

    @property
    def winner(self) -> Account | None:
        """The account with the best value; None if none has one. Among equals the first seed."""
        goal = self.spec.objective.goal
        known = [(a, a.best.value) for a in self.accounts if a.best is not None]
        return max(known, key=lambda pair: to_score(pair[1], goal))[0] if known else None


def as_text(study: Study) -> str:
    """Return the result as lines: numbers first, then best value so far against cost."""
    return "".join(f"{line}\n" for line in [*_numbers(study), "", *_course(study)])


def _numbers(study: Study) -> Iterator[str]:
    spec, accounts = study.spec, study.accounts
    seeds = f"{len(accounts)} seeds, mean ± standard deviation"
    yield (
        f"{study.name}: {spec.strategy.type}, {spec.limits.max_parallel_trials} at a time, "
        f"{seeds if len(accounts) > 1 else f'seed {accounts[0].seed}'}"
    )
    yield ""
    values = spread([a.best.value for a in accounts if a.best is not None])
    metric = spec.objective.metric
    best = "no trial has a value" if values is None else f"{metric} {_of(values, accounts)}"
    yield from _item("Best", best)
    winner = study.winner
    if winner is not None and winner.best is not None:
        point = winner.best.parameters
        width = max(len(name) for name in point)
        of = f"(trial {winner.best.index} at step {winner.best.step}"
        of += f", seed {winner.seed}: {number(winner.best.value)})" if len(accounts) > 1 else ")"
        lines = [f"{clean(name):<{width}}  {parameter(v)}" for name, v in point.items()]
        yield from _item("Parameters", *lines, of)
    yield from _item("Trials", _trials(accounts))
    yield from _item("Steps", _told_of(accounts, "steps", _count))
    yield from _item("Time", _told_of(accounts, "seconds", _time))
    yield from _item("Cost", f"{_told_of(accounts, 'cost', _time)} of all trials together")
    target = spec.completion.target if spec.completion else None
    if target is not None:
        yield from _item("Target", _target(accounts, target))
    ends = Counter("not ended" if a.outcome is None else a.outcome.reason for a in accounts)
    told = [reason if len(accounts) == 1 else f"{reason} {n}" for reason, n in ends.most_common()]
    yield from _item("End", ", ".join(told))


def _trials(accounts: Sequence[Account]) -> str:
    means = {state: fmean(a.states.get(state, 0) for a in accounts) for state in STATES}
    told = [f"{_count(mean)} {IN_WORDS[state]}" for state, mean in means.items() if mean]
    return f"{_count(sum(means.values()))}: {', '.join(told)}" if told else "none"


def _target(accounts: Sequence[Account], target: float) -> str:
    reached = [account.target for account in accounts if account.target is not None]
    if not reached:
        return f"{number(target)} was not reached"
    after = _time(fmean(mark.seconds for mark in reached))
    cost = _time(fmean(mark.cost for mark in reached))
    by = "" if len(accounts) == 1 else f" by {len(reached)} of {len(accounts)} seeds"
    return f"{number(target)} was reached{by} after {after}, at a cost of {cost}"


def _course(study: Study) -> Iterator[str]:
    """Yield a table with a bar: the mean of the best values reported at ten costs."""
    yield f"Best {study.spec.objective.metric} reported so far, by the cost so far:"
    until = max(account.cost for account in study.accounts)
    sides = [(name, a, course(a, points=_LEVELS, until=until)) for name, a in study.sides()]
    ours = sides[0][2]
    rows = [["COST", *(name.upper() for name, _, _ in sides), ""]]
    means = [level.value.mean for level in ours if level.value is not None]
    for place, level in enumerate(ours):
        told = (_level(levels[place], accounts) for _, accounts, levels in sides)
        rows.append([_time(level.cost), *told, _bar(level, means)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].rjust(widths[0])]
        cells += [cell.ljust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def _level(level: Level, accounts: Sequence[Account]) -> str:
    return "-" if level.value is None else _of(level.value, accounts)


def _bar(level: Level, means: Sequence[float]) -> str:
    """Return a bar whose length says where the mean is between the least and the largest."""
    if level.value is None:
        return ""
    span = max(means) - min(means)
    share = (level.value.mean - min(means)) / span if span else 1.0
    return "#" * (1 + round(share * (_BAR - 1)))


def as_json(study: Study) -> str:
    """Return the result as one JSON object with a line end."""
    sides = {
        name: {
            "jobs": [_account(account) for account in accounts],
            "best": _spread(spread([a.best.value for a in accounts if a.best is not None])),
            "steps": _spread(spread([float(a.steps) for a in accounts])),
            "seconds": _spread(spread([a.seconds for a in accounts])),
            "cost": _spread(spread([a.cost for a in accounts])),
            "course": [
                {"cost": level.cost, "value": _spread(level.value)}
                for level in course(accounts, points=_LEVELS)
            ],
        }
        for name, accounts in study.sides()
    }
    document = {
        "tuningJob": study.name,
        "metric": study.spec.objective.metric,
        "goal": study.spec.objective.goal,
        "maxParallelTrials": study.spec.limits.max_parallel_trials,
        "strategies": sides,
    }
    return json.dumps(document, indent=2) + "\n"


def _account(account: Account) -> Mapping[str, Any]:
    best, outcome = account.best, account.outcome
    return {
        "seed": account.seed,
        "outcome": None if outcome is None else {"kind": outcome.kind, "reason": outcome.reason},
        "trials": account.states,
        "steps": account.steps,
        "seconds": account.seconds,
        "cost": account.cost,
        "best": None
        if best is None
        else {
            "trial": best.index,
            "value": best.value,
            "step": best.step,
            "parameters": dict(best.parameters),
        },
        "target": None
        if account.target is None
        else {"seconds": account.target.seconds, "cost": account.target.cost},
        "incumbents": [
            {"seconds": m.seconds, "cost": m.cost, "trial": m.index, "value": m.value}
            for m in account.marks
        ],
        "reported": [
            {"seconds": m.seconds, "cost": m.cost, "trial": m.index, "value": m.value}
            for m in account.peaks
        ],
    }


def _spread(found: Spread | None) -> Mapping[str, float] | None:
    if found is None:
        return None
    return {"mean": found.mean, "deviation": found.deviation, "count": found.count}


def _of(found: Spread, accounts: Sequence[Account]) -> str:
    """Return mean and deviation, and of how many seeds where not all have a number."""
    told = _with_deviation(found, number)
    return told if found.count == len(accounts) else f"{told} (of {found.count} seeds)"


def _told_of(accounts: Sequence[Account], name: str, form: Any) -> str:
    found = spread([float(getattr(account, name)) for account in accounts])
    return "" if found is None else _with_deviation(found, form)


def _with_deviation(found: Spread, form: Any) -> str:
    told = str(form(found.mean))
    return told if found.count == 1 else f"{told} ± {form(found.deviation)}"


def _time(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))


def _count(mean: float) -> str:
    return f"{mean:.0f}" if mean == round(mean) else f"{mean:.1f}"


def _item(title: str, *values: str) -> Iterator[str]:
    titles = [title] + [""] * (len(values) - 1)
    for name, value in zip(titles, values, strict=True):
        yield f"{name:<{_INDENT}}{value}"
