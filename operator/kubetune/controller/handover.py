"""The winning parameters as a ConfigMap, for what comes after the TuningJob."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from kubetune.api import names
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.trial import Trial
from kubetune.errors import AlreadyExistsError
from kubetune.kube.client import Client
from kubetune.kube.objects import Object
from kubetune.kube.paths import CONFIG_MAPS
from kubetune.trialjob.identity import owner_reference

_decoder = msgspec.json.Decoder(Object)


def best_parameters(body: Mapping[str, Any], spec: TuningJobSpec, best: Trial) -> dict[str, Any]:
    """Return the ConfigMap that spec.bestParametersConfigMap asks for.

    Args:
        body: The TuningJob, which owns it.
        spec: Its spec, with a name for the ConfigMap.
        best: The incumbent, with a value.
    """
    metadata = body["metadata"]
    run = f"-{spec.run_id}" if spec.run_id is not None else ""
    texts = {name: _text(value) for name, value in best.parameters.items()}
    return {
        "apiVersion": CONFIG_MAPS.api_version,
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{spec.best_parameters_config_map}{run}",
            "namespace": metadata["namespace"],
            "labels": {names.LABEL_TUNING_JOB: metadata["name"]},
            "annotations": {
                names.LABEL_TRIAL: best.name,
                names.ANNOTATION_VALUE: json.dumps(best.value),
            },
            "ownerReferences": [owner_reference("TuningJob", metadata["name"], metadata["uid"])],
        },
        "data": {**texts, "parameters.json": json.dumps(dict(best.parameters))},
    }


async def hand_over(
    client: Client, body: Mapping[str, Any], spec: TuningJobSpec, best: Trial
) -> bool:
    """Create the ConfigMap; safe to repeat.

    Returns:
        False if one of that name exists which is not this TuningJob's; it is left as it is.

    Raises:
        ClusterError: The API server refuses it, or does not answer.
    """
    manifest = best_parameters(body, spec, best)
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    try:
        await client.create(CONFIG_MAPS.path(namespace), manifest)
    except AlreadyExistsError:
        # Made by an earlier look, which did not come to the end of the job: it is ours.
        answer = await client.get(CONFIG_MAPS.path(namespace, name))
        owner = _decoder.decode(answer).metadata.controller
        return owner is not None and owner.uid == body["metadata"]["uid"]
    return True


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
