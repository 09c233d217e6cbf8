"""From a Trial to what is executed for it on this machine."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubetune import planner
from kubetune.api.faults import Fault
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.kube.objects import Trial
from kubetune.local.attempt import Command, Terms
from kubetune.local.output import sidecar_environment
from kubetune.local.rendering import Machine, Rendering, render
from kubetune.local.store import Store
from kubetune.local.world import World
from kubetune.preflight import first_trial
from kubetune.record.objects import identity_of
from kubetune.sidecar import Sidecar
from kubetune.trialjob.identity import TrialIdentity
from kubetune.trialjob.job import build_trial_job
from kubetune.trialjob.template import training_container

_CONTAINERS = "spec.trial.template.spec.template.spec.containers"
_SIDECAR = Sidecar(image="none")
_NOON = datetime(2000, 1, 1, 12, tzinfo=UTC)


class Workshop:
    """Knows how the trials of one job are executed.

    Args:
        world: The job.
        store: Where its directories are.
        machine: Where it runs.

    Attributes:
        first: The first trial, as it is executed.
        sidecar: Environment of the collector that the first trial would have in a cluster.
    """

    def __init__(self, world: World, store: Store, machine: Machine) -> None:
        self._spec = _readable(world.spec)
        self._name = str(world.body["metadata"]["name"])
        self._shared = str(store.directory / "volumes")
        self._machine = machine
        self._rungs = [rung.step for rung in planner.plan(world.spec).status.rungs]
        identity = first_trial(
            world.spec,
            namespace=str(world.body["metadata"]["namespace"]),
            tuning_job=self._name,
            uid=str(world.body["metadata"]["uid"]),
            seed=world.status.seed or 0,
            now=_NOON,
        )
        if identity is None:
            identity = identity_of(world.trials[0], self._name)
        job = self._job(identity)
        self.first = self._rendering(job, str(store.trial(identity.name) / "attempt-1"))
        self.sidecar = sidecar_environment(job)

    @property
    def terms(self) -> Terms:
        """What the template says about the life of processes."""
        return self.first.terms

    def command(self, trial: Trial, directory: str) -> Command:
        """Return what is executed for a trial, in an attempt's own directory."""
        return self._rendering(self._job(identity_of(trial, self._name)), directory).command

    def program(self) -> str | None:
        """Return the file that the command's first word means here; None if there is none."""
        command = self.first.command
        word = command.argv[0]
        if "/" in word:
            word = str(Path(command.directory) / word)
        return shutil.which(word, path=command.environment.get("PATH"))

    def _job(self, identity: TrialIdentity) -> Mapping[str, Any]:
        return build_trial_job(self._spec, identity, sidecar=_SIDECAR, rungs=self._rungs)

    def _rendering(self, job: Mapping[str, Any], directory: str) -> Rendering:
        return render(
            job,
            training_container(self._spec),
            self._machine,
            own=str(Path(directory) / "volumes"),
            shared=self._shared,
            metrics_path=self._spec.metrics.path,
        )


def missing_command(spec: TuningJobSpec) -> Fault | None:
    """Return what keeps a spec from being run on a machine; None if nothing does."""
    name = training_container(spec)
    containers = spec.trial.template["spec"]["template"]["spec"]["containers"]
    (place,) = (at for at, container in enumerate(containers) if container["name"] == name)
    if containers[place].get("command"):
        return None
    path = f"{_CONTAINERS}[{place}]"
    return Fault(
        path=path,
        message=f"{path} ({name}) has no command, so it runs what its image says, and kubetune run "
        "has no image: write the command of the image into it",
        rule="command-missing",
    )


def _readable(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the spec with metrics that can be read here: there are no annotations."""
    if spec.metrics.source is not MetricsSource.ANNOTATION:
        return spec
    metrics = spec.metrics.model_copy(update={"source": MetricsSource.STDOUT})
    return spec.model_copy(update={"metrics": metrics})
