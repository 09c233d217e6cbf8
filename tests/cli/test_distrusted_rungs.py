"""`kubetune explain` names the rungs of Hyperband that a job does not trust by now."""

from typing import Any

import pytest

from kubetune.cli.render.advice import Place
from kubetune.cli.render.job_story import job_story
from kubetune.cli.snapshot import Snapshot
from tests.cli.cli_builders import a_job, a_trial, at

LAST = 2
"""With rungs 1, 3 and 9 the bracket whose trials train to the end."""


def told(*curves: tuple[float, float, float], **hyperband: Any) -> str:
    """The story of a job whose last bracket had trials of these values at steps 1, 3 and 9."""
    trials = [
        a_trial(
            index,
            "Succeeded",
            values=dict(zip((1, 3, 9), curve, strict=True)),
            ended=10,
            spec={"bracket": LAST},
        )
        for index, curve in enumerate(curves)
    ]
    container = {"name": "train", "args": ["--lr=$(params.lr)", "--epochs=$(trial.resource)"]}
    spec = {
        "objective": {"metric": "val_accuracy", "goal": "Maximize"},
        "parameters": [{"name": "lr", "type": "Float", "min": 0.1, "max": 1}],
        "strategy": {"type": "Hyperband", "hyperband": {"maxResource": 9, **hyperband}},
        "limits": {"maxTrials": 20, "maxParallelTrials": 4},
        "trial": {"template": {"spec": {"template": {"spec": {"containers": [container]}}}}},
    }
    return job_story(Snapshot.of(a_job(spec=spec), trials), spec, now=at(60), place=Place())


REVERSED = [(-0.1 * i, 0.1 * i, 0.1 * i) for i in range(6)]


@pytest.mark.parametrize("mode", ["Stopping", "Promotion", "Synchronous"])
def test_rungs_that_foretell_too_little_are_named(mode: str) -> None:
    settings = {"mode": mode} if mode == "Stopping" else {"mode": mode, "restartPromoted": True}
    story = " ".join(told(*REVERSED, **settings).split())
    assert "Values at step 1 foretell too little of the final ones" in story


def test_several_rungs_are_named_together() -> None:
    both = ((-x, -x, x) for *_, x in REVERSED)
    assert "Values at step 1, 3 foretell too little" in " ".join(told(*both).split())


def test_of_rungs_that_foretell_the_end_nothing_is_said() -> None:
    assert "foretell" not in told(*((x, x, x) for *_, x in REVERSED))


def test_of_a_spec_that_cannot_be_read_nothing_is_said_about_its_rungs() -> None:
    assert "foretell" not in told(*REVERSED, reductionFactor="three")
