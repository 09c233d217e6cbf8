from io import StringIO
from pathlib import Path

import pytest
import yaml

from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.main import main
from kubetune.cli.validate import validate
from tests.cli.golden_files import Compare

GOOD = """\
apiVersion: kubetune.dev/v1alpha1
kind: TuningJob
metadata: {name: small, namespace: team-a}
spec:
  objective: {metric: loss, goal: Minimize}
  parameters:
    - {name: lr, type: Float, min: 1e-4, max: 1e-1, scale: Log}
    - {name: layers, type: Integer, min: 1, max: 3}
  strategy:
    type: Hyperband
    seed: 1
    hyperband: {minResource: 1, maxResource: 9}
  limits: {maxTrials: 9, maxParallelTrials: 3, maxRuntime: 1h}
  trial:
    template:
      spec:
        template:
          spec:
            containers:
              - name: train
                image: example/train:1
                args: ["--lr=$(params.lr)", "--layers=$(params.layers)"]
"""


def verdict(text: str, *, output: str = "text", quiet: bool = False) -> tuple[ExitCode, str]:
    out = StringIO()
    code = validate(["-"], output=output, quiet=quiet, stdin=StringIO(text), out=out)
    return code, out.getvalue()


def test_a_valid_job_is_shown_with_its_plan_and_first_job(golden: Compare) -> None:
    code, text = verdict(GOOD)
    assert code is ExitCode.OK
    plan, _, job = text.partition("---\n# The Job of the first trial:\n")
    golden("validate-good.txt", plan)
    assert yaml.safe_load(job)["metadata"]["name"] == "small-0"


def test_a_template_that_suspends_its_jobs_without_a_queue_is_pointed_out() -> None:
    suspending = GOOD.replace(
        "      spec:\n        template:", "      spec:\n        suspend: true\n        template:"
    )
    code, text = verdict(suspending)
    assert code is ExitCode.OK
    assert "waits" in text
    assert "until somebody resumes it" in text
    queue = (
        "      metadata: {labels: {kueue.x-k8s.io/queue-name: team}}\n      spec:\n        suspend"
    )
    _, text = verdict(suspending.replace("      spec:\n        suspend", queue))
    assert "waits" not in text


def test_the_sample_job_alone_is_yaml_that_kubectl_could_take(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, text = verdict(f"{GOOD}---\n{GOOD.replace('small', 'other')}", output="yaml")
    assert code is ExitCode.OK
    jobs = list(yaml.safe_load_all(text))
    assert [job["metadata"]["name"] for job in jobs] == ["small-0", "other-0"]
    assert {job["kind"] for job in jobs} == {"Job"}
    assert capsys.readouterr().err.count(": valid\n") == 2


def test_an_initial_trial_that_cannot_be_tried_is_told_with_its_line() -> None:
    trials = (
        "  initialTrials:\n    - parameters: {layers: 2}\n    - parameters: {layers: 4, lr: 0.1}\n"
    )
    code, text = verdict(GOOD.replace("  limits:", f"{trials}  limits:"))
    assert code is ExitCode.FAILED
    [fault] = text.splitlines()[1:]
    assert fault.startswith("  line 15: spec.initialTrials[1].parameters.layers is 4 but must be")


def test_quiet_says_the_verdict_alone() -> None:
    assert verdict(GOOD, quiet=True) == (ExitCode.OK, "standard input: TuningJob small: valid\n")


def test_every_fault_is_told_with_its_line(golden: Compare) -> None:
    bad = (
        GOOD.replace("goal: Minimize", "goal: smallest")
        .replace("min: 1e-4", "min: 0")
        .replace("layers, type: Integer, min: 1", "layers, type: Integer, min: 7")
        .replace("seed: 1", "seed: 1\n    seed: 2\n    sead: 3")
    )
    code, text = verdict(bad)
    assert code is ExitCode.FAILED
    golden("validate-bad.txt", text)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("$(params.lr)", "$(params.lrr)", 22, "params.lrr"),
        ("--layers=$(params.layers)", "--x", 8, "layers"),
        ("maxResource: 9}", "maxResource: 9, brackets: 5}", 12, "brackets is 5"),
    ],
    ids=["unknown placeholder", "unused parameter", "too many brackets"],
)
def test_what_the_api_server_cannot_see_is_told_as_well(
    old: str, new: str, line: int, words: str
) -> None:
    code, text = verdict(GOOD.replace(old, new))
    assert code is ExitCode.FAILED
    complaints = [row for row in text.splitlines() if row.startswith(f"  line {line}: ")]
    assert any(words in row for row in complaints), text


def test_a_length_that_the_template_says_is_shown_with_its_place() -> None:
    args = 'args: ["--epochs=9", '
    found = GOOD.replace(", maxResource: 9}", "}").replace("args: [", args)
    code, text = verdict(found)
    assert code is ExitCode.OK
    path = "spec.trial.template.spec.template.spec.containers[0].args[0]"
    assert f"9 steps, from --epochs=9 in {path}" in text
    code, text = verdict(found.replace("--epochs=9", "--epochs=many"))
    assert code is ExitCode.FAILED
    assert "line 12: spec.strategy.hyperband.maxResource is missing, and --epochs=many" in text


def test_a_suspended_or_stopped_job_still_shows_its_first_job() -> None:
    code, text = verdict(GOOD.replace("  trial:", "  suspend: true\n  stop: true\n  trial:"))
    assert code is ExitCode.OK
    assert "name: small-0" in text


def test_other_kinds_are_left_out_with_a_note() -> None:
    code, text = verdict(f"kind: ConfigMap\n---\n- 1\n---\n{GOOD}", quiet=True)
    assert code is ExitCode.OK
    assert text == (
        "standard input: line 1: ConfigMap is left out\n"
        "standard input: line 3: a document that is no object is left out\n"
        "standard input: TuningJob small: valid\n"
    )


def test_files_are_checked_one_after_the_other(tmp_path: Path) -> None:
    good, broken = tmp_path / "good.yaml", tmp_path / "broken.yaml"
    good.write_text(GOOD, encoding="utf-8")
    broken.write_text("a: [\n", encoding="utf-8")
    out = StringIO()
    files = [str(broken), str(good)]
    code = validate(files, output="text", quiet=True, stdin=StringIO(), out=out)
    assert code is ExitCode.FAILED
    assert f"{broken}: not YAML\n  line 2: expected the node content" in out.getvalue()
    assert f"{good}: TuningJob small: valid" in out.getvalue()


@pytest.mark.parametrize("text", ["", "kind: ConfigMap", "# only a comment"])
def test_nothing_to_check_is_an_error(text: str) -> None:
    with pytest.raises(CommandError, match="there is no TuningJob in -") as caught:
        verdict(text)
    assert caught.value.code is ExitCode.FAILED


@pytest.mark.parametrize("body", ["[]", "{metadata: []}", "{spec: 3}", "{metadata: {name: 3}}"])
def test_a_tuning_job_of_any_shape_gets_a_verdict(body: str) -> None:
    document = {"kind": "TuningJob", **(yaml.safe_load(body) or {})}
    code, text = verdict(yaml.safe_dump(document))
    assert code is ExitCode.FAILED
    assert "apiVersion" in text


def test_a_file_that_cannot_be_read_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kubetune", "validate", "-f", "/does/not/exist"]) == ExitCode.USAGE
    want = "error: cannot read /does/not/exist: No such file or directory\n"
    assert capsys.readouterr().err == want


def test_a_file_that_is_not_text_is_invalid(tmp_path: Path) -> None:
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe\x00")
    assert main(["kubetune", "validate", "-f", str(path)]) == ExitCode.FAILED
