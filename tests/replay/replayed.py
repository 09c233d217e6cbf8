"""Jobs that were recorded along uneven curves, and what their replay finds."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from kubetune.cli.recorded import history_of
from kubetune.kube.objects import Trial
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.replay import replay
from kubetune.simulator.training import at_pace, train_along
from kubetune.simulator.weather import CALM, Weather
from tests.core.builders import make_spec
from tests.replay.recorded import record
from tests.simulation.curves import FAMILIES, PARAMETERS

FOLLOWS, DIFFERS, UNDECIDED = Verdict.FOLLOWS, Verdict.DIFFERS, Verdict.UNDECIDED

# Several reports and ends fall into every second, so that their order has to be found.
UNEVEN = at_pace(
    train_along(FAMILIES["noisy"](1), steps=9, seconds=1.37), lambda index: 1 + index % 7 / 10
)


def a_record(
    strategy: str = "Hyperband",
    *,
    parent: Sequence[dict[str, Any]] = (),
    weather: Weather = CALM,
    with_basis: bool = True,
    seed: int = 7,
    **fields: Any,
) -> list[dict[str, Any]]:
    limits = {"maxTrials": 24, "maxParallelTrials": 5, "maxInitialFailures": 0}
    spec = make_spec(
        strategy,
        **{
            "parameters": PARAMETERS,
            "limits": limits,
            **({"hyperband": {"maxResource": 9}} if strategy == "Hyperband" else {}),
            **fields,
        },
    )
    return record(spec, UNEVEN, seed=seed, weather=weather, with_basis=with_basis, parent=parent)


def findings(objects: list[dict[str, Any]]) -> list[Finding]:
    body, *trials = objects
    return replay(history_of(body, [msgspec.convert(trial, Trial) for trial in trials]))


def verdicts(objects: list[dict[str, Any]]) -> dict[tuple[Kind, Verdict], int]:
    return Counter((finding.kind, finding.verdict) for finding in findings(objects))


SHORT = {"maxTrials": 11, "maxParallelTrials": 4, "maxInitialFailures": 0}
PAUSING = {"maxResource": 9, "restartPromoted": True}


def differing(objects: list[dict[str, Any]]) -> set[tuple[Kind, str]]:
    return {(f.kind, f.name) for f in findings(objects) if f.verdict is DIFFERS}
