"""The story of a job in plain words: what was asked, how it went, why it ended, what came out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from statistics import median
from typing import Any

from kubetune.cli.objects import Trial
from kubetune.cli.render.advice import Place, next_steps
from kubetune.cli.render.asked import asked, planned
from kubetune.cli.render.distrust import distrusted_rungs
from kubetune.cli.render.order import improvements, ranking
from kubetune.cli.render.page import Section, listed, page, plural
from kubetune.cli.render.remedies import remedy
from kubetune.cli.render.sparkline import sparkline
from kubetune.cli.render.summary import counts, saved
from kubetune.cli.render.wording import because, clean, duration, number, parameter, parameters
from kubetune.cli.snapshot import Snapshot

PAUSED_AT = "RungReached"
_FAILED = ("Failed", "MetricsUnavailable")


def job_story(snapshot: Snapshot, spec: Mapping[str, Any], *, now: datetime, place: Place) -> str:
    """The whole page.

    Args:
        snapshot: The job and the trials of its present run.
        spec: Its spec as JSON.
        now: Until when a job that goes on is told.
        place: Where the job is.
    """
    plan = snapshot.job.status.plan
    return page(
        _head(snapshot),
        [
            Section(title="What was asked", lines=tuple(asked(spec))),
            Section(title="The plan", lines=tuple(planned(plan)) if plan is not None else ()),
            Section(title="How it went", lines=tuple(_course(snapshot, spec, now, place))),
            Section(title="Why it ended", lines=tuple(_end(snapshot))),
            Section(title="The best", lines=tuple(_best(snapshot))),
            Section(title="What to look at next", lines=tuple(next_steps(snapshot, spec, place))),
        ],
    )


def _head(snapshot: Snapshot) -> str:
    job = snapshot.job
    name = job.metadata.name
    if job.refusal is not None:
        return f"{name} was refused: {because(job.refusal.reason, job.refusal.message)}"
    if not job.is_observed and job.status.phase is None:
        return f"{name} has not been looked at yet by Kubetune's operator."
    phase = job.status.phase or "Pending"
    wanted = "" if snapshot.wanted is None else f" of {snapshot.wanted}"
    verb = "has ended" if snapshot.finished == 1 and not wanted else "have ended"
    unit = "trial" if snapshot.finished == 1 and not wanted else "trials"
    why = f", because of {job.status.reason}" if job.has_ended and job.status.reason else ""
    return f"{name} is {phase}{why}: {snapshot.finished}{wanted} {unit} {verb}."


def _course(
    snapshot: Snapshot, spec: Mapping[str, Any], now: datetime, place: Place
) -> Iterator[str]:
    elapsed = snapshot.elapsed(now)
    if elapsed is None:
        return
    yield f"{counts(snapshot)}; {duration(elapsed)} since the start"
    for parent in snapshot.job.status.warm_start:
        known = plural(parent.trials, "trial")
        yield f"It began with what {known} of {parent.tuning_job} had found"
    for condition in snapshot.job.status.conditions:
        if condition.type == "Degraded" and condition.status == "True":
            yield f"degraded: {clean(condition.message)}"
    yield from _stops(snapshot)
    yield from _promotions(snapshot)
    yield from _distrust(snapshot, spec)
    yield from _failures(snapshot, place)
    # A trial that was promoted begins again too, but nothing was lost by that.
    lost = {
        trial.metadata.name: [a for a in trial.status.earlier_attempts if a.reason != PAUSED_AT]
        for trial in snapshot.trials
    }
    again = [trial for trial in snapshot.trials if lost[trial.metadata.name]]
    if again:
        reasons = Counter(a.reason for attempts in lost.values() for a in attempts)
        told = ", ".join(f"{reason} {times}" for reason, times in sorted(reasons.items()))
        yield f"begun more than once: {listed(t.metadata.name for t in again)} ({told})"
    for trial in snapshot.trials:
        if trial.status.state == "Pending" and trial.status.reason:
            why = because(trial.status.reason, trial.status.message)
            yield f"{trial.metadata.name} waits: {why}"
            break
    found = snapshot.job.status.convergence
    if found is not None:
        yield (
            f"Converged after {found.trial}, when {plural(found.trials, 'trial')} had succeeded: "
            "no point is expected to be better than the best known by more than "
            f"{number(found.regret)} (the threshold is {number(found.threshold)})"
        )
    hours = snapshot.job.status.gpu_hours
    if hours is not None:
        less = f"; early stopping saved about {number(hours.saved)}" if hours.saved else ""
        yield f"GPU-hours used: {number(hours.used)}{less}"


def _stops(snapshot: Snapshot) -> Iterator[str]:
    stopped = [t for t in snapshot.trials if t.status.evidence is not None]
    for rule in sorted({t.status.evidence.rule for t in stopped if t.status.evidence}):
        own = [(t, t.status.evidence) for t in stopped if t.status.evidence]
        own = [(trial, evidence) for trial, evidence in own if evidence.rule == rule]
        steps = Counter(evidence.step for _, evidence in own)
        where = ", ".join(f"{times} at step {step}" for step, times in sorted(steps.items()))
        name = f"The rule {rule}" if rule else "A rule"
        yield f"{name} stopped {plural(len(own), 'trial')}: {where}"
        trial, closest = min(
            own, key=lambda each: (abs(each[1].value - each[1].threshold), each[0].spec.index)
        )
        yield (
            f"  the closest: {trial.metadata.name} with {number(closest.value)} at step "
            f"{closest.step}, where {number(closest.threshold)} was needed "
            f"({closest.population} trials compared)"
        )
    if snapshot.savings is not None:
        yield f"Saved {saved(snapshot.savings)}"


def _promotions(snapshot: Snapshot) -> Iterator[str]:
    rungs = snapshot.job.status.plan.rungs if snapshot.job.status.plan is not None else []
    reached = [
        (rung.step, sum(trial.trained >= rung.step for trial in snapshot.trials)) for rung in rungs
    ]
    if any(number_there for _, number_there in reached):
        told = ", ".join(f"{number_there} step {step}" for step, number_there in reached)
        yield f"Trials that reached each rung: {told}"
    rules = Counter(
        rung.promotion.rule
        for trial in snapshot.trials
        for rung in trial.status.rungs
        if rung.promotion is not None
    )
    for rule, times in sorted(rules.items()):
        yield f"The rule {rule} promoted trials {plural(times, 'time')}"


def _distrust(snapshot: Snapshot, spec: Mapping[str, Any]) -> Iterator[str]:
    rungs = distrusted_rungs(snapshot, spec)
    if rungs:
        steps = listed((str(step) for step in rungs), most=len(rungs))
        yield (
            f"Values at step {steps} foretell too little of the final ones, as the trials of the "
            "last bracket show by now: nobody is selected there any more"
        )


def _failures(snapshot: Snapshot, place: Place) -> Iterator[str]:
    failed = [t for t in snapshot.trials if t.status.state in _FAILED]
    by_reason = Counter(trial.status.reason or "Failed" for trial in failed)
    for reason, times in sorted(by_reason.items(), key=lambda item: (-item[1], item[0])):
        own = [t.metadata.name for t in failed if (t.status.reason or "Failed") == reason]
        yield f"{plural(times, 'failure')} by {reason}: {listed(own)}"
        where = snapshot.job.metadata
        what = remedy(
            reason,
            namespace=where.namespace,
            job=where.name,
            trial=own[0],
            directory=place.directory,
        )
        if what is not None:
            yield f"  remedy: {what}"


def _end(snapshot: Snapshot) -> Iterator[str]:
    job = snapshot.job
    ending = job.condition("Failed") or job.condition("Complete")
    if ending is None:
        return
    yield because(ending.reason, ending.message)
    evidence = job.status.evidence
    if evidence is not None:
        by = f", by {evidence.trial}" if evidence.trial else ""
        yield (
            f"rule {evidence.rule}: {evidence.measure} {number(evidence.value)}, the threshold is "
            f"{number(evidence.threshold)}{by}; "
            f"from {plural(evidence.population, 'finished trial')}"
        )


def _best(snapshot: Snapshot) -> Iterator[str]:
    job, best = snapshot.job, snapshot.best
    if best is None:
        return
    metric = job.spec.objective.metric
    at = "" if best.resource is None else f" at step {best.resource}"
    yield f"{best.trial}: {metric} {number(best.value)}{at}"
    yield f"  {parameters(job.in_order(best.parameters))}"
    overall = job.status.overall_best
    if overall is not None and overall.tuning_job != job.metadata.name:
        yield (
            f"better still: {overall.trial} of its parent {overall.tuning_job} with "
            f"{number(overall.value)}"
        )
        yield f"  {parameters(job.in_order(overall.parameters))}"
    ranked = ranking(snapshot)
    others = [trial for trial in ranked if trial.metadata.name != best.trial]
    if others and others[0].status.value is not None:
        second = others[0]
        gap = abs(best.value - others[0].status.value)
        yield (
            f"next best: {second.metadata.name} with {number(others[0].status.value)}, "
            f"{number(gap)} behind"
        )
        for name in _differing(snapshot, second):
            mine, theirs = best.parameters[name], second.spec.parameters[name]
            yield f"  {clean(name)}: {parameter(mine)}, there {parameter(theirs)}"
        values = [trial.status.value for trial in ranked if trial.status.value is not None]
        of_all = f"of the {plural(len(values), 'trial')} that succeeded"
        yield f"median {of_all}: {number(median(values))}"
    story = improvements(snapshot)
    if len(story) > 1:
        place, _ = story[-1]
        values = [trial.status.value for _, trial in story if trial.status.value is not None]
        yield (
            f"best so far {sparkline(values)} improved {plural(len(story) - 1, 'time')}, last by "
            f"trial {place} of {snapshot.finished} that ended"
        )


def _differing(snapshot: Snapshot, other: Trial) -> list[str]:
    """Parameters in which the best differs from another trial."""
    best = snapshot.best
    if best is None:
        return []
    there = other.spec.parameters
    ordered = snapshot.job.in_order(best.parameters)
    return [name for name, value in ordered.items() if name in there and there[name] != value]
