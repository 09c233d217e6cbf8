"""Which alerts fire when, by promtool: the rules are run over series that a cluster could show."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.cluster.layout import default_layout

pytestmark = pytest.mark.tools

RULES = Path(__file__).resolve().parents[2] / "helm" / "kubetune" / "files" / "alerts.yaml"
LONG = "x300"
"""Five hours of a sample each minute."""

Series = Mapping[str, str]

HEALTHY: Series = {
    'kubetune_is_leader{namespace="kubetune-system", pod="a"}': f"1{LONG}",
    'kubetune_is_leader{namespace="kubetune-system", pod="b"}': f"0{LONG}",
    'kubetune_tuning_job_conditions{condition="Degraded"}': f"0{LONG}",
    "kubetune_longest_silence_seconds": f"30{LONG}",
    'kubetune_trials{state="Pending"}': f"2{LONG}",
    'kubetune_trials{state="Running"}': f"4{LONG}",
    'kubetune_trials_total{state="Running"}': f"0+2{LONG}",
    'kubetune_trials_total{state="Succeeded"}': f"0+2{LONG}",
    'kubetune_trials_total{state="Failed"}': f"0{LONG}",
    "kubetune_observation_lag_seconds_count": f"0+9{LONG}",
    'kubetune_api_requests_total{code="200"}': f"0+60{LONG}",
    'kubetune_api_requests_total{code="409"}': f"0+30{LONG}",
    'kubetune_api_requests_total{code="500"}': f"0+1{LONG}",
}
WAITING: Series = {
    'kubetune_trials{state="Running"}': f"0{LONG}",
    'kubetune_trials_total{state="Running"}': f"5{LONG}",
    'kubetune_trials_total{state="Succeeded"}': f"5{LONG}",
    "kubetune_observation_lag_seconds_count": f"9{LONG}",
}


@pytest.fixture(scope="module")
def promtool() -> str:
    installed = default_layout().tools / "promtool"
    program = str(installed) if installed.exists() else shutil.which("promtool")
    if program is None:
        pytest.fail("promtool is not installed: `python -m tests.cluster tools` installs it")
    return program


def test_promtool_finds_nothing_to_complain_of(promtool: str) -> None:
    command = [promtool, "check", "rules", "--lint=all", "--lint-fatal", str(RULES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("series", "at", "want"),
    [
        pytest.param(HEALTHY, "4h", [], id="all is well"),
        pytest.param({}, "4m", [], id="no operator for a moment"),
        pytest.param({}, "10m", ["KubetuneOperatorDown"], id="no operator"),
        pytest.param(
            {**HEALTHY, 'kubetune_is_leader{namespace="kubetune-system", pod="a"}': f"0{LONG}"},
            "10m",
            ["KubetuneOperatorDown"],
            id="operators of which none leads",
        ),
        pytest.param(
            {**HEALTHY, 'kubetune_is_leader{namespace="team"}': f"0{LONG}"},
            "10m",
            ["KubetuneOperatorDown"],
            id="one of two installations does not lead",
        ),
        pytest.param(
            {**HEALTHY, 'kubetune_tuning_job_conditions{condition="Degraded"}': f"1{LONG}"},
            "1h",
            ["KubetuneJobObstructed"],
            id="a job is obstructed",
        ),
        pytest.param(
            {**HEALTHY, "kubetune_longest_silence_seconds": f"0+60{LONG}"},
            "2h",
            [],
            id="a job is silent for as long as an epoch may take",
        ),
        pytest.param(
            {**HEALTHY, "kubetune_longest_silence_seconds": f"0+60{LONG}"},
            "3h",
            ["KubetuneJobStalled"],
            id="a job is silent for hours, and others are not",
        ),
        pytest.param(
            {**HEALTHY, **WAITING}, "2h", ["KubetuneTrialsStalled"], id="no trial can start"
        ),
        pytest.param(
            {**HEALTHY, **WAITING, 'kubetune_trials{state="Pending"}': f"0{LONG}"},
            "2h",
            [],
            id="there is nothing to do",
        ),
        pytest.param(
            {**HEALTHY, 'kubetune_trials_total{state="Failed"}': f"0+3{LONG}"},
            "2h",
            ["KubetuneTrialsFailing"],
            id="more trials fail than succeed",
        ),
        pytest.param(
            {**HEALTHY, 'kubetune_trials_total{state="Failed"}': f"0+1{LONG}"},
            "2h",
            [],
            id="a third of the trials fail",
        ),
        pytest.param(
            {**HEALTHY, 'kubetune_trials_total{state="MetricsUnavailable"}': f"0+3{LONG}"},
            "2h",
            ["KubetuneTrialsFailing"],
            id="most trials report nothing",
        ),
        pytest.param(
            {**HEALTHY, "kubetune_observation_lag_seconds_count": f"9{LONG}"},
            "2h",
            ["KubetuneNoMetricsArriving"],
            id="trials run and no metric arrives",
        ),
        pytest.param(
            {**HEALTHY, 'kubetune_api_requests_total{code="0"}': f"0+20{LONG}"},
            "1h",
            ["KubetuneApiErrors"],
            id="a fifth of the requests gets no answer",
        ),
    ],
)
def test_the_alerts_that_fire_are(
    series: Series, at: str, want: list[str], promtool: str, tmp_path: Path
) -> None:
    firing = {
        "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": at,
        "exp_samples": [
            {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(want)
        ],
    }
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [firing],
    }
    path = tmp_path / "case.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "tests": [case]}), "utf-8")
    command = [promtool, "test", "rules", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
