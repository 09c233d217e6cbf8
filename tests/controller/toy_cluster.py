"""The rest of a cluster around the fake API server: garbage collector, Job controller, kubelet.

Time passes by ticks of one second. A pod does what its trial's script says.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubetune.api.names import (
    ANNOTATION_RESOURCE,
    COLLECTOR_CONTAINER,
    LABEL_TRIAL,
    LABEL_TUNING_JOB,
)
from kubetune.errors import NotFoundError
from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAME, NAMESPACE, make_body
from tests.controller.fake_cluster import FakeApi, seconds

KEY = ObjectKey(NAMESPACE, NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a trial's training code does.

    Attributes:
        values: The objective at steps 1, 2, ...
        pace: Ticks for each step.
        exit_code: How it ends.
        last_words: The end of its log.
        ends: False for code that never ends by itself.
        is_heard: False when its collector reports nothing and leaves no words.
    """

    values: tuple[float, ...] = (0.5,)
    pace: int = 1
    exit_code: int = 0
    last_words: str = ""
    ends: bool = True
    is_heard: bool = True


@dataclass(kw_only=True)
class World:
    """A cluster in which TuningJobs live.

    Attributes:
        api: Its API server.
        script: Gives the script of the trial of an index.
        most_live_pods: The most pods that were live at the same moment, for each trial and in all.
        jobs_made: Number of Jobs that were ever made for each trial.
        checkpoints: The last step that was saved in each directory of the checkpoint volume.
        steps_trained: Number of steps that all pods of each trial trained together.
        nodes_answer: False while no kubelet ends what is deleted.
        collects_garbage: False while children outlive their owners.
    """

    api: FakeApi = field(default_factory=FakeApi)
    script: Callable[[int], Script] = lambda index: Script(values=(0.5 + index / 100,))
    most_live_pods: Counter[str] = field(default_factory=Counter)
    jobs_made: Counter[str] = field(default_factory=Counter)
    checkpoints: dict[str, int] = field(default_factory=dict)
    steps_trained: Counter[str] = field(default_factory=Counter)
    nodes_answer: bool = True
    collects_garbage: bool = True
    _pod_number: int = 0
    _seen_events: int = 0

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
    def live_pods(self) -> list[str]:
        """Trial of each pod that may still run."""
        return [
            pod["metadata"]["labels"][LABEL_TRIAL]
            for pod in self.api.all("pods")
            if not _is_over(pod)
        ]

    def condition(self, kind: str) -> str | None:
        """Status of a condition of the TuningJob."""
        conditions = self.status.get("conditions", [])
        return next((c["status"] for c in conditions if c["type"] == kind), None)

    def is_finished(self) -> bool:
        """True when the job has ended and nothing of it runs."""
        return self.condition("Finished") == "True" and not self.live_pods

    # What others do.

    def tick(self) -> None:
        """Let one second pass."""
        self.api.now += seconds(1)
        if self.collects_garbage:
            self._collect_garbage()
        pods = self.api.all("pods")
        for job in self.api.all("jobs"):
            self._control(job)
        for pod in pods:
            self._advance(pod)
        self._take_notes()

    def disrupt(self, trial: str) -> None:
        """Let the cluster take a trial's live pod away."""
        for pod in self._pods_of(trial):
            if not _is_over(pod):
                told = {"type": "DisruptionTarget", "status": "True", "reason": "Preempted"}
                self._set(pod, phase="Failed", conditions=[told])

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

    def _collect_garbage(self) -> None:
        uids = {
            found["metadata"]["uid"] for kind in self.api.objects for found in self.api.all(kind)
        }
        for plural in ("pods", "jobs", "trials"):
            for child in self.api.all(plural):
                metadata = child["metadata"]
                owners = metadata.get("ownerReferences", [])
                if not owners or any(owner["uid"] in uids for owner in owners):
                    continue
                key = ObjectKey(NAMESPACE, metadata["name"])
                if plural == "pods" and not _is_over(child) and not _is_terminating(child):
                    # Its containers get their grace period: one tick.
                    stamp = {"deletionTimestamp": self.api.now.isoformat()}
                    self.api.update(plural, key, metadata=stamp)
                elif plural != "pods" or _is_over(child) or self.nodes_answer:
                    self.api.remove(plural, key)

    def _control(self, job: dict[str, Any]) -> None:
        """One look of the Job controller, for Jobs of one pod and no retries."""
        metadata, status = job["metadata"], job["status"]
        if job["spec"].get("suspend") or status.get("conditions"):
            return
        key = ObjectKey(NAMESPACE, metadata["name"])
        own = [p for p in self.api.all("pods") if _owner(p) == metadata["uid"]]
        counted = [pod for pod in own if not _is_disrupted(pod)]
        if not own:
            self.api.update("jobs", key, status={"startTime": self.api.now.isoformat()})
        phases = {pod["status"]["phase"] for pod in counted}
        for phase, kind in (("Succeeded", "Complete"), ("Failed", "Failed")):
            if phase in phases:
                end = {"type": kind, "status": "True", "reason": "BackoffLimitExceeded"}
                self.api.update("jobs", key, status={"conditions": [end]})
                return
        if not counted:
            self._make_pod(job)

    def _make_pod(self, job: dict[str, Any]) -> None:
        self._pod_number += 1
        metadata = job["metadata"]
        self.api.create(
            "pods",
            NAMESPACE,
            {
                "metadata": {
                    "name": f"{metadata['name']}-{self._pod_number:05}",
                    "labels": job["spec"]["template"]["metadata"]["labels"],
                    "ownerReferences": [
                        {
                            "apiVersion": "batch/v1",
                            "kind": "Job",
                            "name": metadata["name"],
                            "uid": metadata["uid"],
                            "controller": True,
                        }
                    ],
                },
                "status": {"phase": "Pending"},
                "ticks": 0,
                "directory": _checkpoint_directory(job),
                "until": int(metadata.get("annotations", {}).get(ANNOTATION_RESOURCE, 0)),
            },
        )

    def _advance(self, pod: dict[str, Any]) -> None:
        """One second of a pod's life."""
        if _is_over(pod) or _is_terminating(pod):
            return
        trial = pod["metadata"]["labels"][LABEL_TRIAL]
        if pod["status"]["phase"] == "Pending":
            self._set(pod, phase="Running", train={"running": {"startedAt": self._time()}})
            key = ObjectKey(NAMESPACE, pod["metadata"]["name"])
            self.api.update("pods", key, resumed=self.checkpoints.get(pod["directory"], 0))
            return
        try:
            index = self.api.find("trials", ObjectKey(NAMESPACE, trial))["spec"]["index"]
        except NotFoundError:
            return
        script = self.script(index)
        ticks = pod["ticks"] + 1
        self.api.update("pods", ObjectKey(NAMESPACE, pod["metadata"]["name"]), ticks=ticks)
        resumed, done = pod["resumed"], ticks // script.pace
        step, last = resumed + done, pod["until"] or len(script.values)
        if step <= min(last, len(script.values)):
            if script.is_heard:
                self._report(trial, script.values[:step], since=resumed)
            self.steps_trained[trial] += ticks % script.pace == 0
            if pod["directory"]:
                self.checkpoints[pod["directory"]] = step
        elif script.ends:
            end = {
                "exitCode": script.exit_code,
                "message": script.last_words,
                "startedAt": self._time(),
                "finishedAt": self._time(),
            }
            phase = "Failed" if script.exit_code else "Succeeded"
            self.api.logs[pod["metadata"]["name"]] = script.last_words
            mute = None if script.is_heard else {"terminated": {"exitCode": 137}}
            self._set(pod, phase=phase, train={"terminated": end}, collector=mute)

    def _report(self, trial: str, values: tuple[float, ...], *, since: int) -> None:
        """Report as the collector does: all that this pod printed, whatever the operator wrote."""
        observations = [
            {"step": step, "time": self._time(), "metrics": {"accuracy": value}}
            for step, value in enumerate(values, start=1)
            if step > since
        ]
        key = ObjectKey(NAMESPACE, trial)
        self.api.patch("trials", key, "status", {"status": {"observations": observations}})

    def _set(
        self,
        pod: dict[str, Any],
        *,
        phase: str,
        train: Mapping[str, Any] | None = None,
        collector: Mapping[str, Any] | None = None,
        conditions: list[dict[str, Any]] | None = None,
    ) -> None:
        status: dict[str, Any] = {"phase": phase}
        if train is not None:
            status["containerStatuses"] = [{"name": "train", "state": train}]
        if collector is not None:
            status["initContainerStatuses"] = [{"name": COLLECTOR_CONTAINER, "state": collector}]
        if conditions is not None:
            status["conditions"] = conditions
        self.api.update("pods", ObjectKey(NAMESPACE, pod["metadata"]["name"]), status=status)

    def _pods_of(self, trial: str) -> list[dict[str, Any]]:
        return [p for p in self.api.all("pods") if p["metadata"]["labels"][LABEL_TRIAL] == trial]

    def _time(self) -> str:
        return self.api.now.isoformat()


def is_ours(found: Mapping[str, Any]) -> bool:
    """True for what the operator's watches select."""
    return LABEL_TUNING_JOB in found["metadata"].get("labels", {})


def _checkpoint_directory(job: Mapping[str, Any]) -> str:
    """The directory of the checkpoint volume that a Job's training sees; "" without one."""
    mounts = job["spec"]["template"]["spec"]["containers"][0].get("volumeMounts", [])
    return next((mount["subPath"] for mount in mounts if "subPath" in mount), "")


def _is_over(pod: Mapping[str, Any]) -> bool:
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def _is_terminating(pod: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _is_disrupted(pod: Mapping[str, Any]) -> bool:
    return bool(pod["status"].get("conditions"))


def _owner(pod: Mapping[str, Any]) -> str:
    uid: str = pod["metadata"]["ownerReferences"][0]["uid"]
    return uid
