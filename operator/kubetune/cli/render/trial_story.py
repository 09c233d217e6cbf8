"""The story of one trial: why its point, its curve, each attempt, why it ended, what to do."""

from collections.abc import Iterator
from datetime import datetime

from kubetune.cli.objects import Trial
from kubetune.cli.render.advice import Place
from kubetune.cli.render.order import ranking
from kubetune.cli.render.page import Section, page, plural
from kubetune.cli.render.remedies import remedy
from kubetune.cli.render.sparkline import sparkline
from kubetune.cli.render.wording import IN_WORDS, clean, clock, duration, number, parameter
from kubetune.cli.snapshot import UNFINISHED, Snapshot


def trial_story(snapshot: Snapshot, trial: Trial, *, now: datetime, place: Place) -> str:
    """The whole page.

    Args:
        snapshot: The job and the trials of its present run.
        trial: One of them.
        now: Until when a trial that runs is told.
        place: Where the job is.
    """
    state = trial.status.state
    title = "Why it ended" if state not in UNFINISHED else "Where it stands"
    return page(
        f"{trial.metadata.name}, trial {trial.spec.index} of {snapshot.job.metadata.name}: "
        f"{IN_WORDS.get(state, state)}.",
        [
            Section(title="Why this point", lines=tuple(_point(snapshot, trial))),
            Section(title="Its curve", lines=tuple(_curve(snapshot, trial))),
            Section(title="Its rungs", lines=tuple(_rungs(snapshot, trial))),
            Section(title="Its attempts", lines=tuple(_attempts(trial, now))),
            Section(title=title, lines=tuple(_end(snapshot, trial))),
            Section(title="What to do", lines=tuple(_advice(snapshot, trial, place))),
        ],
    )


def _point(snapshot: Snapshot, trial: Trial) -> Iterator[str]:
    if trial.spec.reason:
        yield clean(trial.spec.reason)
    point = snapshot.job.in_order(trial.spec.parameters)
    width = max((len(clean(name)) for name in point), default=0)
    for name, value in point.items():
        yield f"{clean(name):<{width}}  {parameter(value)}"
    if trial.spec.resource is not None:
        bracket = "" if trial.spec.bracket is None else f", in bracket {trial.spec.bracket}"
        yield f"up to {plural(trial.spec.resource, 'step')}{bracket}"


def _curve(snapshot: Snapshot, trial: Trial) -> Iterator[str]:
    objective = snapshot.job.spec.objective
    seen = [
        (observation.step, observation.metrics[objective.metric])
        for observation in trial.status.observations
        if objective.metric in observation.metrics
    ]
    if not seen:
        yield f"it reported no {objective.metric}"
        return
    values = [value for _, value in seen]
    pick = min if objective.goal == "Minimize" else max
    best = pick(values)
    at = next(step for step, value in seen if value == best)
    yield sparkline(values)
    yield (
        f"{objective.metric} from {number(values[0])} at step {seen[0][0]} to {number(values[-1])} "
        f"at step {seen[-1][0]}; best {number(best)} at step {at}"
    )


def _rungs(snapshot: Snapshot, trial: Trial) -> Iterator[str]:
    """Tell where it paused, and why it went on from there."""
    metric = snapshot.job.spec.objective.metric
    for rung in trial.status.rungs:
        since = "" if rung.time is None else f", Paused from {clock(rung.time)}"
        until = "" if rung.left_time is None else f" to {clock(rung.left_time)}"
        yield f"step {rung.step}: {metric} {number(rung.value)}{since}{until}"
        why = rung.promotion
        if why is not None:
            yield (
                f"  promoted by {why.rule or 'a rule'}: {number(why.value)} at step {why.step}, "
                f"where the last to go on had {number(why.threshold)} "
                f"({plural(why.population, 'trial')} compared, itself included)"
            )


def _attempts(trial: Trial, now: datetime) -> Iterator[str]:
    status = trial.status
    earlier = status.earlier_attempts
    first = max(status.attempts - len(earlier) - (status.start_time is not None), 0) + 1
    for number_of, attempt in enumerate(earlier, start=first):
        after = "" if attempt.step is None else f" after step {attempt.step}"
        yield (
            f"{number_of}. {_span(attempt.start_time, attempt.end_time)}: "
            f"{attempt.reason or 'interrupted'}{after}"
        )
    if status.start_time is not None:
        end = status.completion_time
        what = "runs" if end is None else IN_WORDS.get(status.state, status.state)
        yield f"{first + len(earlier)}. {_span(status.start_time, end or now)}: {what}"
    if status.gpu_seconds:
        yield f"GPU-hours of the attempts that have ended: {number(status.gpu_seconds / 3600)}"


def _span(start: datetime | None, end: datetime | None) -> str:
    length = f" ({duration(end - start)})" if start is not None and end is not None else ""
    return f"{clock(start)} to {clock(end)}{length}"


def _end(snapshot: Snapshot, trial: Trial) -> Iterator[str]:
    status, metric = trial.status, snapshot.job.spec.objective.metric
    if status.reason:
        yield status.reason
    # The lines of a log keep their lines; each is wrapped on its own.
    for line in (status.message or "").splitlines():
        if clean(line):
            yield f"  {clean(line)}"
    evidence = status.evidence
    if evidence is not None:
        yield (
            f"rule {evidence.rule or '?'}: {metric} {number(evidence.value)} at step "
            f"{evidence.step}, {number(evidence.threshold)} was needed; "
            f"{plural(evidence.population, 'trial')} compared, itself included"
        )
    if status.state == "Succeeded" and status.value is not None:
        ranked = ranking(snapshot)
        place = next(
            (k for k, t in enumerate(ranked, 1) if t.metadata.name == trial.metadata.name), None
        )
        yield f"{metric} {number(status.value)}, number {place} of {len(ranked)} that succeeded"


def _advice(snapshot: Snapshot, trial: Trial, place: Place) -> Iterator[str]:
    if trial.status.state == "Succeeded":
        return
    where = snapshot.job.metadata
    what = remedy(
        trial.status.reason,
        namespace=where.namespace,
        job=where.name,
        trial=trial.metadata.name,
        directory=place.directory,
    )
    if what is not None:
        yield what
