"""What Kubetune adds to bare Jobs, as ratios within one run on a real cluster.

    make bench-overhead
    python -m benchmarks.overhead --trials 8 --parallel 4 --repeats 1      # a quick look

Not a test: on a busy machine the seconds mean little and the ratios less than usual. Every variant
runs in each repeat, and the order rotates from one repeat to the next.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks import report
from benchmarks.audit import AuditLog
from benchmarks.measure import Bench, Run, fresh_namespace, measure
from benchmarks.processes import MemorySampler
from benchmarks.workload import Variant
from benchmarks.world import BenchmarkError
from kubetune.errors import ClusterError
from kubetune.kube.client import Client
from kubetune.kube.paths import PODS
from tests.cluster.deploy import deploy
from tests.cluster.errors import BringUpError
from tests.cluster.layout import default_layout
from tests.cluster.target import Target, resolve_target

PROBE_TRIALS = 4
"""Trials of the untimed runs, which warm everything up and tell the sidecars' memory."""


@dataclass(frozen=True, slots=True)
class Probe:
    """An untimed run and the peak memory of its sidecars in bytes; None: not measured."""

    run: Run
    sidecar_peak: int | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        target = resolve_target(os.environ)
        if not options.keep_operator:
            _say("installing the operator afresh")
            deploy(target, os.environ)
        return asyncio.run(_measure_all(target, options))
    except (BringUpError, BenchmarkError, ClusterError, TimeoutError) as error:
        sys.stderr.write(f"error: {error or 'a run took too long'}\n")
        return 1


def orders(variants: Sequence[Variant], repeats: int) -> list[list[Variant]]:
    """The order of each repeat: every variant goes first, second and so on in turn."""
    shifts = (number % len(variants) for number in range(repeats))
    return [[*variants[shift:], *variants[:shift]] for shift in shifts]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--trials", type=int, default=60, help="trials of each run (60)")
    parser.add_argument("--parallel", type=int, default=8, help="how many at a time (8)")
    parser.add_argument("--repeats", type=int, default=3, help="how often all is measured (3)")
    parser.add_argument(
        "--variants",
        type=_variants,
        default=list(Variant),
        help=f"which to measure, by default all: {','.join(Variant)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument(
        "--keep-operator",
        action="store_true",
        help="measure the operator that runs, instead of installing the present one afresh",
    )
    return parser


def _variants(text: str) -> list[Variant]:
    try:
        return [Variant(name) for name in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def _measure_all(target: Target, options: argparse.Namespace) -> int:
    audit = default_layout().audit_log
    async with await Client.connect(str(target.kubeconfig), target.context) as client:
        bench = Bench(
            client=client,
            now=lambda: datetime.now(UTC),  # noqa: TID251  the rim: here the clock is made
            audit=AuditLog(audit) if target.own and audit.exists() else None,
            here=target.own,
            trials=options.trials,
            parallel=options.parallel,
        )
        variants: list[Variant] = options.variants
        probes: dict[Variant, Probe] = {
            variant: await _probe(bench, variant)
            for variant in (Variant.SIDECAR, Variant.STDOUT)
            if variant in variants
        }
        runs: dict[Variant, list[Run]] = {variant: [] for variant in variants}
        for number, order in enumerate(orders(variants, options.repeats), start=1):
            for variant in order:
                async with fresh_namespace(client, variant) as namespace:
                    run = await measure(bench, variant, namespace)
                runs[variant].append(run)
                _say(f"repeat {number} of {options.repeats}: {variant.value}: {run.wall:.2f} s")
    sidecars = {variant: probe.sidecar_peak for variant, probe in probes.items()}
    small = probes[Variant.STDOUT].run if Variant.STDOUT in probes else None
    print("\n".join(report.lines(runs, parallel=options.parallel, sidecars=sidecars, small=small)))
    if options.json is not None:
        options.json.write_text(_as_json(runs, probes, options), encoding="utf-8")
    return 0


async def _probe(bench: Bench, variant: Variant) -> Probe:
    """Run a few trials untimed, and watch the memory of their sidecars where they are here."""
    few = replace(bench, trials=PROBE_TRIALS, parallel=PROBE_TRIALS)
    _say(f"warming up: {variant.value}")
    async with fresh_namespace(bench.client, variant) as namespace:
        if not bench.here:
            return Probe(await measure(few, variant, namespace), None)
        with MemorySampler() as sampler:
            run = await measure(few, variant, namespace)
        pods, _ = await bench.client.list_all(PODS.path(namespace), msgspec.json.decode)
    containers = [
        status["containerID"].partition("://")[2]
        for pod in pods
        for status in pod["status"].get("initContainerStatuses", ())
    ]
    peaks = [peak for each in containers if (peak := sampler.peak(each)) is not None]
    return Probe(run, max(peaks, default=None))


def _as_json(
    runs: report.Repeats, probes: Mapping[Variant, Probe], options: argparse.Namespace
) -> str:
    document = {
        "trials": options.trials,
        "parallel": options.parallel,
        "runs": {variant.value: [asdict(run) for run in found] for variant, found in runs.items()},
        "ratios": {
            f"{ratio.of.value} / {ratio.to.value}": {
                "values": report.ratios(runs, ratio),
                "aim": ratio.aim,
            }
            for ratio in report.RATIOS
        },
        "untimed": {variant.value: asdict(probe) for variant, probe in probes.items()},
    }
    return json.dumps(document, indent=1) + "\n"


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
