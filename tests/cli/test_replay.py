"""`kubetune replay`, from a file and from a cluster."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubetune.cli.access import Target
from kubetune.cli.exits import ExitCode
from kubetune.cli.main import main
from kubetune.cli.replay import replay_cluster
from tests.cli.golden_files import Compare
from tests.kube.fake_api_server import FakeApiServer
from tests.replay.replayed import a_record

GROUP = "/apis/kubetune.dev/v1alpha1/namespaces/team-a"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["kubetune", "replay", *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def write(folder: Path, objects: list[dict[str, Any]], suffix: str = "json") -> str:
    path = folder / f"digits.{suffix}"
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    text = json.dumps(listed) if suffix == "json" else yaml.safe_dump(listed)
    path.write_text(text, encoding="utf-8")
    return str(path)


def changed() -> list[dict[str, Any]]:
    """A job with a point that was not suggested and a stop that lost its evidence."""
    objects = a_record()
    objects[6]["spec"]["parameters"]["x"] = 0.5
    stopped = next(trial for trial in objects[1:] if trial["status"]["state"] == "EarlyStopped")
    del stopped["status"]["evidence"]
    return objects


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_file_whose_decisions_follow_is_reported_in_short(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, golden: Compare, suffix: str
) -> None:
    code, out, err = run(capsys, write(tmp_path, a_record(), suffix))
    assert (code, err) == (ExitCode.OK, "")
    golden("replay-follows.txt", out)


def test_what_does_not_follow_is_listed_and_exits_with_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, golden: Compare
) -> None:
    code, out, _ = run(capsys, write(tmp_path, changed()))
    assert code == ExitCode.FAILED
    golden("replay-differs.txt", out)


def test_all_lists_what_follows_as_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, out, _ = run(capsys, write(tmp_path, a_record()), "--all")
    assert "  digits-0  suggestion: from 0 finished of 0 trials" in out
    assert "  digits  end: MaxTrialsReached: 24 trials have ended" in out


def test_the_same_is_told_in_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, write(tmp_path, changed()), "-o", "json")
    told = json.loads(out)
    assert code == ExitCode.FAILED
    assert (told["tuningJob"], told["trials"], told["seed"]) == ("digits", 24, 7)
    differs = [one for one in told["decisions"] if one["verdict"] == "Differs"]
    assert [(one["kind"], one["name"]) for one in differs] == [("Suggestion", "digits-5")]


def test_standard_input_may_hold_several_jobs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = json.loads(json.dumps(a_record("Random")).replace("digits", "other"))
    for body in other:
        body["metadata"]["uid"] = "other-uid"
    path = write(tmp_path, [*a_record(), *other])
    with Path(path).open(encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        code, out, _ = run(capsys, "-")
    assert code == ExitCode.OK
    assert "digits: 24 trials" in out
    assert "\n\nother: 24 trials" in out


async def test_a_job_of_the_cluster_is_replayed(server: FakeApiServer, target: Target) -> None:
    job, *trials = a_record()
    server.put(f"{GROUP}/tuningjobs", job)
    for trial in trials:
        server.put(f"{GROUP}/trials", trial)
    out = StringIO()
    code = await replay_cluster(target, "digits", output="table", shows_all=False, out=out)
    assert code == ExitCode.OK
    assert "24 follow" in out.getvalue()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("{", "neither YAML nor JSON", id="no JSON"),
        pytest.param("a: [", "neither YAML nor JSON", id="no YAML"),
        pytest.param("kind: Trial\nspec: {index: 0}", "holds no TuningJob", id="no job"),
        pytest.param("kind: TuningJob\nmetadata: {name: x}", "not what this version", id="no spec"),
    ],
)
def test_a_file_that_holds_no_job_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    code, _, err = run(capsys, str(path))
    assert code == ExitCode.FAILED
    assert words in err


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param((0, "metadata"), "digits", id="no metadata"),
        pytest.param((1, "metadata"), "digits-0", id="no metadata of a Trial"),
        pytest.param((1, "status", "state"), "Walking", id="a state of another version"),
        pytest.param((0, "metadata", "generation"), "two", id="a generation that is no number"),
        pytest.param((0, "spec", "strategy", "hyperband"), {}, id="rungs that nothing says"),
    ],
)
def test_a_job_of_another_form_is_refused_with_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: tuple[Any, ...], value: Any
) -> None:
    objects: Any = a_record()
    *above, last = place
    inside = objects
    for key in above:
        inside = inside[key]
    inside[last] = value
    code, _, err = run(capsys, write(tmp_path, objects))
    assert code == ExitCode.FAILED
    assert err.startswith("error: T")


def test_a_file_that_is_not_there_is_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "nowhere.yaml")
    assert code == ExitCode.USAGE
    assert "cannot read nowhere.yaml" in err


def test_a_job_that_has_not_started_has_nothing_to_replay(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job, *_ = a_record()
    job["status"] = {}
    code, _, err = run(capsys, write(tmp_path, [job]))
    assert code == ExitCode.FAILED
    assert "has not started" in err
