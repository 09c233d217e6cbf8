"""What Flux waits for, by the CEL expressions that it would evaluate."""

from pathlib import Path
from typing import Any

import cel
import pytest
import yaml

from tests.gitops.statuses import VERDICTS, tuning_job

ROOT = Path(__file__).resolve().parents[2]
KUSTOMIZATION = yaml.safe_load((ROOT / "manifests/gitops/flux/tuning.yaml").read_text("utf-8"))
(EXPRESSIONS,) = KUSTOMIZATION["spec"]["healthCheckExprs"]


def judge(job: dict[str, Any]) -> str:
    """Judge as Flux does: in progress first, then failed, then current."""
    for verdict in ("inProgress", "failed", "current"):
        if cel.evaluate(EXPRESSIONS[verdict], job):
            return verdict
    return "unknown"


@pytest.mark.parametrize(
    ("job", "want"),
    [
        pytest.param(tuning_job("new"), "inProgress", id="new"),
        pytest.param(tuning_job("starting"), "inProgress", id="starting"),
        pytest.param(tuning_job("waiting"), "inProgress", id="waiting for a parent"),
        pytest.param(tuning_job("running"), "inProgress", id="running"),
        pytest.param(tuning_job("degraded"), "inProgress", id="degraded"),
        pytest.param(tuning_job("suspended"), "inProgress", id="suspended"),
        pytest.param(tuning_job("complete"), "current", id="complete"),
        pytest.param(tuning_job("failed"), "failed", id="failed"),
        pytest.param(tuning_job("refused"), "failed", id="refused"),
        pytest.param(tuning_job("complete", edited=True), "inProgress", id="edited"),
    ],
)
def test_flux_takes_a_tuning_job_for(job: dict[str, Any], want: str) -> None:
    assert judge(job) == want


@pytest.mark.parametrize("phase", ["new", *VERDICTS])
def test_no_two_verdicts_hold_at_the_same_time(phase: str) -> None:
    job = tuning_job(phase)
    held = [
        name for name in ("inProgress", "failed", "current") if cel.evaluate(EXPRESSIONS[name], job)
    ]
    assert len(held) == 1


def test_the_expressions_are_for_the_kind_that_is_served() -> None:
    crd = yaml.safe_load((ROOT / "crds/kubetune.dev_tuningjobs.yaml").read_text("utf-8"))
    served = {f"{crd['spec']['group']}/{version['name']}" for version in crd["spec"]["versions"]}
    assert EXPRESSIONS["apiVersion"] in served
    assert EXPRESSIONS["kind"] == crd["spec"]["names"]["kind"]
