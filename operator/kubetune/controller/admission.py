"""Whether a TuningJob may run now, as far as the cluster has a say; what it needs is made there.

Asked anew for each generation alone, unless what stands against it may pass by itself.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import TuningJobStatus
from kubetune.controller import acceptance
from kubetune.controller.access import Access
from kubetune.controller.claims import make_claim
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.parents import HEALING as PARENTS_HEALING
from kubetune.controller.parents import Parents
from kubetune.controller.refusal import Refusal
from kubetune.controller.snapshot import observe
from kubetune.kube.objects import ObjectKey
from kubetune.preflight import first_trial
from kubetune.record.status import is_accepted

HEALING_INTERVAL = timedelta(seconds=60)
"""When to ask again after a refusal that something other than the spec may lift."""

LEAVING_INTERVAL = timedelta(seconds=5)
"""When to ask again whether a claim that is being deleted is gone."""

_HEALING = (
    frozenset({"TemplateForbidden", "AccessNotGranted", "ClaimNotMade", "ClaimNameTaken"})
    | PARENTS_HEALING
)


def ask_again_after(refusal: Refusal | None) -> timedelta | None:
    """Return when to ask again though the spec stays; None if there is no use in it."""
    if refusal is None or refusal.reason not in _HEALING:
        return None
    is_leaving = refusal.waits and refusal.reason == "ClaimNameTaken"
    return LEAVING_INTERVAL if is_leaving else HEALING_INTERVAL


class Admission:
    """Finds what stands against running TuningJobs.

    Args:
        dependencies: What to work with.
        parents: Finds the jobs that a job begins with.
    """

    def __init__(self, dependencies: Dependencies, parents: Parents) -> None:
        self._with = dependencies
        self._parents = parents
        self._access = Access(dependencies.client, role_kind=dependencies.role_kind)

    async def refusal(
        self,
        key: ObjectKey,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        recorded: TuningJobStatus,
        now: datetime,
    ) -> Refusal | None:
        """Return why a job cannot be run; None, and all that its trials need, if it can.

        Raises:
            UnavailableError: The API server did not answer; ask again later.
        """
        if recorded.observed_generation == body["metadata"]["generation"]:
            if is_accepted(recorded):
                return await self._access.ensure(key.namespace, spec)
            known = Refusal(reason=recorded.reason or "", message=recorded.message or "")
            if ask_again_after(known) is None:
                return known
        refusal = acceptance.check_spec(spec)
        if refusal is not None:
            return refusal
        if recorded.start_time is None:
            return await self._of_a_new_run(key, body, spec, recorded, now)
        # Within a run the template cannot change; it was found good at the start.
        refusal = await self._access.grant(key.namespace, spec)
        return refusal or await make_claim(self._with.client, body, spec)

    async def _of_a_new_run(
        self,
        key: ObjectKey,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        recorded: TuningJobStatus,
        now: datetime,
    ) -> Refusal | None:
        """Return why a run that has not begun cannot begin."""
        refusal = self._run_id_used(key, body, spec) or self._parents.refusal(key, spec)
        if refusal is not None:
            return refusal
        noted = self._parents.present(key, spec)
        trial = first_trial(
            spec,
            namespace=key.namespace,
            tuning_job=key.name,
            uid=body["metadata"]["uid"],
            seed=recorded.seed or 0,
            now=now,
            parents=self._parents.inheritance(key, spec, noted).runs,
        )
        if trial is None:
            return None
        refusal = await acceptance.check_template(
            self._with.client, spec, trial, sidecar=self._with.sidecar, access=self._access
        )
        return refusal or await make_claim(self._with.client, body, spec)

    def _run_id_used(
        self, key: ObjectKey, body: Mapping[str, Any], spec: TuningJobSpec
    ) -> Refusal | None:
        """Return a refusal if a run that has not begun has trials: of an earlier run of that name.

        The API server's own rule knows the runs in status.previousRuns alone.
        """
        known = observe(
            body, trials=self._with.cluster.trials(key.namespace).by_index(key), jobs={}, pods={}
        ).trials
        if spec.run_id is None or not known:
            return None
        return Refusal(
            reason="RunIdUsed",
            message=f'spec.runId "{spec.run_id}" is the name of an earlier run of this job, whose '
            f"trials still have it, such as {known[0].trial.metadata.name}: set one that was not "
            "used before, or delete those trials",
        )
