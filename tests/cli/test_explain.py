"""`kubetune explain`: the story of every kind of job and trial, compared with golden files."""

from pathlib import Path

import pytest

from tests.cli.explained_jobs import (
    ended_job,
    failed_job,
    median_job,
    new_job,
    promotion_job,
    refused_job,
    running_job,
)
from tests.cli.explained_trials import PROMOTED, TRIALS, failures
from tests.cli.golden_files import Compare
from tests.cli.stories import story


async def test_a_promoted_trial_is_told_as_reviewed(tmp_path: Path, golden: Compare) -> None:
    text = await story(tmp_path, [promotion_job(), *PROMOTED], "digits", "0")
    golden("explain-trial-promoted.txt", text)


STORIES = {
    "promotion": (promotion_job(), PROMOTED),
    "complete": (ended_job(), TRIALS[:5]),
    "running": (running_job(), TRIALS),
    "failed": (failed_job(), failures()),
    "refused": (refused_job(), []),
    "new": (new_job(), []),
    "suspended": (median_job(), []),
}


@pytest.mark.parametrize("name", STORIES)
async def test_a_job_is_told_as_reviewed(name: str, tmp_path: Path, golden: Compare) -> None:
    job, trials = STORIES[name]
    text = await story(tmp_path, [job, *trials])
    assert all(len(line) <= 100 for line in text.splitlines())
    golden(f"explain-{name}.txt", text)


@pytest.mark.parametrize(
    ("name", "trial"),
    [("succeeded", "1"), ("stopped", "digits-2"), ("oom", "4"), ("again", "5"), ("waiting", "6")],
)
async def test_a_trial_is_told_as_reviewed(
    name: str, trial: str, tmp_path: Path, golden: Compare
) -> None:
    text = await story(tmp_path, [running_job(), *TRIALS], "digits", trial)
    golden(f"explain-trial-{name}.txt", text)
