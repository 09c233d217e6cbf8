"""The life of a TuningJob: suspended, resumed, edited, stopped, run anew, deleted."""

import pytest

from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, trains, tuning_job

pytestmark = pytest.mark.cluster


def test_a_job_runs_its_trials_and_names_the_best(jobs: Jobs) -> None:
    jobs.apply(tuning_job("simple", REPORTS_X, limits={"maxTrials": 3, "maxParallelTrials": 2}))
    status = jobs.finish("simple")
    trials = jobs.trials("simple")
    assert states(trials) == ["Succeeded"] * 3
    best = max(trials, key=lambda trial: trial["status"]["value"])
    assert status["best"]["trial"] == best["metadata"]["name"]
    assert status["best"]["value"] == best["status"]["value"]
    assert status["best"]["parameters"] == best["spec"]["parameters"]
    assert (status["phase"], status["reason"]) == ("Complete", "MaxTrialsReached")
    assert status["progress"] == "3/3"


def test_applying_the_same_file_after_the_end_changes_nothing(jobs: Jobs) -> None:
    manifest = tuning_job("again", REPORTS_X, limits={"maxTrials": 2, "maxParallelTrials": 2})
    jobs.apply(manifest)
    jobs.finish("again")
    before = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "again")
    children = [child["metadata"]["uid"] for child in jobs.trials("again") + jobs.jobs("again")]
    jobs.apply(manifest)
    after = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "again")
    assert before == after
    assert children == [
        child["metadata"]["uid"] for child in jobs.trials("again") + jobs.jobs("again")
    ]


def test_a_suspended_job_stops_its_trials_and_runs_them_again_on_resume(jobs: Jobs) -> None:
    limits = {"maxTrials": 2, "maxParallelTrials": 2}
    jobs.apply(tuning_job("paused", trains(15), limits=limits))
    for name in ("paused-0", "paused-1"):
        jobs.wait_for_trial(name, "{.status.state}=Running")
    points = [trial["spec"]["parameters"] for trial in jobs.trials("paused")]
    jobs.patch("paused", '{"spec":{"suspend":true}}')
    jobs.wait("paused", "condition=Suspended")
    jobs.kubectl("wait", "job", "-l", "kubetune.dev/tuning-job=paused", "--for=delete")
    assert states(jobs.trials("paused")) == ["Pending", "Pending"]
    assert jobs.trials("paused")[0]["status"]["reason"] == "Suspended"
    jobs.patch("paused", '{"spec":{"suspend":false}}')
    status = jobs.finish("paused")
    trials = jobs.trials("paused")
    assert states(trials) == ["Succeeded", "Succeeded"]
    assert [trial["spec"]["parameters"] for trial in trials] == points
    assert [trial["status"]["attempts"] for trial in trials] == [2, 2]
    assert [o["step"] for o in trials[0]["status"]["observations"]] == list(range(1, 16))
    assert status["phase"] == "Complete"


def test_a_user_stops_a_job_and_keeps_the_best_so_far(jobs: Jobs) -> None:
    jobs.apply(tuning_job("halted", trains(3000), limits={"maxTrials": 9, "maxParallelTrials": 2}))
    jobs.wait_for_trial("halted-0", "{.status.observations[0].step}=1")
    jobs.patch("halted", '{"spec":{"stop":true}}')
    status = jobs.finish("halted")
    assert (status["phase"], status["reason"]) == ("Complete", "StoppedByUser")
    assert set(states(jobs.trials("halted"))) == {"Stopped"}
    assert status["best"]["trial"].startswith("halted-")
    jobs.kubectl("wait", "pod", "-l", "kubetune.dev/tuning-job=halted", "--for=delete")
    assert jobs.jobs("halted") == []


def test_limits_may_be_raised_while_the_job_runs(jobs: Jobs) -> None:
    limits = {"maxTrials": 2, "maxParallelTrials": 1}
    jobs.apply(tuning_job("raised", trains(5), limits=limits))
    jobs.wait_for_trial("raised-0", "{.status.state}=Running")
    jobs.patch("raised", '{"spec":{"limits":{"maxTrials":4,"maxParallelTrials":3}}}')
    status = jobs.finish("raised")
    assert status["progress"] == "4/4"
    assert states(jobs.trials("raised")) == ["Succeeded"] * 4


def test_a_target_that_is_set_while_the_job_runs_ends_it(jobs: Jobs) -> None:
    limits = {"maxTrials": 50, "maxParallelTrials": 1}
    jobs.apply(tuning_job("edited", trains(3), limits=limits))
    jobs.wait_for_trial("edited-1", "{.status.state}=Running")
    jobs.patch("edited", '{"spec":{"completion":{"target":0}}}')
    status = jobs.finish("edited")
    assert (status["phase"], status["reason"]) == ("Complete", "TargetReached")
    assert len(jobs.trials("edited")) < 50


def test_a_target_ends_the_job_and_the_trials_that_still_run(jobs: Jobs) -> None:
    code = "import time\nif $(trial.index) == 1: time.sleep(600)\nprint('score=1')\n"
    spec = {"completion": {"target": 0.9}}
    jobs.apply(tuning_job("aimed", code, limits={"maxTrials": 8, "maxParallelTrials": 2}, **spec))
    status = jobs.finish("aimed")
    assert (status["phase"], status["reason"]) == ("Complete", "TargetReached")
    assert "Stopped" in states(jobs.trials("aimed"))
    assert status["best"]["value"] == 1


def test_a_new_run_id_starts_a_new_run_and_keeps_the_old_results(jobs: Jobs) -> None:
    manifest = tuning_job("rerun", REPORTS_X)
    jobs.apply(manifest)
    first = jobs.finish("rerun")
    manifest["spec"]["runId"] = "second"
    manifest["spec"]["parameters"][0]["max"] = 0.5
    jobs.apply(manifest)
    jobs.wait("rerun", "jsonpath={.status.runId}=second")
    second = jobs.finish("rerun")
    assert [run["best"]["value"] for run in second["previousRuns"]] == [first["best"]["value"]]
    assert second["best"]["trial"].startswith("rerun-second-")
    assert second["best"]["value"] <= 0.5
    assert jobs.trial(first["best"]["trial"])["status"]["state"] == "Succeeded"


def test_a_fixed_field_cannot_be_changed_and_the_message_names_the_remedy(jobs: Jobs) -> None:
    jobs.apply(tuning_job("fixed", REPORTS_X))
    patch = '{"spec":{"objective":{"goal":"Minimize"}}}'
    said = jobs.kubectl("patch", "tuningjob", "fixed", "--type=merge", "-p", patch, check=False)
    assert "spec.objective" in said
    assert "runId" in said


def test_a_deleted_job_takes_everything_with_it(jobs: Jobs) -> None:
    jobs.apply(tuning_job("gone", trains(3000)))
    jobs.wait_for_trial("gone-0", "{.status.state}=Running")
    jobs.kubectl("delete", "tuningjob", "gone")
    for resource in ("trial", "job", "pod"):
        jobs.kubectl("wait", resource, "-l", "kubetune.dev/tuning-job=gone", "--for=delete")
    assert (jobs.trials("gone"), jobs.jobs("gone"), jobs.pods("gone")) == ([], [], [])


@pytest.mark.parametrize(
    ("name", "change", "want_reason", "want_words"),
    [
        (
            "unknown-placeholder",
            {"code": "print('score=$(params.y)')"},
            "InvalidPlaceholders",
            ("$(params.y)",),
        ),
        (
            "unused-parameter",
            {"code": "print('score=1')", "container": {"env": []}},
            "InvalidPlaceholders",
            ("x",),
        ),
        (
            "grid-of-another-size",
            {
                "code": "print('score=$(params.a)')",
                "container": {"env": []},
                "strategy": {"type": "Grid"},
                "parameters": [{"name": "a", "type": "Integer", "min": 1, "max": 4}],
                "limits": {"maxTrials": 7},
            },
            "GridSizeMismatch",
            ("4", "7"),
        ),
        (
            "broken-template",
            {"code": REPORTS_X, "container": {"imagePullPolicy": "Sometimes"}},
            "TemplateRejected",
            ("imagePullPolicy", "Sometimes"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value else "",
)
def test_what_the_schema_cannot_see_is_refused_before_any_trial(
    name: str,
    change: dict[str, object],
    want_reason: str,
    want_words: tuple[str, ...],
    jobs: Jobs,
) -> None:
    code = str(change.pop("code"))
    jobs.apply(tuning_job(name, code, **change))  # type: ignore[arg-type]  # a table of keywords
    jobs.wait(name, "condition=Accepted=false")
    status = jobs.status(name)
    assert status["reason"] == want_reason
    assert [word for word in want_words if word not in status["message"]] == []
    assert jobs.trials(name) == []
