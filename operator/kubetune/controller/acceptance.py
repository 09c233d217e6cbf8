"""Whether a TuningJob can be run: what the API server's own rules could not say, before any trial.

Placeholders, the size of a grid, and the template, which the API server judges itself in a dry run
of the first trial's Job: its complaint is passed on word for word.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubetune import planner
from kubetune.api import names
from kubetune.api.placeholders import check_placeholders
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.errors import AlreadyExistsError, ForbiddenError, InvalidError
from kubetune.kube.client import Client
from kubetune.kube.objects import ObjectKey
from kubetune.kube.paths import JOBS, ROLE_BINDINGS, SERVICE_ACCOUNTS
from kubetune.trialjob import TrialIdentity, build_trial_job, service_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a TuningJob is not run.

    Attributes:
        reason: One CamelCase word, the reason of `Accepted=False`.
        message: What is wrong and what to do.
        may_heal: True when something other than the spec may change it: worth another look.
    """

    reason: str
    message: str
    may_heal: bool = False


def check_spec(spec: TuningJobSpec) -> Refusal | None:
    """Return what can be said against a spec without asking the cluster; None if nothing."""
    faults = check_placeholders(spec)
    if faults:
        return Refusal(reason="InvalidPlaceholders", message="; ".join(str(f) for f in faults))
    problems = planner.check(spec)
    if problems:
        message = "; ".join(problem.message for problem in problems)
        return Refusal(reason=problems[0].reason, message=message)
    return _check_service_account(spec)


def _check_service_account(spec: TuningJobSpec) -> Refusal | None:
    named = spec.trial.template["spec"]["template"]["spec"].get("serviceAccountName")
    is_annotation = spec.metrics.source is MetricsSource.ANNOTATION
    if is_annotation and named not in (None, names.ANNOTATOR_SERVICE_ACCOUNT):
        return Refusal(
            reason="ServiceAccountNotAllowed",
            message=f"spec.trial.template: serviceAccountName {named!r} can't be used with metrics "
            f"source Annotation, because only {names.ANNOTATOR_SERVICE_ACCOUNT} may annotate pods: "
            "leave serviceAccountName out, or use source Stdout or File",
        )
    return None


async def dry_run(
    client: Client, spec: TuningJobSpec, trial: TrialIdentity, *, collector_image: str
) -> Refusal | None:
    """Return the API server's complaint about the first trial's Job; None if there is none.

    Raises:
        UnavailableError: The API server did not answer; ask again later.
    """
    job = build_trial_job(spec, trial, collector_image=collector_image)
    try:
        await client.create(JOBS.path(trial.namespace), job, dry_run=True)
    except AlreadyExistsError:
        # The trial runs: its Job passed all checks, which come before the name is looked at.
        return None
    except InvalidError as error:
        return Refusal(reason="TemplateRejected", message=f"spec.trial.template: {error.message}")
    except ForbiddenError as error:
        # A quota, an admission policy or a missing right: another look may find it changed.
        return Refusal(
            reason="TemplateForbidden",
            message=f"spec.trial.template: {error.message}",
            may_heal=True,
        )
    return None


async def grant_access(client: Client, namespace: str, spec: TuningJobSpec) -> None:
    """Give the trials' pods the rights to report, and no others: an account and its binding.

    Left in place for the namespace's next jobs. Safe to repeat.
    """
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
    await _create(
        client,
        ROLE_BINDINGS.path(namespace),
        {
            "apiVersion": ROLE_BINDINGS.api_version,
            "kind": "RoleBinding",
            "metadata": {"name": binding, "namespace": namespace, "labels": labels},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role,
            },
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    )


def first_trial(
    key: ObjectKey, spec: TuningJobSpec, uid: str, *, seed: int, now: datetime
) -> TrialIdentity | None:
    """Return the trial that the spec would begin with; None if it would begin with none.

    Args:
        key: The TuningJob.
        spec: Its spec; whether it is suspended does not matter here.
        uid: Stands for the UID that the Trial will have.
        seed: The job's seed.
        now: Passed on to the planner.
    """
    awake = spec.model_copy(update={"suspend": False, "stop": False})
    launch = planner.decide(awake, (), seed=seed, started_at=now, now=now).launch
    if not launch:
        return None
    return TrialIdentity(
        namespace=key.namespace,
        tuning_job=key.name,
        run_id=spec.run_id,
        name=names.trial_name(key.name, spec.run_id, launch[0].index),
        uid=uid,
        index=launch[0].index,
        parameters=launch[0].parameters,
        resource=launch[0].resource,
    )


async def _create(client: Client, path: str, body: dict[str, Any]) -> None:
    try:
        await client.create(path, body)
    except AlreadyExistsError:
        return
