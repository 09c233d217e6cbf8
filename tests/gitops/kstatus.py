"""How tools of the kstatus family (Flux, Argo CD, kubectl apply-set) read any object's status.

The published rules for kinds that they have no special rules for, in the order of their checks.
"""

from collections.abc import Mapping
from typing import Any, Literal

Reading = Literal["Terminating", "InProgress", "Failed", "Current"]


def read(body: Mapping[str, Any]) -> Reading:
    """What such a tool says of an object."""
    if body["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = body.get("status", {})
    observed = status.get("observedGeneration")
    if observed is not None and observed != body["metadata"]["generation"]:
        return "InProgress"
    conditions = {c["type"]: c["status"] for c in status.get("conditions", [])}
    if conditions.get("Reconciling") == "True":
        return "InProgress"
    if conditions.get("Stalled") == "True":
        return "Failed"
    if conditions.get("Ready") in ("False", "Unknown"):
        return "InProgress"
    return "Current"
