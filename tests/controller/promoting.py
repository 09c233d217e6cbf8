"""TuningJobs of Hyperband that pause their trials and promote them."""

from collections.abc import Mapping
from typing import Any

from tests.controller.specs import spec_fields, template
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

CHECKPOINT = {"persistentVolumeClaim": {"claimName": "models"}}

TRAIN = {
    "name": "train",
    "image": "trainer:1",
    "args": ["--all=$(KUBETUNE_PARAMETERS)", "--epochs=$(trial.resource)"],
}

SETTINGS = {"mode": "Promotion", "maxResource": 4, "reductionFactor": 2, "brackets": 1}


def fields(
    *,
    mode: str = "Promotion",
    checkpoint: Mapping[str, Any] | None = CHECKPOINT,
    limits: Mapping[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    """A spec whose rungs are 1, 2 and 4."""
    settings = {**SETTINGS, "mode": mode, "restartPromoted": checkpoint is None}
    given: dict[str, Any] = {} if checkpoint is None else {"checkpoint": dict(checkpoint)}
    return spec_fields(
        "Hyperband",
        hyperband=settings,
        limits=limits,
        job_template=template(containers=[TRAIN]),
        **given,
        **others,
    )


def make_world(spec: Mapping[str, Any] | None = None) -> World:
    """A world in which a trial is the better the greater its index."""
    world = World(
        script=lambda index: Script(values=tuple(0.5 + index / 10 + n / 100 for n in range(4)))
    )
    world.submit(spec or fields())
    return world
