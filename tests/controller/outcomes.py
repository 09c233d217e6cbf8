"""What is judged of a trial that waits, of its Job and its pods."""

from datetime import datetime
from typing import Any

from kubetune.controller.outcomes import judge
from kubetune.kube.objects import Job, Pod, Trial
from kubetune.record.verdict import Verdict
from tests.controller.builders import NOW, ago, make_pod, make_view
from tests.controller.pod_states import waiting
from tests.controller.specs import make_spec

NO_GPU = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
NO_IMAGE = 'Back-off pulling image "trainer:9"'
HOUR = 3600


def look(
    trial: Trial | None, job: Job | None, *pods: Pod, now: datetime = NOW, **fields: Any
) -> Verdict:
    return judge(make_view(trial, job, *pods), make_spec(**fields), rungs=(), now=now)


def unpullable(since: float, *, reason: str = "ImagePullBackOff") -> Pod:
    return make_pod(0, "Pending", waiting(reason, NO_IMAGE), started=ago(since), created=ago(since))
