"""What Flux waits for, by the CEL expressions that it would evaluate."""

from pathlib import Path
from typing import Any

import cel
import pytest
import yaml

from tests.gitops.statuses import MOMENTS, tuning_job

ROOT = Path(__file__).resolve().parents[2]
KUSTOMIZATION = yaml.safe_load((ROOT / "manifests/gitops/flux/tuning.yaml").read_text("utf-8"))
(EXPRESSIONS,) = KUSTOMIZATION["spec"]["healthCheckExprs"]


def judge(job: dict[str, Any]) -> str:
    """Judge as Flux does: in progress first, then failed, then current."""
    for verdict in ("inProgress", "failed", "current"):
        if cel.evaluate(EXPRESSIONS[verdict], job):
            return verdict
    return "unknown"


VERDICTS = {
    "new": "inProgress",
    "edited": "inProgress",
    "waiting": "inProgress",
    "running": "inProgress",
    "degraded": "inProgress",
    "suspended": "inProgress",
    "complete": "current",
    "stopped": "current",
    "failed": "failed",
    "refused": "failed",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_flux_takes_a_recorded_job_for(moment: str) -> None:
    assert judge(tuning_job(moment)) == VERDICTS[moment]


@pytest.mark.parametrize("moment", MOMENTS)
def test_no_two_verdicts_hold_at_the_same_time(moment: str) -> None:
    job = tuning_job(moment)
    held = [
        name for name in ("inProgress", "failed", "current") if cel.evaluate(EXPRESSIONS[name], job)
    ]
    assert len(held) == 1


def test_the_expressions_are_for_the_kind_that_is_served() -> None:
    crd = yaml.safe_load((ROOT / "crds/kubetune.dev_tuningjobs.yaml").read_text("utf-8"))
    served = {f"{crd['spec']['group']}/{version['name']}" for version in crd["spec"]["versions"]}
    assert EXPRESSIONS["apiVersion"] in served
    assert EXPRESSIONS["kind"] == crd["spec"]["names"]["kind"]
