"""Jobs of a namespace, for the tests of the client."""

import msgspec

from kubetune.kube.objects import Job
from kubetune.kube.paths import JOBS
from tests.kube.refusals import Json

JOBS_OF_A = JOBS.path("a")
decode_job = msgspec.json.Decoder(Job).decode


def manifest(name: str, **metadata: object) -> Json:
    return {"metadata": {"name": name, **metadata}}
