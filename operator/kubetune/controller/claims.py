"""The claim for checkpoints that is made for a TuningJob, and that goes with it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kubetune.api import names
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.refusal import Refusal
from kubetune.errors import AlreadyExistsError, ForbiddenError, InvalidError, NotFoundError
from kubetune.kube.client import Client
from kubetune.kube.objects import Object
from kubetune.kube.paths import VOLUME_CLAIMS
from kubetune.trialjob.identity import owner_reference

_decoder = msgspec.json.Decoder(Object)


async def make_claim(
    client: Client, body: Mapping[str, Any], spec: TuningJobSpec
) -> Refusal | None:
    """Create the claim that spec.checkpoint.volumeClaimTemplate asks for. Safe to repeat.

    Returns:
        Why it could not be done; None if it was, or if there is nothing to do.

    Raises:
        UnavailableError: The API server did not answer; ask again later.
    """
    if spec.checkpoint is None or spec.checkpoint.volume_claim_template is None:
        return None
    metadata = body["metadata"]
    name = names.checkpoint_claim(metadata["name"])
    manifest = {
        "apiVersion": VOLUME_CLAIMS.api_version,
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": {
                "app.kubernetes.io/managed-by": "kubetune",
                names.LABEL_TUNING_JOB: metadata["name"],
            },
            "ownerReferences": [owner_reference("TuningJob", metadata["name"], metadata["uid"])],
        },
        "spec": spec.checkpoint.volume_claim_template.spec,
    }
    try:
        await client.create(VOLUME_CLAIMS.path(metadata["namespace"]), manifest)
    except AlreadyExistsError:
        return await _judge_existing(client, body, name)
    except (ForbiddenError, InvalidError) as error:
        return Refusal(
            reason="ClaimNotMade",
            message=f"spec.checkpoint.volumeClaimTemplate: {error.message}",
        )
    return None


async def _judge_existing(client: Client, body: Mapping[str, Any], name: str) -> Refusal | None:
    """Return None if the claim that has the name is this TuningJob's, and stays."""
    metadata = body["metadata"]
    try:
        answer = await client.get(VOLUME_CLAIMS.path(metadata["namespace"], name))
    except NotFoundError:
        return _leaving(name)
    found = _decoder.decode(answer).metadata
    owner = found.controller
    if found.deletion_timestamp is not None:
        return _leaving(name)
    if owner is not None and owner.uid == metadata["uid"]:
        return None
    if owner is not None and (owner.kind, owner.name) == ("TuningJob", metadata["name"]):
        return _leaving(name)  # an earlier job's of this name: the garbage collector takes it away
    return Refusal(
        reason="ClaimNameTaken",
        message=f"PersistentVolumeClaim {name} exists and is not this job's: delete it if it is "
        "that of an earlier job, or name it in spec.checkpoint.persistentVolumeClaim to use it",
    )


def _leaving(name: str) -> Refusal:
    return Refusal(
        reason="ClaimNameTaken",
        message=f"PersistentVolumeClaim {name} of an earlier job is just being deleted; it is made "
        "anew as soon as it is gone, which takes until no pod uses it",
        waits=True,
    )
