"""What a job takes over from finished ones."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from kubetune.api.model import ApiModel

MAX_PARENTS = 5
MAX_CHANGES = 10

ParentName = Annotated[str, Field(min_length=1, max_length=63)]


class WarmStartType(StrEnum):
    """How much the parents have in common with this job."""

    IDENTICAL = "IdenticalDataAndAlgorithm"
    TRANSFER = "TransferLearning"


class WarmStartSpec(ApiModel):
    """Finished TuningJobs whose results this one begins with: its parents."""

    from_: list[ParentName] = Field(
        alias="from",
        min_length=1,
        max_length=MAX_PARENTS,
        description="Names of the parents: finished TuningJobs in the same namespace, with the "
        "same objective metric and goal and the same parameters of the same types. Ranges, steps, "
        "scales and values may differ. This job waits for a parent that has not finished. What a "
        "parent took over from parents of its own does not count.",
    )
    type: WarmStartType = Field(
        description="IdenticalDataAndAlgorithm: a parent's value at a point is what this job would "
        "measure there. Its points count as known and are not tried again, and "
        "status.overallBest is the best of all. TransferLearning: data or code differ, so the "
        "parents only show where good points are likely: the best ones are tried first, and the "
        "strategy Bayesian expects of other points what the parents say, as far as its own trials "
        "bear them out."
    )
    fixed: dict[str, Any] = Field(
        default={},
        max_length=MAX_CHANGES,
        description="Values of the parameters that were fixed and are tuned now, or were tuned and "
        "are fixed now, by name: the value while it was, or is, fixed. Required for each "
        "parameter that this job and a parent do not share. Of a parameter that is fixed now, "
        "only parents' points near that value count.",
    )
