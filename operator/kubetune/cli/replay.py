"""`kubetune replay`: which decisions of a job follow from its recorded history."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from kubetune.cli.access import Target, opened
from kubetune.cli.exits import ExitCode
from kubetune.cli.libraries import demand_libraries
from kubetune.cli.recorded import history_of, read_histories
from kubetune.cli.render.wording import clean
from kubetune.kube.paths import TUNING_JOBS
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.history import History
from kubetune.replay.replay import replay

_TITLES = {
    Kind.SUGGESTION: "Suggestions",
    Kind.PAUSE: "Pauses",
    Kind.PROMOTION: "Promotions",
    Kind.EARLY_STOP: "Early stops",
    Kind.END: "End",
    Kind.VALUE: "Values",
    Kind.BEST: "Best",
}
_WORDS = {
    Verdict.FOLLOWS: "follow",
    Verdict.DIFFERS: "do not follow",
    Verdict.UNDECIDED: "cannot be decided",
}
# Only told where there are some: most jobs pause no trials, and values are as reported.
_RARE = (Kind.PAUSE, Kind.PROMOTION, Kind.VALUE)
_INDENT = 13


def replay_file(
    filename: str, *, output: str, shows_all: bool, stdin: TextIO, out: TextIO
) -> ExitCode:
    """Replay the jobs of a file; see `tell`."""
    return tell(read_histories(filename, stdin), output=output, shows_all=shows_all, out=out)


async def replay_cluster(
    target: Target, name: str, *, output: str, shows_all: bool, out: TextIO
) -> ExitCode:
    """Replay a job of the cluster; see `tell`."""
    async with opened(target) as access:
        await access.job(name)  # says which jobs there are if it is none of them
        body = json.loads(await access.client.get(TUNING_JOBS.path(access.namespace, name)))
        parents = ((body.get("spec") or {}).get("warmStart") or {}).get("from") or []
        trials = [trial for job in (name, *parents) for trial in await access.whole_trials(job)]
    return tell([history_of(body, trials)], output=output, shows_all=shows_all, out=out)


def tell(histories: Sequence[History], *, output: str, shows_all: bool, out: TextIO) -> ExitCode:
    """Replay jobs and tell what was found.

    Args:
        histories: The jobs.
        output: "table" or "json".
        shows_all: Whether decisions that follow are listed as well.
        out: Where to.

    Returns:
        FAILED if a decision does not follow; one that cannot be decided is no failure.

    Raises:
        CommandError: A library that the decisions were made with is not installed.
    """
    for history in histories:
        demand_libraries(history.spec)
    found = [(history, replay(history)) for history in histories]
    if output == "json":
        documents = [_document(history, findings) for history, findings in found]
        out.write(json.dumps(documents if len(documents) > 1 else documents[0], indent=2) + "\n")
    else:
        for place, (history, findings) in enumerate(found):
            lines = _lines(history, findings, shows_all=shows_all)
            out.writelines([*("\n" for _ in range(place > 0)), *(f"{line}\n" for line in lines)])
    differs = any(f.verdict is Verdict.DIFFERS for _, findings in found for f in findings)
    return ExitCode.FAILED if differs else ExitCode.OK


def _lines(history: History, findings: Sequence[Finding], *, shows_all: bool) -> Iterator[str]:
    yield f"{history.name}: {len(history.records)} trials, seed {history.seed}"
    yield ""
    for kind, title in _TITLES.items():
        counts = Counter(finding.verdict for finding in findings if finding.kind is kind)
        told = [
            f"{counts[verdict]} {words}" for verdict, words in _WORDS.items() if counts[verdict]
        ]
        if told or kind not in _RARE:
            yield f"{title:<{_INDENT}}{', '.join(told) or 'none'}"
    for verdict in (Verdict.DIFFERS, Verdict.UNDECIDED, Verdict.FOLLOWS):
        listed = [finding for finding in findings if finding.verdict is verdict]
        if not listed or (verdict is Verdict.FOLLOWS and not shows_all):
            continue
        yield ""
        yield f"{_WORDS[verdict].capitalize()}:"
        yield from _list(listed)


def _list(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        title = _TITLES[finding.kind].lower().removesuffix("s")
        yield f"  {finding.name}  {title}: {clean(finding.text)}"


def _document(history: History, findings: Iterable[Finding]) -> dict[str, object]:
    return {
        "tuningJob": history.name,
        "trials": len(history.records),
        "seed": history.seed,
        "decisions": [
            {
                "kind": finding.kind,
                "name": finding.name,
                "verdict": finding.verdict,
                "text": finding.text,
            }
            for finding in findings
        ],
    }
