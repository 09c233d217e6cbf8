"""Every sample runs to its end as it stands."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.cluster.deploy import with_images
from tests.e2e.tuning_jobs import Jobs, states
from tests.e2e.volumes import claim, volume_for

pytestmark = pytest.mark.cluster

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "manifests" / "samples").glob("*.yaml"))


CLAIMS = {
    "hyperband-promotion": "checkpoints",
    "hyperband-synchronous": "hyperband-synchronous-checkpoints",
}
"""Claims of samples, for which the cluster may have no volume of its own."""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_sample_runs_to_its_end(path: Path, jobs: Jobs) -> None:
    with ExitStack() as stack:
        if path.stem in CLAIMS:
            stack.enter_context(volume_for(jobs, CLAIMS[path.stem]))
        if path.stem == "hyperband-promotion":
            jobs.apply(claim(CLAIMS[path.stem]))
        run_sample(path, jobs)


def run_sample(path: Path, jobs: Jobs) -> None:
    text = with_images(path.read_text(encoding="utf-8"), os.environ)
    manifest = yaml.safe_load(text)
    for parent in manifest["spec"].get("warmStart", {}).get("from", []):
        (before,) = [sample for sample in SAMPLES if sample.stem == parent]
        words = with_images(before.read_text(encoding="utf-8"), os.environ)
        jobs.kubectl("apply", "-f", "-", stdin=words)
    jobs.kubectl("apply", "-f", "-", stdin=text)
    name = manifest["metadata"]["name"]
    status = jobs.finish(name, seconds=600)
    assert status["phase"] == "Complete", status
    trials = jobs.trials(name)
    wanted = status["plan"].get("combinations") or manifest["spec"]["limits"]["maxTrials"]
    if status["reason"] in ("TargetReached", "Converged"):
        # What ran at that moment was stopped with the job.
        assert set(states(trials)) <= {"Succeeded", "EarlyStopped", "Stopped"}
        assert len(trials) <= wanted
    else:
        assert set(states(trials)) <= {"Succeeded", "EarlyStopped"}
        assert len(trials) == wanted
    names = {parameter["name"] for parameter in manifest["spec"]["parameters"]}
    assert set(status["best"]["parameters"]) == names
    metrics = {manifest["spec"]["objective"]["metric"]}
    metrics |= set(manifest["spec"]["objective"].get("additionalMetrics", []))
    best = jobs.trial(status["best"]["trial"])
    assert metrics <= set(best["status"]["observations"][-1]["metrics"])
