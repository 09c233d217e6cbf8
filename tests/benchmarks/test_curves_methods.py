"""The methods of the benchmark of learning curves, and what their results depend on."""

import pytest

from benchmarks.curves import methods
from benchmarks.curves.methods import METHODS
from benchmarks.curves.ours import tuning_job
from benchmarks.curves.table import table

OURS = [name for name, method in METHODS.items() if method.ours]


@pytest.mark.parametrize("name", OURS)
def test_a_method_of_ours_is_a_tuning_job_with_the_rule_that_its_version_names(name: str) -> None:
    method = METHODS[name]
    spec = tuning_job(table("slow-winners"), method.fields, workers=1, horizon=1)
    hyperband = spec.strategy.hyperband
    if hyperband is None:
        assert method.rule == "median"
        assert spec.early_stopping is not None
        assert spec.early_stopping.type.value == "Auto"
        assert method.modelled == (spec.strategy.type.value == "Bayesian")
    else:
        assert method.rule == hyperband.mode.value.lower()
        assert method.modelled == (hyperband.search.value == "Bayesian")


def test_a_surrogate_counts_where_it_proposes_the_points_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, bool] = {}

    def without_model(*modules: str, without: tuple[str, ...] = ()) -> str:
        return "model" if "search.bayesian" not in without else ",".join(modules)

    monkeypatch.setattr(methods, "source_hash", without_model)
    for name in OURS:
        asked[name] = METHODS[name].version == "model"
    assert [name for name, counts in asked.items() if counts] == [
        "kubetune-bayesian-median",
        "kubetune-stopping-bayesian",
        "kubetune-promotion-bayesian",
    ]
    assert METHODS["kubetune-stopping"].version == METHODS["kubetune-stopping-1"].version
    assert METHODS["kubetune-stopping"].version != METHODS["kubetune-promotion"].version
