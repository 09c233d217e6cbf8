"""Where trials keep what they have learnt, so that a later attempt goes on instead of anew."""

from typing import Any

from pydantic import Field

from kubetune.api.model import ApiModel


class ClaimReference(ApiModel):
    """A PersistentVolumeClaim that exists."""

    claim_name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of the PersistentVolumeClaim, in the namespace of the TuningJob. Trials "
        "on several nodes need one with the access mode ReadWriteMany.",
    )


class ClaimTemplate(ApiModel):
    """A PersistentVolumeClaim that Kubetune makes for the job, and that goes with it."""

    spec: dict[str, Any] = Field(
        description="A PersistentVolumeClaimSpec: accessModes, resources, storageClassName. Trials "
        "on several nodes need the access mode ReadWriteMany."
    )


class CheckpointSpec(ApiModel):
    """A volume that outlives the pods of a trial."""

    path: str = Field(
        default="/checkpoints",
        min_length=2,
        max_length=253,
        description="Where the volume is mounted in the training container, absolute. There the "
        "trial sees a directory of its own, the same in each of its attempts.",
    )
    persistent_volume_claim: ClaimReference | None = Field(
        default=None,
        description="A claim that exists; it may serve several jobs. What trials wrote stays there "
        "until somebody removes it. Either this or volumeClaimTemplate.",
    )
    volume_claim_template: ClaimTemplate | None = Field(
        default=None,
        description="A claim that is made before the first trial, for this job alone, and that is "
        "deleted with the TuningJob. Either this or persistentVolumeClaim.",
    )
