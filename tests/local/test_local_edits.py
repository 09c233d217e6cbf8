"""The manifest changes between two calls: what may, what may not, and another run."""

import pytest

from kubetune.local.opening import RefusedError
from tests.local.fake_processes import Script
from tests.local.laptop import Laptop
from tests.local.local_builders import manifest


def test_limits_may_change_between_two_calls() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(), asked_at=(5.0,))
    more = manifest(limits={"maxTrials": 6, "maxParallelTrials": 1})
    world = laptop.call(more)
    assert world.status.phase == "Complete"
    assert len(laptop.states()) == 6
    assert world.body["metadata"]["generation"] == 2


def test_a_change_of_what_is_fixed_is_refused_in_the_words_of_the_api() -> None:
    laptop = Laptop(lambda _: Script())
    laptop.call(manifest())
    changed = manifest(strategy={"type": "Random", "seed": 8})
    with pytest.raises(RefusedError, match="strategy can't be changed within a run: set a new"):
        laptop.call(changed)
    with pytest.raises(RefusedError, match="holds the TuningJob 'toy' and not 'other'"):
        laptop.call(manifest(name="other"))


def test_a_new_run_id_starts_another_run_and_keeps_what_was() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(), asked_at=(15.0,))
    world = laptop.call(manifest(runId="b", strategy={"type": "Random", "seed": 8}))
    assert world.status.phase == "Complete"
    assert [run.run_id for run in world.status.previous_runs] == [None]
    assert laptop.states()["toy-2"] == "Stopped"
    assert laptop.reasons()["toy-2"] == "NewRun"
    assert laptop.states()["toy-b-3"] == "Succeeded"
    with pytest.raises(RefusedError, match="runId can't be removed"):
        laptop.call(manifest())
