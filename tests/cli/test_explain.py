"""`kubetune explain`: the story of every kind of job and trial, from a cluster or a file."""

import json
import re
import shlex
from collections.abc import Sequence
from contextlib import chdir
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubetune.cli.access import Target
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.explain import ExplainOptions, explain
from kubetune.cli.parser import build_parser
from kubetune.cli.render.sparkline import WIDTH, sparkline
from tests.cli.cli_builders import BEST, at, condition, job_body, stopped_body, trial_body
from tests.cli.golden_files import Compare
from tests.kube.fake_api_server import FakeApiServer

NOWHERE = Target()
NOW = at(200)
SPEC: dict[str, Any] = {
    "parameters": [
        {"name": "learning_rate", "type": "Float", "min": 0.002, "max": 1.0, "scale": "Log"},
        {"name": "hidden", "type": "Integer", "min": 16, "max": 256, "step": 16},
        {"name": "activation", "type": "Categorical", "values": ["relu", "tanh"]},
    ],
    "strategy": {"type": "Hyperband", "seed": 7, "hyperband": {"maxResource": 27}},
    "limits": {"maxTrials": 20, "maxParallelTrials": 4, "maxGpuHours": 2},
    "completion": {"target": 0.985, "notImproving": {"trials": 30}},
}
TRIALS = [
    trial_body(0, "Succeeded", values={1: 0.5, 27: 0.9611}, ended=40),
    trial_body(
        1,
        "Succeeded",
        values={1: 0.6, 3: 0.7, 9: 0.9, 12: 0.91, 27: 0.9833},
        ended=45,
        spec={"reason": "pseudorandom point 1 of seed 7, first judged at step 1", "bracket": 0},
        status={"reason": "Completed", "attempts": 1, "gpuSeconds": 90},
    ),
    stopped_body(2, step=3, value=0.41, threshold=0.8722, ended=50),
    stopped_body(3, step=1, value=0.1, threshold=0.3, ended=52),
    trial_body(
        4,
        "Failed",
        ended=60,
        values={1: 0.2},
        status={
            "reason": "OOMKilled",
            "message": "container train used more memory than its limit; raise it\n"
            "last lines:\nepoch=1 val_accuracy=0.2\n\x1b[31mKilled",
            "attempts": 1,
        },
    ),
    trial_body(
        5,
        values={1: 0.5, 9: 0.9612},
        started=153,
        status={
            "attempts": 2,
            "reason": "Training",
            "gpuSeconds": 60,
            "earlierAttempts": [
                {
                    "startTime": at(60).isoformat(),
                    "endTime": at(120).isoformat(),
                    "reason": "Disrupted",
                    "step": 3,
                }
            ],
        },
    ),
    trial_body(
        6,
        "Pending",
        started=None,
        status={
            "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
        },
    ),
]
PLAN = {
    **job_body()["status"]["plan"],
    "maxSteps": 540,
    "expectedSteps": 60,
    "maxGpuHours": 2,
}
ENDED = [
    condition("Accepted", "TargetReached"),
    condition("Complete", "TargetReached", "Trial digits-1 reached val_accuracy 0.9833."),
    condition("Finished", "TargetReached"),
]


def ended_job() -> dict[str, Any]:
    return job_body(
        phase="Complete",
        conditions=ENDED,
        best=BEST,
        ended=125,
        spec=SPEC,
        status={
            "reason": "TargetReached",
            "plan": PLAN,
            "gpuHours": {"used": 0.25, "saved": 0.5},
            "stepsUsed": 59,
            "stepsSaved": 50,
            "convergence": {
                "rule": "convergence/v1",
                "trial": "digits-1",
                "trials": 2,
                "regret": 0.001,
                "threshold": 0.002,
            },
            "evidence": {
                "rule": "target/v1",
                "measure": "objective",
                "value": 0.9833,
                "threshold": 0.983,
                "population": 5,
                "trial": "digits-1",
            },
        },
    )


def running_job(**status: Any) -> dict[str, Any]:
    used = {"stepsUsed": 68, "stepsSaved": 50}
    return job_body(best=BEST, spec=SPEC, status={"plan": PLAN, **used, **status})


def failed_job() -> dict[str, Any]:
    said = "The first 5 trials that ended have failed (limits.maxInitialFailures is 5)."
    conditions = [
        condition("Accepted", "FirstTrialsFailed"),
        condition("Failed", "FirstTrialsFailed", said),
        condition("Finished", "FirstTrialsFailed", said),
    ]
    return job_body(
        phase="Failed",
        conditions=conditions,
        ended=60,
        spec=SPEC,
        status={"reason": "FirstTrialsFailed"},
    )


def refused_job() -> dict[str, Any]:
    said = "spec.limits.maxGpuHours is 2 but no container of spec.trial.template asks for a GPU"
    conditions = [
        condition("!Accepted", "NoGpuToCount", said),
        condition("Stalled", "NoGpuToCount", said),
    ]
    body = job_body(phase="Pending", conditions=conditions, spec=SPEC)
    del body["status"]["plan"], body["status"]["startTime"]
    return body


def new_job() -> dict[str, Any]:
    return {**job_body(spec=SPEC), "status": {"observedGeneration": -1}}


def failures() -> list[dict[str, Any]]:
    reasons = ["ImagePullFailed"] * 4 + ["MetricNotReported"]
    states = ["Failed"] * 4 + ["MetricsUnavailable"]
    return [
        trial_body(i, state, ended=10 * i, started=None, status={"reason": reason, "message": "m"})
        for i, (state, reason) in enumerate(zip(states, reasons, strict=True))
    ]


def median_job() -> dict[str, Any]:
    spec = {
        **SPEC,
        "strategy": {"type": "Random"},
        "objective": {"metric": "val_accuracy", "goal": "Minimize", "value": "Best"},
        "earlyStopping": {"type": "Auto", "median": {"minStep": 2}},
        "limits": {"maxRuntime": "2h", "maxFailedTrials": 3},
        "completion": {"convergence": True},
        "suspend": True,
    }
    return job_body(phase="Suspended", spec=spec, status={"plan": {"combinations": 32}})


def promotion_job() -> dict[str, Any]:
    """A job that pauses trials and began with the results of another."""
    hyperband = {"mode": "Promotion", "maxResource": 9, "restartPromoted": True}
    spec = {
        **SPEC,
        "strategy": {"type": "Hyperband", "seed": 7, "hyperband": hyperband},
        "warmStart": {"from": ["before"], "type": "IdenticalDataAndAlgorithm"},
        "initialTrials": [{"parameters": {"hidden": 64}}],
    }
    overall = {**BEST, "trial": "before-3", "tuningJob": "before", "value": 0.99}
    plan = {"trials": 20, "rungs": [{"step": 1, "share": "1/3"}, {"step": 9, "share": "end"}]}
    return job_body(
        best=BEST,
        spec=spec,
        status={
            "plan": plan,
            "overallBest": overall,
            "warmStart": [{"tuningJob": "before", "uid": "u", "trials": 24}],
            "stepsUsed": 11,
            "stepsSaved": 8,
        },
    )


PROMOTED = [
    trial_body(
        0,
        "Running",
        spec={"resource": 1, "bracket": 0},
        values={4: 0.7},
        started=61,
        status={
            "attempts": 2,
            "resource": 9,
            "rungs": [
                {
                    "step": 1,
                    "value": 0.6,
                    "time": at(40).isoformat(),
                    "leftTime": at(60).isoformat(),
                    "promotion": {
                        "rule": "asha-promotion/v1",
                        "step": 1,
                        "value": 0.6,
                        "threshold": 0.6,
                        "population": 3,
                    },
                }
            ],
            "earlierAttempts": [
                {
                    "startTime": at(30).isoformat(),
                    "endTime": at(40).isoformat(),
                    "reason": "RungReached",
                    "step": 1,
                }
            ],
        },
    ),
    trial_body(
        1,
        "Paused",
        spec={"resource": 1, "bracket": 0},
        values={1: 0.4},
        ended=42,
        status={
            "reason": "RungReached",
            "rungs": [{"step": 1, "value": 0.4, "time": at(42).isoformat()}],
        },
    ),
]


async def test_the_story_of_a_promoted_trial(tmp_path: Path, golden: Compare) -> None:
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


async def story(
    tmp_path: Path, objects: Sequence[Any], name: str | None = None, trial: str | None = None
) -> str:
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump({"kind": "List", "items": list(objects)}), encoding="utf-8")
    out = StringIO()
    options = ExplainOptions(name=name, trial=trial, filename=path.name)
    with chdir(tmp_path):
        code = await explain(NOWHERE, options, stdin=StringIO(), out=out, now=NOW)
    assert code is ExitCode.OK
    return out.getvalue()


@pytest.mark.parametrize("name", STORIES)
async def test_the_story_of_a_job(name: str, tmp_path: Path, golden: Compare) -> None:
    job, trials = STORIES[name]
    text = await story(tmp_path, [job, *trials])
    assert all(len(line) <= 100 for line in text.splitlines())
    golden(f"explain-{name}.txt", text)


@pytest.mark.parametrize(
    ("name", "trial"),
    [("succeeded", "1"), ("stopped", "digits-2"), ("oom", "4"), ("again", "5"), ("waiting", "6")],
)
async def test_the_story_of_a_trial(name: str, trial: str, tmp_path: Path, golden: Compare) -> None:
    text = await story(tmp_path, [running_job(), *TRIALS], "digits", trial)
    golden(f"explain-trial-{name}.txt", text)


async def test_from_a_cluster_the_same_is_told(
    server: FakeApiServer, target: Target, tmp_path: Path
) -> None:
    trials = [{**t, "metadata": {**t["metadata"], "resourceVersion": "1"}} for t in TRIALS]
    server.put("/apis/kubetune.dev/v1alpha1/namespaces/team-a/tuningjobs", running_job())
    for trial in trials:
        server.put("/apis/kubetune.dev/v1alpha1/namespaces/team-a/trials", trial)
    out = StringIO()
    await explain(target, ExplainOptions(name="digits"), stdin=StringIO(), out=out, now=NOW)
    heading = "What to look at next"
    told, _ = out.getvalue().split(heading)
    assert told == (await story(tmp_path, [running_job(), *TRIALS])).split(heading)[0]
    found = proposals(out.getvalue())
    assert [command.split()[1] for command in found] == ["explain", "watch"]
    for command in found:
        arguments = build_parser("kubetune").parse_args(shlex.split(command)[1:])
        assert (arguments.kubeconfig, arguments.name) == (target.kubeconfig, "digits")


def proposals(text: str) -> list[str]:
    """Return the commands that a story proposes, its lines put together again."""
    _, lines = text.split("What to look at next\n")
    whole = " ".join(lines.split())
    ends = r" (?:tells (?:of|how)|follows|prints|lets)"
    return re.findall(r"kubetune \S.*?(?=" + ends + ")", whole)


async def test_each_proposed_command_works_where_the_job_is(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    path = folder / "kept.yaml"
    objects = {"kind": "List", "items": [ended_job(), *TRIALS]}
    path.write_text(yaml.safe_dump(objects), encoding="utf-8")
    out = StringIO()
    options = ExplainOptions(name=None, filename=str(path))
    await explain(NOWHERE, options, stdin=StringIO(), out=out, now=NOW)
    found = proposals(out.getvalue())
    assert [shlex.split(command)[1] for command in found] == ["explain", "best", "explain"]
    for command in found:
        arguments = build_parser("kubetune").parse_args(shlex.split(command)[1:])
        assert (arguments.name, arguments.filename) == ("digits", str(path))


async def test_a_job_that_kubetune_run_left_is_not_looked_for_on_a_cluster(tmp_path: Path) -> None:
    job = running_job(phase="Suspended", reason="Interrupted")
    text = await story(tmp_path, [job, *TRIALS])
    assert "the same kubetune run command lets it go on" in text
    assert "kubetune watch" not in text
    assert "kubetune resume" not in text


async def test_a_file_may_come_from_standard_input_and_hold_other_jobs_and_kinds() -> None:
    other = job_body(name="other")
    elsewhere = trial_body(0, job="other")
    documents = [other, ended_job(), {"kind": "Pod"}, elsewhere, None, *TRIALS]
    text = "---\n".join(json.dumps(document) + "\n" for document in documents)
    out = StringIO()
    options = ExplainOptions(name="digits", filename="-")
    await explain(NOWHERE, options, stdin=StringIO(text), out=out, now=NOW)
    assert "digits is Complete" in out.getvalue()


@pytest.mark.parametrize(
    ("objects", "name", "trial", "want"),
    [
        ([], None, None, "more than one TuningJob, or none; there is none in it"),
        ([ended_job()], "digit", None, "has no TuningJob 'digit'; there are: digits"),
        ([ended_job(), job_body(name="b")], None, None, "there are: b, digits"),
        ([ended_job(), *TRIALS], None, "99", "has no trial '99' in its present run; there are"),
        ([ended_job()], None, "0", "it has none yet"),
    ],
)
async def test_what_is_not_there_is_said(
    objects: Sequence[Any], name: str | None, trial: str | None, want: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError) as caught:
        await story(tmp_path, objects, name, trial)
    assert caught.value.code is ExitCode.NOT_FOUND
    assert want in caught.value.message


@pytest.mark.parametrize(
    ("text", "want"),
    [("a: [", "neither YAML nor JSON"), ("kind: TuningJob\nspec: 3\n", "cannot be read")],
)
async def test_a_file_that_is_none_is_an_error(text: str, want: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    options = ExplainOptions(name=None, filename=str(path))
    with pytest.raises(CommandError, match=want):
        await explain(NOWHERE, options, stdin=StringIO(), out=StringIO(), now=NOW)


async def test_without_a_file_or_a_name_there_is_nothing_to_explain(tmp_path: Path) -> None:
    missing = ExplainOptions(name=None, filename=str(tmp_path / "missing.yaml"))
    with pytest.raises(CommandError, match="cannot read"):
        await explain(NOWHERE, missing, stdin=StringIO(), out=StringIO(), now=NOW)
    nothing = ExplainOptions(name=None)
    with pytest.raises(CommandError, match="which TuningJob"):
        await explain(NOWHERE, nothing, stdin=StringIO(), out=StringIO(), now=NOW)


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([], ""),
        ([1.0], "▅"),
        ([0.0, 1.0], "▁█"),
        ([3.0, 3.0], "▅▅"),
        ([-1e308, 1e308], "▁█"),
        ([float(k) for k in range(8)], "▁▂▃▄▅▆▇█"),
    ],
)
def test_a_sparkline(values: list[float], want: str) -> None:
    assert sparkline(values) == want


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300))
def test_a_sparkline_fits_and_ends_with_the_last_value(values: list[float]) -> None:
    line = sparkline(values)
    assert len(line) == min(len(values), WIDTH)
    if len(values) <= WIDTH and min(values) < max(values) == values[-1]:
        assert line[-1] == "█"
