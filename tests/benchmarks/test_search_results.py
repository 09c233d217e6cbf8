from pathlib import Path

import pytest

from benchmarks.search.protocol import Trace
from benchmarks.search.sources import source_hash
from benchmarks.search.store import Cell, Result, append, missing, read
from benchmarks.search.summary import latest, scores
from benchmarks.search.work import run_all


def cell(
    problem: str = "branin", *, solver: str = "random", seed: int = 0, version: str = "1"
) -> Cell:
    return Cell(solver=solver, version=version, problem=problem, mode="b1", seed=seed)


def result(of: Cell, value: float = 1.0) -> Result:
    return Result(cell=of, trace=Trace(steps=((1, value),), cpu_seconds=0.5))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.jsonl"
    for seed in range(3):
        append(path, result(cell(seed=seed), 0.25 * seed))
    want = {cell(seed=seed): result(cell(seed=seed), 0.25 * seed) for seed in range(3)}
    assert read(path) == want


def test_no_file_is_no_results(tmp_path: Path) -> None:
    assert read(tmp_path / "nothing.jsonl") == {}


def test_a_line_that_was_cut_off_is_run_again(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    append(path, result(cell(seed=0)))
    append(path, result(cell(seed=1)))
    text = path.read_text("utf-8")
    path.write_text(text[:-9], "utf-8")
    assert missing([cell(seed=0), cell(seed=1)], read(path)) == [cell(seed=1)]


def test_a_line_after_a_cut_one_still_counts(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"protocol":1,"solver":"ran', "utf-8")
    append(path, result(cell(seed=1)))
    assert list(read(path)) == [cell(seed=1)]


def test_results_of_another_protocol_or_version_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    append(path, result(cell(version="1")))
    path.write_text(path.read_text("utf-8").replace('"protocol":1', '"protocol":0'), "utf-8")
    append(path, result(cell(version="2")))
    assert missing([cell(version="1")], read(path)) == [cell(version="1")]


def fake_run(of: Cell) -> Result:
    return result(of, float(of.seed))


def test_a_second_call_runs_only_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    append(path, result(cell(seed=1), 77.0))
    wanted = [cell(seed=seed) for seed in range(3)]
    run_all(wanted, path, jobs=1, run=fake_run)
    assert {c.seed: r.trace.after(1) for c, r in read(path).items()} == {0: 0.0, 1: 77.0, 2: 2.0}
    before = path.read_bytes()
    run_all(wanted, path, jobs=1, run=fake_run)
    assert path.read_bytes() == before


def test_the_newest_version_of_a_solver_is_the_one_that_is_reported() -> None:
    old, new = result(cell(version="old")), result(cell(version="new"))
    other = result(cell(solver="hebo", version="0.3.6"))
    assert latest([old, other, new]) == [other, new]


def test_a_score_is_the_mean_over_problems_of_the_mean_over_seeds() -> None:
    # -3.322 is Hartmann-6's best value; the others are random search's.
    references = {"branin": [1.0] * 50, "hartmann6": [-2.0] * 50}
    found = [
        result(cell("branin", seed=0), 1.0),
        result(cell("branin", seed=1), 1.0),
        result(cell("branin", seed=2), 1.0),
        result(cell("hartmann6", seed=0), -3.322368011),
        result(cell("hartmann6", seed=1), -2.0),
    ]
    (score,) = scores(found, ("branin", "hartmann6"), references)
    assert score.problems == pytest.approx({"branin": 1.0, "hartmann6": 0.5})
    assert score.regret == pytest.approx(0.75)
    # Only Hartmann-6 varies: 0 and 1 have variance 1/2, their mean 1/4, whose root is halved.
    assert score.error == pytest.approx(0.25)
    assert score.seeds == 2


def test_a_solver_that_has_not_met_every_problem_has_no_score() -> None:
    assert scores([result(cell("branin"))], ("branin", "hartmann6"), {"branin": [1.0] * 50}) == []


def test_a_version_of_ours_follows_what_the_strategy_imports_and_nothing_else() -> None:
    bayesian = source_hash("search.bayesian")
    assert bayesian == source_hash("search.bayesian", "search.surrogate"), "it imports that"
    assert bayesian != source_hash("search.bayesian", "search.hyperband"), "but not that"
    assert bayesian != source_hash("search.random_search")


def test_a_version_leaves_out_what_is_imported_but_does_not_decide() -> None:
    hyperband = source_hash("search.hyperband", without=("search.bayesian",))
    assert hyperband != source_hash("search.hyperband")
    assert hyperband == source_hash(
        "search.hyperband", "search.rung_evidence", without=("search.bayesian",)
    ), "it imports that"
