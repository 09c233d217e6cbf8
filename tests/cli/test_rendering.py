from io import StringIO

import pytest
from rich.console import Console

from kubetune.cli.render.lines import changes
from kubetune.cli.render.live import Screen, live_view
from kubetune.cli.render.summary import summary
from kubetune.cli.snapshot import Snapshot
from tests.cli.cli_builders import (
    BEST,
    a_job,
    a_stopped_trial,
    a_trial,
    at,
    at_the_end,
    condition,
    under_way,
)
from tests.cli.golden_files import Compare


def drawn(snapshot: Snapshot, *, width: int, height: int, notice: str | None = None) -> str:
    out = StringIO()
    console = Console(
        file=out, width=width, height=height, force_terminal=False, legacy_windows=False
    )
    screen = Screen(width=width, height=height, now=at(95))
    console.print(live_view(snapshot, screen, notice=notice))
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("live-wide.txt", 120, 40),
        ("live-80.txt", 80, 24),
        ("live-narrow.txt", 48, 30),
        ("live-low.txt", 80, 14),
    ],
)
def test_the_live_view_fits_the_terminal(
    golden: Compare, name: str, width: int, height: int
) -> None:
    text = drawn(under_way(), width=width, height=height)
    golden(name, text)
    assert max(len(line) for line in text.splitlines()) <= width
    assert len(text.splitlines()) <= height


def test_the_live_view_of_a_job_without_trials(golden: Compare) -> None:
    job = a_job(phase=None, conditions=[], status={"startTime": None, "plan": None})
    golden("live-empty.txt", drawn(Snapshot.of(job, []), width=80, height=24, notice="waiting"))


def test_the_live_view_of_an_open_ended_job_has_no_bar(golden: Compare) -> None:
    job = a_job(spec={"limits": {"maxParallelTrials": 2}, "suspend": True}, status={"plan": None})
    snapshot = Snapshot.of(job, [a_trial(0, "Succeeded", values={1: 0.5}, ended=3)])
    golden("live-open.txt", drawn(snapshot, width=80, height=24))


@pytest.mark.parametrize("height", [1, 5, 10, 13, 20])
def test_many_running_trials_are_cut_to_the_height_and_counted(height: int) -> None:
    snapshot = Snapshot.of(a_job(), [a_trial(index) for index in range(300)])
    text = drawn(snapshot, width=80, height=height)
    shown = sum(line.startswith("digits-") for line in text.splitlines())
    assert f"... and {300 - shown} more" in text


def test_control_codes_from_training_code_never_reach_the_terminal() -> None:
    nasty = "\x1b]0;title\x07\x1b[2Jboom\r\n\x9b31m[bold]"
    trial = a_trial(0, "Failed", ended=5, status={"reason": "ExitCode", "message": nasty})
    snapshot = Snapshot.of(a_job(), [trial])
    for text in (
        drawn(snapshot, width=120, height=40),
        "\n".join(changes(Snapshot.of(a_job(), []), snapshot, now=at(9))),
    ):
        assert "boom | 31m[bold]" in text
        assert not any(ord(c) < 32 and c != "\n" for c in text)
        assert "\x9b" not in text


def test_a_complete_job_is_summed_up_as_reviewed(golden: Compare) -> None:
    golden("summary-complete.txt", "\n".join(summary(at_the_end(), now=at(500))) + "\n")


def test_a_failed_job_is_summed_up_as_reviewed(golden: Compare) -> None:
    failed = condition("Failed", "FirstTrialsFailed", "the first 5 trials failed", seconds=30)
    job = a_job(phase="Failed", conditions=[failed], ended=30)
    trials = [a_trial(i, "Failed", ended=5 * i, status={"reason": "ExitCode"}) for i in range(5)]
    golden("summary-failed.txt", "\n".join(summary(Snapshot.of(job, trials), now=at(99))) + "\n")


def test_a_refused_job_is_summed_up_as_reviewed(golden: Compare) -> None:
    refused = condition("!Accepted", "GridSizeMismatch", "the grid has 12 combinations", seconds=1)
    job = a_job(phase="Pending", conditions=[refused], status={"startTime": None})
    golden("summary-refused.txt", "\n".join(summary(Snapshot.of(job, []), now=at(99))) + "\n")


def story() -> list[Snapshot]:
    """The same job at six moments."""
    running = a_trial(0, values={1: 0.5}, started=2)
    pending = a_trial(
        1, "Pending", started=None, status={"reason": "Unschedulable", "message": "no GPU"}
    )
    succeeded = a_trial(0, "Succeeded", values={1: 0.5, 27: 0.97}, started=2, ended=20)
    best = {**BEST, "trial": "digits-0", "value": 0.97}
    stopped = a_stopped_trial(1, step=3, value=0.41, threshold=0.87, started=25, ended=30)
    complete = condition("Complete", "TargetReached", "digits-0 reached 0.97", seconds=31)
    accepted = condition("Accepted", "Tuning")
    suspended = condition("Suspended", "SuspendedByUser", seconds=21)
    return [
        Snapshot.of(a_job(), []),
        Snapshot.of(a_job(), [running, pending]),
        Snapshot.of(a_job(best=best), [succeeded, a_trial(1, values={1: 0.3}, started=19)]),
        Snapshot.of(
            a_job(best=best, conditions=[accepted, suspended], spec={"suspend": True}),
            [succeeded, a_trial(1, "Pending", started=None, status={"reason": "Suspended"})],
        ),
        Snapshot.of(a_job(best=best), [succeeded, a_trial(1, values={3: 0.41}, started=25)]),
        Snapshot.of(
            a_job(best=best, phase="Complete", conditions=[accepted, complete], ended=31),
            [succeeded, stopped],
        ),
    ]


def test_a_job_is_told_in_lines_as_reviewed(golden: Compare) -> None:
    lines: list[str] = []
    before: Snapshot | None = None
    for seconds, after in zip((0, 5, 21, 22, 26, 32), story(), strict=True):
        lines += changes(before, after, now=at(seconds))
        before = after
    golden("lines.txt", "\n".join(lines) + "\n")


def test_the_trial_whose_end_ends_the_job_is_told_first() -> None:
    before = Snapshot.of(a_job(), [a_trial(0, values={1: 0.5}, started=2)])
    complete = condition("Complete", "MaxTrialsReached", "one trial has ended", seconds=20)
    after = Snapshot.of(
        a_job(
            phase="Complete",
            conditions=[
                condition("Accepted", "Tuning"),
                complete,
                condition("Finished", "MaxTrialsReached", seconds=20),
            ],
            best={**BEST, "trial": "digits-0", "value": 0.97},
            ended=20,
        ),
        [a_trial(0, "Succeeded", values={1: 0.5, 27: 0.97}, started=2, ended=20)],
    )
    told = [line.split("  ")[2].split(":")[0] for line in changes(before, after, now=at(23))]
    assert told == ["succeeded", "is the best so far", "complete"]


def test_a_look_at_the_same_state_tells_nothing() -> None:
    for snapshot in (*story(), under_way(), at_the_end()):
        assert changes(snapshot, snapshot, now=at(99)) == []


def test_a_first_look_at_a_job_that_has_ended_leaves_it_to_the_summary() -> None:
    assert changes(None, at_the_end(), now=at(130)) == []


def test_a_first_look_at_a_job_under_way_is_one_line(golden: Compare) -> None:
    golden("lines-joining.txt", "\n".join(changes(None, under_way(), now=at(95))) + "\n")
