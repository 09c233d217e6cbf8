"""Ctrl-C and a full disk: no process goes on, and a second call does."""

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from kubetune.kube.objects import Trial
from tests.local.fake_processes import Script
from tests.local.laptop import Laptop
from tests.local.local_builders import TERMS, MemoryStore, manifest


class FullStore(MemoryStore):
    """A store on a disk that takes so many trials and no more."""

    def __init__(self, on_write: Callable[[str], None], *, room: int) -> None:
        super().__init__(on_write)
        self._room = room

    def save_trial(self, trial: Trial, tuning_job: str) -> None:
        self._room -= 1
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().save_trial(trial, tuning_job)


def test_ctrl_c_ends_processes_and_a_second_call_goes_on() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    world = laptop.call(manifest(), asked_at=(15.0,))
    assert laptop.machine.alive() == []
    assert (world.status.phase, world.status.reason) == ("Suspended", "Interrupted")
    assert list(laptop.states().values()) == ["Succeeded", "Succeeded", "Pending", "Pending"]
    assert laptop.reasons()["toy-2"] == "Interrupted"
    world = laptop.call(manifest())
    assert world.status.phase == "Complete"
    assert set(laptop.states().values()) == {"Succeeded"}
    assert [t.status.attempts for t in world.trials] == [1, 1, 2, 2]


def test_a_process_that_heeds_no_request_is_ended_after_its_grace_period() -> None:
    laptop = Laptop(lambda _: Script(seconds=1000, heeds_sigterm=False, values=(0.5,) * 1000))
    laptop.call(manifest(), asked_at=(5.0,), terms=replace(TERMS, grace=timedelta(seconds=3)))
    assert laptop.machine.alive() == []
    assert laptop.machine.clock == 8


def test_a_second_ctrl_c_does_not_wait_for_the_grace_period() -> None:
    laptop = Laptop(lambda _: Script(seconds=1000, heeds_sigterm=False))
    laptop.call(manifest(), asked_at=(5.0, 6.0))
    assert laptop.machine.alive() == []
    assert laptop.machine.clock == 6


def test_the_user_is_told_what_is_waited_for() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(), asked_at=(5.0,))
    assert laptop.notices == ["2 processes have been asked to end; Ctrl-C again does not wait"]


def test_a_full_disk_leaves_no_process_running() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.store = FullStore(laptop.touched, room=6)
    with pytest.raises(OSError, match="No space left"):
        laptop.call(manifest())
    assert len(laptop.machine.all) == 2
    assert laptop.machine.alive() == []


def test_with_fewer_workers_interrupted_trials_wait_for_each_other() -> None:
    laptop = Laptop(lambda _: Script(seconds=10))
    laptop.call(manifest(limits={"maxTrials": 4, "maxParallelTrials": 4}), asked_at=(5.0,))
    before = laptop.machine.clock
    laptop.call(manifest(limits={"maxTrials": 4, "maxParallelTrials": 1}))
    assert laptop.machine.clock == before + 40
