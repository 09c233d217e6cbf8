"""The measurements as a table for people."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.measure import Run
from benchmarks.workload import EXPLAINED, Variant

NOT_MEASURED: Final = "not measured here"
_MEBI: Final = 1024 * 1024
_WIDTH: Final = 24

Repeats = Mapping[Variant, Sequence[Run]]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Wall time of one variant over that of another, and what we aim for (None: nothing)."""

    of: Variant
    to: Variant
    aim: float | None


RATIOS: Final = (
    Ratio(Variant.STDOUT, Variant.SIDECAR, 1.10),
    Ratio(Variant.STDOUT, Variant.BARE, 1.40),
    Ratio(Variant.ANNOTATION, Variant.BARE, 1.15),
    Ratio(Variant.ANNOTATION, Variant.ANNOTATING, None),
    Ratio(Variant.STDOUT, Variant.TOKENLESS, None),
    Ratio(Variant.ANNOTATION, Variant.TOKENLESS, None),
    Ratio(Variant.BARE, Variant.TOKENLESS, None),
    Ratio(Variant.SIDECAR, Variant.BARE, None),
)

FIRST_JOB_AIM: Final = 2.0
NEXT_JOB_AIM: Final = 1.0


def ratios(repeats: Repeats, ratio: Ratio) -> list[float]:
    """The ratio in each repeat; empty when one of the two was not run."""
    pairs = zip(repeats.get(ratio.of, ()), repeats.get(ratio.to, ()), strict=False)
    return [one.wall / other.wall for one, other in pairs]


def lines(
    repeats: Repeats, *, parallel: int, sidecars: Mapping[Variant, int | None], small: Run | None
) -> list[str]:
    """The report.

    Args:
        repeats: The runs of each variant, in order.
        parallel: How many trials ran at a time.
        sidecars: Peak memory of the sidecars in the untimed runs, in bytes; None: not measured.
        small: A run of Kubetune with few trials, to compare the TuningJob's size with.
    """
    run = next(runs[0] for runs in repeats.values())
    count = max(len(runs) for runs in repeats.values())
    return [
        f"{run.trials} trials of about 2 s, {parallel} at a time; {count} repeats in turns",
        "Each figure: median (least to most) of the repeats, seconds unless it says otherwise.",
        *(f"  {variant.value:<{_WIDTH}}{EXPLAINED[variant]}" for variant in repeats),
        "",
        *_table(repeats),
        "",
        *_ratio_lines(repeats),
        "",
        *_aim_lines(repeats),
        "",
        *_call_lines(repeats),
        *_memory_lines(repeats, sidecars),
        "",
        *_size_lines(repeats, small),
        "",
        *HOW,
    ]


HOW: Final = (
    "How:",
    "  wall: from the first request to the last pod over (Succeeded), by this script's clock.",
    "  by objects: first Job's creationTimestamp to the last training container's finishedAt,",
    "    whole seconds both.",
    "  The hand-made ways get their accounts and rights before the clock runs; Kubetune makes its",
    "    own while it runs.",
    "  pod over, Job Complete: when this script's watch, open in every variant, was told.",
    "  Job created: the audit log's stamp of the answer; without one, the watch again.",
    "  training's exit: the runtime's stamp of the last line that it printed.",
    "  API calls: the audit log, by account and namespace; without one, the operator's own",
    "    count of all that it asked for meanwhile, its lease included.",
    "  bare, tokenless: every pod gets its account's token from Kubernetes unless it says no. A",
    "    pod of the Annotation source needs it, one of the Stdout source has it in the sidecar.",
    "  operator CPU: user and system time of its process, whatever it was for; in the hand-made",
    "    ways it had nothing to do. Its peak memory: VmHWM since it started.",
    "  sidecar memory: VmHWM, sampled in runs of their own that are not timed.",
)


def _table(repeats: Repeats) -> list[str]:
    rows: list[tuple[str, Callable[[Run], float | None]]] = [
        ("wall", lambda run: run.wall),
        ("wall by objects", lambda run: run.wall_by_objects),
        ("apply to first Job", lambda run: run.first_job),
        ("Job created to Complete, median", lambda run: median(run.jobs)),
        ("pod over to next Job, median", lambda run: _median(run.over_to_next)),
        ("pod over to next Job, longest", lambda run: max(run.over_to_next, default=None)),
        ("training's exit to next Job, median", lambda run: _median(run.exit_to_next)),
        ("last pod over to TuningJob Finished", lambda run: run.finished),
        ("operator CPU seconds", lambda run: run.operator_cpu),
        ("operator's API calls per trial", lambda run: _per_trial(run.operator_calls, run)),
        ("pods' API calls per trial", lambda run: _per_trial(run.pod_calls, run)),
    ]
    head = " " * 36 + "".join(f"{variant.value:>{_WIDTH}}" for variant in repeats)
    return [
        head,
        *(
            f"{name:<36}"
            + "".join(f"{spread(map(value, runs)):>{_WIDTH}}" for runs in repeats.values())
            for name, value in rows
        ),
    ]


def spread(values: Iterable[float | None], digits: int = 2) -> str:
    """Median, and least to most when there are several; "-" when nothing was measured."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    middle = f"{median(known):.{digits}f}"
    if len(known) == 1:
        return middle
    return f"{middle} ({min(known):.{digits}f}-{max(known):.{digits}f})"


def _ratio_lines(repeats: Repeats) -> list[str]:
    found = ["Ratios of wall time, within each repeat:"]
    for ratio in RATIOS:
        values = ratios(repeats, ratio)
        if values:
            name = f"{ratio.of.value} / {ratio.to.value}"
            verdict = _verdict(median(values), ratio.aim, "at most")
            found.append(f"  {name:<40}{spread(values, digits=3):<23}{verdict}".rstrip())
    return found


def _aim_lines(repeats: Repeats) -> list[str]:
    found = []
    for variant in (Variant.STDOUT, Variant.ANNOTATION):
        runs = repeats.get(variant, ())
        firsts = [run.first_job for run in runs]
        gaps = [pause for run in runs for pause in run.over_to_next]
        exits = [pause for run in runs for pause in run.exit_to_next]
        for name, values, aim in (
            ("apply to first Job", firsts, FIRST_JOB_AIM),
            ("trial's end (pod over) to next Job", gaps, NEXT_JOB_AIM),
            ("training's exit to next Job", exits, None),
        ):
            if values:
                verdict = _verdict(median(values), aim, "below")
                label = f"{variant.value}: {name}"
                found.append(f"  {label:<56}{spread(values):<20}{verdict}".rstrip())
    return ["Seconds until the next thing, all repeats together:", *found] if found else []


def _verdict(value: float, aim: float | None, words: str) -> str:
    if aim is None:
        return ""
    return f"aim: {words} {aim:.2f}: {'met' if value <= aim else 'NOT met'}"


def _call_lines(repeats: Repeats) -> list[str]:
    found = []
    for variant, runs in repeats.items():
        if variant in (Variant.BARE, Variant.TOKENLESS):
            continue
        trials = sum(run.trials for run in runs)
        by_operator = [run.operator_calls for run in runs]
        by_pods = [run.pod_calls for run in runs]
        who = [("pods", by_pods)]
        if variant.is_kubetune:
            who.insert(0, ("operator", by_operator))
        for name, counts in who:
            found.append(f"API calls per trial, {variant.value}, by {name}:")
            found += [f"  {line}" for line in _calls(counts, trials)]
    if any(run.other_calls is not None for runs in repeats.values() for run in runs):
        found.append("API calls of the operator for its lease and cluster-wide watches, per run:")
        every = [run for runs in repeats.values() for run in runs]
        found += [f"  {line}" for line in _calls([run.other_calls for run in every], len(every))]
    return [*found, ""]


def _calls(counts: Iterable[Mapping[str, int] | None], trials: int) -> list[str]:
    total: Counter[str] = Counter()
    for count in counts:
        if count is None:
            return [NOT_MEASURED]
        total.update(count)
    listed = [f"{number / trials:6.2f}  {call}" for call, number in total.most_common()]
    return [f"{total.total() / trials:6.2f}  in all", *listed]


def _memory_lines(repeats: Repeats, sidecars: Mapping[Variant, int | None]) -> list[str]:
    peaks = [run.operator_peak for runs in repeats.values() for run in runs]
    known = [peak for peak in peaks if peak is not None]
    sidecar = {
        Variant.STDOUT: "collector's peak memory",
        Variant.SIDECAR: "hand-made sidecar's peak memory",
    }
    return [
        f"operator's peak memory: {_mebi(max(known, default=None))}",
        *(f"{sidecar[variant]}: {_mebi(peak)}" for variant, peak in sidecars.items()),
    ]


def _size_lines(repeats: Repeats, small: Run | None) -> list[str]:
    found = []
    for variant in (Variant.STDOUT, Variant.ANNOTATION):
        sizes = [run.sizes for run in repeats.get(variant, ()) if run.sizes is not None]
        trials = [size for each in sizes for size in each.trials]
        if trials:
            spans = spread(trials, digits=0)
            found.append(
                f"Trial object, {variant.value}: {spans} bytes as JSON, managed fields too"
            )
            found.append(
                f"TuningJob object, {variant.value}: {max(each.tuning_job for each in sizes)} bytes"
                f" with {repeats[variant][0].trials} trials"
            )
    if small is not None and small.sizes is not None:
        found.append(
            f"TuningJob object, {small.variant.value}: {small.sizes.tuning_job} bytes"
            f" with {small.trials} trials"
        )
    return found


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _per_trial(calls: Mapping[str, int] | None, run: Run) -> float | None:
    return None if calls is None else sum(calls.values()) / run.trials


def _mebi(size: int | None) -> str:
    return NOT_MEASURED if size is None else f"{size / _MEBI:.1f} MiB"
