"""Whether a TuningJob can be run: what the API server's own rules could not say, before any trial.

What needs no cluster is asked of preflight. The template is judged by the API server itself in a
dry run of the first trial's Job: its complaint is passed on word for word.
"""

from typing import Any

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.access import Access
from kubetune.controller.refusal import Refusal
from kubetune.errors import AlreadyExistsError, ForbiddenError, InvalidError
from kubetune.kube.client import Client
from kubetune.kube.paths import JOBS, PODS
from kubetune.preflight import objections
from kubetune.sidecar import Sidecar
from kubetune.trialjob.identity import TrialIdentity
from kubetune.trialjob.job import build_trial_job

_USED_UP = "exceeded quota"


def check_spec(spec: TuningJobSpec) -> Refusal | None:
    """Return what can be said against a spec without asking the cluster; None if nothing."""
    found = list(objections(spec))
    if not found:
        return None
    return Refusal(reason=found[0].reason, message="; ".join(o.message for o in found))


async def check_template(
    client: Client,
    spec: TuningJobSpec,
    trial: TrialIdentity,
    *,
    sidecar: Sidecar,
    access: Access,
) -> Refusal | None:
    """Let the API server judge the first trial's Job and its pod, and give the pods their rights.

    The pod is asked about as well: what a namespace does not admit would otherwise show only on
    the Job, as pods that never come.

    Returns:
        The API server's complaint; None if there is none.

    Raises:
        UnavailableError: The API server did not answer; ask again later.
    """
    try:
        job = build_trial_job(spec, trial, sidecar=sidecar)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Refusal(
            reason="TemplateRejected",
            message=f"spec.trial.template is not a batch/v1 JobTemplateSpec: {error}; compare it "
            "with kubectl explain cronjob.spec.jobTemplate",
        )
    said = spec.trial.template["spec"].get("ttlSecondsAfterFinished")
    if said is not None:
        # Set after the trial's end only, and judged with the rest all the same.
        job["spec"]["ttlSecondsAfterFinished"] = said
    refusal = await _dry_run(client, JOBS.path(trial.namespace), job)
    if refusal is None:
        # Before the pod, which is not admitted without its account.
        refusal = await access.grant(trial.namespace, spec)
    if refusal is None:
        template = job["spec"]["template"]
        pod = {
            "apiVersion": PODS.api_version,
            "kind": "Pod",
            "metadata": {**template["metadata"], "name": trial.name},
            "spec": template["spec"],
        }
        refusal = await _dry_run(client, PODS.path(trial.namespace), pod)
    return refusal


async def _dry_run(client: Client, path: str, body: dict[str, Any]) -> Refusal | None:
    try:
        await client.create(path, body, dry_run=True)
    except AlreadyExistsError:
        # The trial runs: its Job passed all checks, which come before the name is looked at.
        return None
    except InvalidError as error:
        return Refusal(reason="TemplateRejected", message=f"spec.trial.template: {error.message}")
    except ForbiddenError as error:
        if _USED_UP in error.message:
            # Says nothing about the template: trials wait for their turn.
            return None
        return Refusal(reason="TemplateForbidden", message=f"spec.trial.template: {error.message}")
    return None
