"""The rights of trials' pods: to report, and no others. An account and its binding."""

from typing import Any

from kubetune.api import names
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.controller.refusal import Refusal
from kubetune.controller.settings import RoleKind
from kubetune.errors import AlreadyExistsError, ForbiddenError, InvalidError
from kubetune.kube.client import Client
from kubetune.kube.paths import ROLE_BINDINGS, SERVICE_ACCOUNTS
from kubetune.trialjob.template import service_account


class Access:
    """Gives rights in the namespaces of TuningJobs; they are left in place for the next jobs.

    What this process has given it remembers: an upgrade may have put Roles in the place of
    ClusterRoles, to which the bindings of jobs that were accepted before it do not lead.
    """

    def __init__(self, client: Client, *, role_kind: RoleKind) -> None:
        self._client = client
        self._role_kind = role_kind
        self._given: set[tuple[str, str, MetricsSource]] = set()

    async def ensure(self, namespace: str, spec: TuningJobSpec) -> Refusal | None:
        """Give the rights unless this process did; return why it could not be done."""
        if (namespace, service_account(spec), spec.metrics.source) in self._given:
            return None
        return await self.grant(namespace, spec)

    async def grant(self, namespace: str, spec: TuningJobSpec) -> Refusal | None:
        """Give the rights; return why it could not be done. Safe to repeat."""
        try:
            await _give(self._client, namespace, spec, self._role_kind)
        except (ForbiddenError, InvalidError) as error:
            return Refusal(
                reason="AccessNotGranted",
                message=f"the trials' pods cannot be given the right to report: {error.message}",
            )
        self._given.add((namespace, service_account(spec), spec.metrics.source))
        return None


async def _give(client: Client, namespace: str, spec: TuningJobSpec, role_kind: RoleKind) -> None:
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
