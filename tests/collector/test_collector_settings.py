"""The collector's environment variables."""

import json
from typing import Any

import pytest

from kubetune.collector.settings import SettingsError, read_settings

COLLECT: dict[str, Any] = {
    "source": "Stdout",
    "container": "train",
    "objective": "acc",
    "goal": "Minimize",
    "metrics": ["acc", "loss"],
    "patterns": [{"metric": "acc", "regex": r"a=(?P<value>\S+)"}],
    "rungs": [9, 1, 3],
}
ENVIRON = {
    "KUBETUNE_NAMESPACE": "ns",
    "KUBETUNE_TRIAL": "t-1",
    "KUBETUNE_POD_NAME": "t-1-abcde",
    "KUBETUNE_COLLECT": json.dumps(COLLECT),
}


def changed(**collect: Any) -> dict[str, str]:
    merged = {key: value for key, value in (COLLECT | collect).items() if value is not None}
    return ENVIRON | {"KUBETUNE_COLLECT": json.dumps(merged)}


def test_everything_the_operator_says_is_taken() -> None:
    settings = read_settings(ENVIRON)
    assert (settings.namespace, settings.trial, settings.pod) == ("ns", "t-1", "t-1-abcde")
    assert (settings.source, settings.container, settings.path) == ("Stdout", "train", None)
    assert (settings.objective, settings.maximize) == ("acc", False)
    assert settings.metrics == ("acc", "loss")
    assert settings.rungs == (1, 3, 9)
    assert settings.patterns[0].regex.pattern == r"a=(?P<value>\S+)"
    assert settings.termination_log == "/dev/termination-log"


def test_source_file_needs_a_path_and_neither_pod_nor_container() -> None:
    environ = changed(source="File", path="/kubetune/metrics/metrics.log", container=None)
    del environ["KUBETUNE_POD_NAME"]
    settings = read_settings(environ)
    assert settings.path == "/kubetune/metrics/metrics.log"


def test_the_objective_is_always_recorded_and_nothing_twice() -> None:
    settings = read_settings(changed(metrics=["loss", "acc", "loss"], patterns=None, rungs=None))
    assert settings.metrics == ("acc", "loss")
    assert settings.patterns == ()
    assert settings.rungs == ()


@pytest.mark.parametrize(
    ("environ", "want"),
    [
        pytest.param({}, "KUBETUNE_COLLECT is not set", id="nothing"),
        pytest.param(ENVIRON | {"KUBETUNE_COLLECT": "{"}, "not JSON", id="not JSON"),
        pytest.param(ENVIRON | {"KUBETUNE_COLLECT": "[]"}, "not a JSON object", id="no object"),
        pytest.param(ENVIRON | {"KUBETUNE_TRIAL": ""}, "KUBETUNE_TRIAL is not set", id="no trial"),
        pytest.param(changed(source="Prometheus"), "source 'Prometheus'", id="unknown source"),
        pytest.param(changed(goal="maximise"), "goal 'maximise'", id="unknown goal"),
        pytest.param(changed(objective=None), "no 'objective'", id="no objective"),
        pytest.param(changed(source="File"), "no 'path'", id="file without a path"),
        pytest.param(changed(container=None), "no 'container'", id="no container"),
        pytest.param(
            changed(patterns=[{"metric": "acc", "regex": "("}]), "is bad", id="bad pattern"
        ),
        pytest.param(
            changed(patterns=[{"metric": "acc", "regex": "x"}]), "no group 'value'", id="no value"
        ),
    ],
)
def test_what_is_wrong_is_named(environ: dict[str, str], want: str) -> None:
    with pytest.raises(SettingsError, match=want):
        read_settings(environ)
