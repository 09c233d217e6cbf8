"""The rest of a cluster around the fake API server: garbage collector, Job controller, kubelet.

Time passes by ticks of one second. A pod does what its trial's script says.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubetune.api.names import LABEL_TRIAL, LABEL_TUNING_JOB
from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAME, NAMESPACE, make_body
from tests.controller.fake_cluster import FakeApi, seconds
from tests.controller.toy_controllers import JobController, collect_garbage
from tests.controller.toy_kubelet import Kubelet, Script, is_over

KEY = ObjectKey(NAMESPACE, NAME)


@dataclass(kw_only=True)
class World:
    """A cluster in which TuningJobs live.

    Attributes:
        api: Its API server.
        script: Gives the script of the trial of an index.
        most_live_pods: The most pods that were live at the same moment, for each trial and in all.
        jobs_made: Number of Jobs that were ever made for each trial.
        nodes_answer: False while no kubelet ends what is deleted.
        collects_garbage: False while children outlive their owners.
    """

    api: FakeApi = field(default_factory=FakeApi)
    script: Callable[[int], Script] = lambda index: Script(values=(0.5 + index / 100,))
    most_live_pods: Counter[str] = field(default_factory=Counter)
    jobs_made: Counter[str] = field(default_factory=Counter)
    nodes_answer: bool = True
    collects_garbage: bool = True
    _seen_events: int = 0

    def __post_init__(self) -> None:
        self._jobs = JobController(self.api)
        self._kubelet = Kubelet(self.api)

    # What a user does.

    def submit(self, spec: Mapping[str, Any] | None = None) -> None:
        """Create the TuningJob."""
        self.api.create("tuningjobs", NAMESPACE, make_body(spec))

    def edit(self, **fields: Any) -> None:
        """Change fields of the TuningJob's spec."""
        self.api.patch("tuningjobs", KEY, None, {"spec": fields})

    def delete(self) -> None:
        """Delete the TuningJob."""
        self.api.remove("tuningjobs", KEY)

    # What is there.

    @property
    def job(self) -> dict[str, Any]:
        """The TuningJob."""
        return self.api.find("tuningjobs", KEY)

    @property
    def status(self) -> dict[str, Any]:
        """The TuningJob's status."""
        status: dict[str, Any] = self.job["status"]
        return status

    @property
    def trials(self) -> list[dict[str, Any]]:
        """All Trials, by index."""
        return sorted(self.api.all("trials"), key=lambda trial: int(trial["spec"]["index"]))

    @property
    def states(self) -> dict[str, str]:
        """State of each Trial by its name."""
        return {t["metadata"]["name"]: t["status"].get("state", "Pending") for t in self.trials}

    @property
    def steps_trained(self) -> Counter[str]:
        """Number of steps that all pods of each trial trained together."""
        return self._kubelet.steps_trained

    @property
    def checkpoints(self) -> dict[str, int]:
        """The last step that was saved in each directory of the checkpoint volume."""
        return self._kubelet.checkpoints

    @property
    def live_pods(self) -> list[str]:
        """Trial of each pod that may still run."""
        return [
            pod["metadata"]["labels"][LABEL_TRIAL]
            for pod in self.api.all("pods")
            if not is_over(pod)
        ]

    @property
    def conditions(self) -> dict[str, dict[str, Any]]:
        """Each condition of the TuningJob by its type."""
        return {found["type"]: found for found in self.status.get("conditions", [])}

    def condition(self, kind: str) -> str | None:
        """Status of a condition of the TuningJob."""
        return self.conditions.get(kind, {}).get("status")

    def is_finished(self) -> bool:
        """True when the job has ended and nothing of it runs."""
        return self.condition("Finished") == "True" and not self.live_pods

    # What others do.

    def tick(self) -> None:
        """Let one second pass."""
        self.api.now += seconds(1)
        if self.collects_garbage:
            collect_garbage(self.api, nodes_answer=self.nodes_answer)
        pods = self.api.all("pods")
        for job in self.api.all("jobs"):
            self._jobs.control(job)
        for pod in pods:
            self._kubelet.advance(pod, self.script)
        self._take_notes()

    def disrupt(self, trial: str) -> None:
        """Let the cluster take a trial's live pod away."""
        for pod in self.api.all("pods"):
            if pod["metadata"]["labels"][LABEL_TRIAL] == trial and not is_over(pod):
                self._kubelet.disrupt(pod)

    def delete_job_of(self, trial: str) -> None:
        """Let somebody delete a trial's Job."""
        self.api.remove("jobs", ObjectKey(NAMESPACE, trial))

    def _take_notes(self) -> None:
        for event in self.api.events[self._seen_events :]:
            if event.plural == "jobs" and event.type == "ADDED":
                self.jobs_made[event.object["metadata"]["name"]] += 1
        self._seen_events = len(self.api.events)
        live = self.live_pods
        for trial, number in Counter(live).items():
            self.most_live_pods[trial] = max(self.most_live_pods[trial], number)
        self.most_live_pods["*"] = max(self.most_live_pods["*"], len(live))


def is_ours(found: Mapping[str, Any]) -> bool:
    """True for what the operator's watches select."""
    return LABEL_TUNING_JOB in found["metadata"].get("labels", {})
