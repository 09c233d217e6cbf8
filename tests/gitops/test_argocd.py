"""What Argo CD shows of a TuningJob, and its actions, by the Lua that it would run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lupa
import pytest
import yaml

from tests.gitops.statuses import tuning_job

ROOT = Path(__file__).resolve().parents[2]
DATA = yaml.safe_load((ROOT / "manifests/gitops/argocd/argocd-cm.yaml").read_text("utf-8"))["data"]
HEALTH = DATA["resource.customizations.health.kubetune.dev_TuningJob"]
TRIAL_HEALTH = DATA["resource.customizations.health.kubetune.dev_Trial"]
ACTIONS = yaml.safe_load(DATA["resource.customizations.actions.kubetune.dev_TuningJob"])


def run(script: str, obj: Mapping[str, Any]) -> Any:
    """Run a script as Argo CD does: `obj` is the object, and nothing else is there to reach."""
    lua = lupa.LuaRuntime(unpack_returned_tuples=True, register_eval=False)
    for name in ("os", "io", "python", "require", "load", "dofile"):
        lua.globals()[name] = None
    lua.globals()["obj"] = lua.table_from(obj, recursive=True)
    return _plain(lua.execute(script))


def _plain(value: Any) -> Any:
    if lupa.lua_type(value) != "table":
        return value
    keys = list(value.keys())
    if keys and keys == list(range(1, len(keys) + 1)):
        return [_plain(item) for item in value.values()]
    return {key: _plain(item) for key, item in value.items()}


def being_stopped() -> dict[str, Any]:
    """Return a job that was told to stop a moment ago."""
    job = tuning_job("running")
    job["spec"]["stop"] = True
    return job


@pytest.mark.parametrize(
    ("job", "want", "want_message"),
    [
        pytest.param(tuning_job("new"), "Progressing", "not looked at yet", id="new"),
        pytest.param(tuning_job("waiting"), "Progressing", "[long] has not finished", id="waiting"),
        pytest.param(tuning_job("running"), "Progressing", "0/2 trials", id="running"),
        pytest.param(tuning_job("degraded"), "Progressing", "exceeded quota", id="degraded"),
        pytest.param(tuning_job("suspended"), "Suspended", "to go on", id="suspended"),
        pytest.param(tuning_job("complete"), "Healthy", "2 trials have ended", id="complete"),
        pytest.param(tuning_job("stopped"), "Healthy", "", id="stopped"),
        pytest.param(tuning_job("failed"), "Degraded", "have failed", id="failed"),
        pytest.param(tuning_job("refused"), "Degraded", "asks for a GPU", id="refused"),
        pytest.param(tuning_job("edited"), "Progressing", "not looked at", id="edited"),
    ],
)
def test_argo_cd_shows_a_tuning_job_as(job: dict[str, Any], want: str, want_message: str) -> None:
    health = run(HEALTH, job)
    assert health["status"] == want
    assert want_message in health["message"]


def test_argo_cd_shows_the_best_value_so_far() -> None:
    job = tuning_job("running")
    job["status"]["best"] = {"trial": "short-1", "value": 0.97, "parameters": {}}
    assert run(HEALTH, job)["message"].endswith("trials, best 0.97")


def test_argo_cd_shows_an_object_without_any_status_as_progressing() -> None:
    assert run(HEALTH, {"metadata": {"generation": 1}, "spec": {}})["status"] == "Progressing"
    assert run(TRIAL_HEALTH, {"metadata": {}, "spec": {}})["status"] == "Progressing"


@pytest.mark.parametrize(
    ("state", "want"),
    [
        ("Pending", "Progressing"),
        ("Running", "Progressing"),
        ("Paused", "Progressing"),
        ("Succeeded", "Healthy"),
        ("EarlyStopped", "Healthy"),
        ("Stopped", "Healthy"),
        ("Failed", "Degraded"),
        ("MetricsUnavailable", "Degraded"),
    ],
)
def test_argo_cd_shows_a_trial_as(state: str, want: str) -> None:
    assert run(TRIAL_HEALTH, {"status": {"state": state, "message": "m"}})["status"] == want


@pytest.mark.parametrize(
    ("job", "want"),
    [
        pytest.param(tuning_job("running"), {"suspend", "stop"}, id="running"),
        pytest.param(tuning_job("new"), {"suspend", "stop"}, id="new"),
        pytest.param(tuning_job("suspended"), {"resume", "stop"}, id="suspended"),
        pytest.param(being_stopped(), set(), id="being stopped"),
        pytest.param(tuning_job("complete"), set(), id="complete"),
        pytest.param(tuning_job("failed"), set(), id="failed"),
    ],
)
def test_argo_cd_offers_the_actions_that_make_sense(job: dict[str, Any], want: set[str]) -> None:
    offered = run(ACTIONS["discovery.lua"], job)
    assert set(offered) == {"suspend", "resume", "stop"}
    assert {name for name, action in offered.items() if not action["disabled"]} == want


@pytest.mark.parametrize(
    ("action", "before", "field", "want"),
    [
        pytest.param("suspend", tuning_job("running"), "suspend", True, id="suspend"),
        pytest.param("resume", tuning_job("suspended"), "suspend", False, id="resume"),
        pytest.param("stop", tuning_job("running"), "stop", True, id="stop"),
    ],
)
def test_an_action_changes_its_field_and_nothing_else(
    action: str,
    before: dict[str, Any],
    field: str,
    want: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    scripts: Mapping[str, str] = {d["name"]: d["action.lua"] for d in ACTIONS["definitions"]}
    after = run(scripts[action], before)
    assert after["spec"][field] is want
    assert {*after["spec"]} - {field} == {*before["spec"]} - {field}
    assert after["spec"]["objective"]["metric"] == before["spec"]["objective"]["metric"]
    assert after["metadata"] == before["metadata"]


def test_every_offered_action_has_a_script() -> None:
    offered = run(ACTIONS["discovery.lua"], tuning_job("running"))
    assert set(offered) == {definition["name"] for definition in ACTIONS["definitions"]}
