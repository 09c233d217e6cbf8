"""`kubetune simulate`, from its flags to its words."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kubetune.cli.exits import ExitCode
from kubetune.cli.main import main
from tests.cli.golden_files import Compare

SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"
HYPERBAND = str(SAMPLES / "hyperband.yaml")
CURVES = f"{SAMPLES / 'curves.py'}:val_accuracy"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["kubetune", "simulate", *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_job_is_told_in_numbers_and_its_course(
    capsys: pytest.CaptureFixture[str], golden: Compare
) -> None:
    code, out, err = run(capsys, "-f", HYPERBAND, "--objective", CURVES)
    assert code == ExitCode.OK
    golden("simulate-one-seed.txt", out)
    assert re.fullmatch(r"1/1  Hyperband, seed 7: 20 trials, best val_accuracy 0\.97\d*\n", err)


def test_several_seeds_are_told_as_means_beside_random_search(
    capsys: pytest.CaptureFixture[str], golden: Compare
) -> None:
    several = ("--seeds", "3", "--compare", "Random", "--workers", "8")
    code, out, err = run(capsys, "-f", HYPERBAND, "--objective", CURVES, *several)
    assert code == ExitCode.OK
    golden("simulate-seeds.txt", out)
    assert err.count("\n") == 6


def test_the_same_is_told_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--seeds", "2", "--compare", "Random", "-o", "json", "--failures", "0.2")
    _, out, _ = run(capsys, "-f", HYPERBAND, "--objective", CURVES, *flags)
    told = json.loads(out)
    assert told["metric"] == "val_accuracy"
    ours, random = told["strategies"]["Hyperband"], told["strategies"]["Random"]
    assert [job["seed"] for job in ours["jobs"]] == [7, 8]
    assert sum(job["trials"].get("Failed", 0) for job in ours["jobs"]) > 0
    assert ours["jobs"][0]["best"]["parameters"].keys() == {
        "learning_rate",
        "hidden",
        "activation",
    }
    assert random["jobs"][0]["outcome"] is None
    assert random["jobs"][0]["cost"] >= ours["jobs"][0]["cost"]
    assert len(ours["course"]) == 10


def test_faults_and_delays_cost_time(capsys: pytest.CaptureFixture[str]) -> None:
    def seconds(*flags: str) -> float:
        _, out, _ = run(capsys, "-f", HYPERBAND, "--objective", CURVES, "-o", "json", *flags)
        job = json.loads(out)["strategies"]["Hyperband"]["jobs"][0]
        return float(job["seconds"])

    calm = seconds()
    for flags in (
        ("--stragglers", "0.5x9"),
        ("--disruptions", "0.4"),
        ("--start-delay", "30s"),
        ("--stop-delay", "10s"),
        ("--step-time", "2s"),
    ):
        assert seconds(*flags) > calm


def test_the_plot_is_an_svg_with_a_line_for_each_side(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "digits.svg"
    flags = ("--seeds", "2", "--compare", "Random", "--plot", str(path))
    _, _, err = run(capsys, "-f", HYPERBAND, "--objective", CURVES, *flags)
    assert err.endswith(f"drawn: {path}\n")
    # Our own file, made a moment ago.
    root = ET.fromstring(path.read_text("utf-8"))  # noqa: S314
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any(text.startswith("Hyperband: 0.9") for text in texts)
    assert any(text.startswith("Random: 0.9") for text in texts)
    assert "val_accuracy" in texts
    numbers = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.read_text("utf-8"))
    assert numbers
    assert all(0 <= float(x) <= 720 for x, _ in numbers)


def test_a_table_stands_for_the_training_and_the_nearest_points_are_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "trainings.csv"
    rows = [
        f"{rate},{hidden},{activation},{step},{hidden / 1000 + step / 100 - rate}"
        for rate in (0.001, 0.1)
        for hidden in (16, 128)
        for activation in ("relu", "tanh")
        for step in (1, 3, 9, 27)
    ]
    header = "learning_rate,hidden,activation,step,val_accuracy"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    code, out, err = run(capsys, "-f", HYPERBAND, "--table", str(path))
    assert code == ExitCode.OK
    assert "val_accuracy 0.3970" in out
    assert "note: 20 of 20 trials have a point that is not in the table" in err


OBJECTIVE = """\
def fine(parameters): return 1.0
def greedy(parameters, hidden): return 1.0
def broken(parameters): return parameters["depth"]
"""


@pytest.mark.parametrize(
    ("flags", "want", "words"),
    [
        pytest.param(["--objective", "nowhere.py:f"], 2, "cannot read nowhere.py", id="no file"),
        pytest.param(["--objective", "{own}"], 2, "the form FILE.py:function", id="no function"),
        pytest.param(
            ["--objective", "{own}:other"],
            2,
            "has no function other; it has fine, greedy, broken",
            id="another function",
        ),
        pytest.param(
            ["--objective", "{own}:greedy"],
            2,
            "takes hidden, which the simulator does not know",
            id="a wrong signature",
        ),
        pytest.param(
            ["--objective", "{own}:broken"], 1, "objective.py:3: KeyError: 'depth'", id="a bug"
        ),
        pytest.param(["--objective", "{bad}:f"], 1, "cannot be imported (line 1)", id="no Python"),
        pytest.param(["--table", "nowhere.csv"], 2, "cannot read nowhere.csv", id="no table"),
        pytest.param(["--table", "{own}"], 1, "has no column for the parameter", id="wrong table"),
        pytest.param(
            ["--objective", "{own}:fine", "--plot", "/does/not/exist.svg"],
            2,
            "cannot write /does/not/exist.svg",
            id="no folder for the plot",
        ),
    ],
)
def test_what_is_wrong_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, flags: list[str], want: int, words: str
) -> None:
    own, bad = tmp_path / "objective.py", tmp_path / "bad.py"
    own.write_text(OBJECTIVE, encoding="utf-8")
    bad.write_text("nonsense = undefined\n", encoding="utf-8")
    filled = [flag.format(own=own, bad=bad) for flag in flags]
    code, out, err = run(capsys, "-f", HYPERBAND, *filled)
    assert code == want
    assert words in err
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("a: [", "not YAML", id="no YAML"),
        pytest.param("kind: Job", "has no TuningJob", id="another kind"),
        pytest.param("kind: TuningJob\n---\nkind: TuningJob", "2 TuningJobs", id="two"),
        pytest.param(
            "{apiVersion: kubetune.dev/v1alpha1, kind: TuningJob, metadata: {name: x}, spec: {}}",
            "line 1: spec.objective",
            id="a faulty one",
        ),
    ],
)
def test_a_manifest_that_cannot_run_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(text, encoding="utf-8")
    code, _, err = run(capsys, "-f", str(path), "--objective", CURVES)
    assert code == ExitCode.FAILED
    assert words in err


@pytest.mark.parametrize(
    "flags",
    [
        ["--objective", "a.py:f", "--table", "t.csv"],
        [],
        ["--objective", "a.py:f", "--stragglers", "0.1"],
        ["--objective", "a.py:f", "--failures", "5%"],
        ["--objective", "a.py:f", "--failures", "1"],
        ["--objective", "a.py:f", "--seeds", "0"],
        ["--objective", "a.py:f", "--compare", "Grid"],
    ],
    ids=" ".join,
)
def test_wrong_flags_exit_with_2(capsys: pytest.CaptureFixture[str], flags: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["kubetune", "simulate", "-f", HYPERBAND, *flags])
    assert caught.value.code == ExitCode.USAGE
    assert "usage: kubetune simulate" in capsys.readouterr().err
