"""Faults of `spec.checkpoint`, and of strategies that need one."""

from tests.api.bad_specs.bad_spec import HYPERBAND, BadSpec

CHECKPOINT = (
    BadSpec(
        id="promotion without a checkpoint",
        changes={f"{HYPERBAND}.mode": "Promotion"},
        field="spec.checkpoint is missing: with the mode Promotion",
        remedy="Add a checkpoint volume, or set spec.strategy.hyperband.restartPromoted to true",
        rule="checkpoint-missing",
    ),
    BadSpec(
        id="synchronous brackets without a checkpoint",
        changes={f"{HYPERBAND}.mode": "Synchronous", f"{HYPERBAND}.restartPromoted": False},
        field="spec.checkpoint is missing: with the mode Synchronous",
        remedy="Add a checkpoint volume",
        rule="checkpoint-missing",
    ),
    BadSpec(
        id="promoted trials that restart and have a checkpoint",
        changes={
            f"{HYPERBAND}.mode": "Promotion",
            f"{HYPERBAND}.restartPromoted": True,
            "spec.checkpoint": {"persistentVolumeClaim": {"claimName": "models"}},
        },
        field=f"{HYPERBAND}.restartPromoted contradicts spec.checkpoint",
        remedy="remove one of them",
        rule="restart-promoted-with-checkpoint",
    ),
    BadSpec(
        id="promoted trials that restart, where none is promoted",
        changes={f"{HYPERBAND}.restartPromoted": True},
        field=f"{HYPERBAND}.restartPromoted",
        remedy="remove it, or use the mode Promotion or Synchronous",
        rule="restart-promoted-with-stopping",
    ),
    BadSpec(
        id="a checkpoint without a claim",
        changes={"spec.checkpoint": {"path": "/models"}},
        field="spec.checkpoint",
        remedy="set either persistentVolumeClaim.claimName",
        rule="checkpoint-without-one-claim",
    ),
    BadSpec(
        id="a checkpoint with two claims",
        changes={
            "spec.checkpoint": {
                "persistentVolumeClaim": {"claimName": "models"},
                "volumeClaimTemplate": {"spec": {}},
            }
        },
        field="spec.checkpoint",
        remedy="set either persistentVolumeClaim.claimName",
        rule="checkpoint-without-one-claim",
    ),
    *(
        BadSpec(
            id=f"a checkpoint path {fault}",
            changes={
                "spec.checkpoint": {"path": path, "persistentVolumeClaim": {"claimName": "models"}}
            },
            field=f'spec.checkpoint.path "{path}"',
            remedy="write an absolute path such as /checkpoints",
            rule="checkpoint-path-malformed",
        )
        for fault, path in {
            "that is relative": "models",
            "that goes up": "/models/../etc",
            "with a slash at its end": "/models/",
            "with a blank": "/my models",
        }.items()
    ),
)
