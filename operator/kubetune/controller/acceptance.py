"""Whether a TuningJob can be run: what the API server's own rules could not say, before any trial.

What needs no cluster is asked of preflight. The template is judged by the API server itself in a
dry run of the first trial's Job: its complaint is passed on word for word.
"""

from dataclasses import dataclass
from typing import Any

from kubetune.api import names
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.controller.settings import RoleKind
from kubetune.errors import AlreadyExistsError, ForbiddenError, InvalidError
from kubetune.kube.client import Client
from kubetune.kube.paths import JOBS, PODS, ROLE_BINDINGS, SERVICE_ACCOUNTS
from kubetune.preflight import objections
from kubetune.sidecar import Sidecar
from kubetune.trialjob import TrialIdentity, build_trial_job, service_account

_USED_UP = "exceeded quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a TuningJob is not run.

    Attributes:
        reason: One CamelCase word, the reason of `Accepted=False`.
        message: What is wrong and what to do.
        waits: True for what is likely to pass by itself.
    """

    reason: str
    message: str
    waits: bool = False


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
    role_kind: RoleKind,
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
        refusal = await grant_access(client, trial.namespace, spec, role_kind=role_kind)
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


async def grant_access(
    client: Client, namespace: str, spec: TuningJobSpec, *, role_kind: RoleKind
) -> Refusal | None:
    """Give the trials' pods the rights to report, and no others: an account and its binding.

    Left in place for the namespace's next jobs. Safe to repeat.

    Returns:
        Why it could not be done; None if it was.
    """
    try:
        await _grant(client, namespace, spec, role_kind)
    except (ForbiddenError, InvalidError) as error:
        return Refusal(
            reason="AccessNotGranted",
            message=f"the trials' pods cannot be given the right to report: {error.message}",
        )
    return None


async def _grant(client: Client, namespace: str, spec: TuningJobSpec, role_kind: RoleKind) -> None:
    is_annotation = spec.metrics.source is MetricsSource.ANNOTATION
    account = service_account(spec)
    own = names.ANNOTATOR_SERVICE_ACCOUNT if is_annotation else names.TRIAL_SERVICE_ACCOUNT
    role = names.ANNOTATOR_ROLE if is_annotation else names.COLLECTOR_ROLE
    labels = {"app.kubernetes.io/managed-by": "kubetune"}
    if account == own:
        await _create(
            client,
            SERVICE_ACCOUNTS.path(namespace),
            {
                "apiVersion": SERVICE_ACCOUNTS.api_version,
                "kind": "ServiceAccount",
                "metadata": {"name": account, "namespace": namespace, "labels": labels},
                "automountServiceAccountToken": False,
            },
        )
    binding = role if account == own else f"{role}-{account}"
    if role_kind is RoleKind.ROLE:
        # A binding cannot be led to another role, and one to the other kind may be here already.
        binding += "-local"
    await _create(
        client,
        ROLE_BINDINGS.path(namespace),
        {
            "apiVersion": ROLE_BINDINGS.api_version,
            "kind": "RoleBinding",
            "metadata": {"name": binding, "namespace": namespace, "labels": labels},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": role_kind.value,
                "name": role,
            },
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    )


async def _create(client: Client, path: str, body: dict[str, Any]) -> None:
    try:
        await client.create(path, body)
    except AlreadyExistsError:
        return
