from pathlib import Path

import msgspec
import pytest

from kubetune.core.decision import Suggestion
from kubetune.kube.objects import Observation, TrialStatus
from kubetune.local.store import Store, StoreError
from kubetune.local.world import new_trial
from tests.local.local_builders import START, manifest, opened


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "toy")
    world = opened(manifest()).world
    trial = new_trial(world, Suggestion(index=0, parameters={"x": 0.5}, reason="r"), START)
    with store.locked():
        store.save_job({**world.body, "status": {"phase": "Running"}})
        store.save_trial(trial, "toy")
        assert store.trials() == [trial]
        assert store.job() == {**world.body, "status": {"phase": "Running"}}
    assert sorted(path.name for path in (tmp_path / "toy/trials/toy-0").iterdir()) == ["trial.json"]


def test_a_directory_serves_one_call_at_a_time(tmp_path: Path) -> None:
    first, second = Store(tmp_path), Store(tmp_path)
    with first.locked(), pytest.raises(StoreError, match="another kubetune run"), second.locked():
        pass
    with second.locked():
        pass


def test_each_attempt_has_a_directory_of_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in (1, 2, 3):
        place = store.attempt("toy-0")
        assert place.name == f"attempt-{number}"
        place.mkdir(parents=True)
    (store.trial("toy-0") / "checkpoint").mkdir()
    assert store.attempt("toy-0").name == "attempt-4"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("tuningjob.json", "{", "cannot read"),
        ("tuningjob.json", '{"kind": "Pod"}', "is not a TuningJob"),
        ("trials/toy-0/trial.json", "[]", "cannot read"),
    ],
    ids=["half a file", "another kind", "no trial"],
)
def test_a_file_that_is_something_else_is_named(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    store = Store(tmp_path)
    read = store.job if name == "tuningjob.json" else store.trials
    with pytest.raises(StoreError, match=words) as caught:
        read()
    assert str(path) in str(caught.value)


def test_a_directory_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to"), Store(tmp_path / "file").locked():
        pass


def test_a_status_survives_with_what_json_cannot_say(tmp_path: Path) -> None:
    store = Store(tmp_path)
    world = opened(manifest()).world
    trial = new_trial(world, Suggestion(index=0, parameters={"x": 0.5}, reason="r"), START)
    status = TrialStatus(
        state="Failed", observations=[Observation(step=1, time=START, non_finite={"loss": "NaN"})]
    )
    trial = msgspec.structs.replace(trial, status=status)
    with store.locked():
        store.save_trial(trial, "toy")
    assert store.trials() == [trial]
