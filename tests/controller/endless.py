"""TuningJobs whose trials do not end by themselves."""

from collections.abc import Mapping
from typing import Any

from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

ENDLESS = Script(values=(0.5,), ends=False)


def endless_world(*, limits: Mapping[str, Any] | None = None) -> World:
    """A world in which no trial ends by itself."""
    world = World(script=lambda _: ENDLESS)
    world.submit(spec_fields(limits=limits))
    return world
