"""The kubelet of the toy cluster: a pod starts, reports and ends as its trial's script says."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubetune.api.names import COLLECTOR_CONTAINER, LABEL_TRIAL
from kubetune.errors import NotFoundError
from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.fake_cluster import FakeApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a trial's training code does.

    Attributes:
        values: The objective at steps 1, 2, ...
        pace: Ticks for each step.
        exit_code: How it ends.
        last_words: The end of its log.
        ends: False for code that never ends by itself.
        is_heard: False when its collector reports nothing but its own last words.
        said: What these are.
    """

    values: tuple[float, ...] = (0.5,)
    pace: int = 1
    exit_code: int = 0
    last_words: str = ""
    ends: bool = True
    is_heard: bool = True
    said: str = ""


@dataclass(frozen=True, slots=True)
class Kubelet:
    """Lets pods live.

    Attributes:
        api: The cluster's API server.
        checkpoints: The last step that was saved in each directory of the checkpoint volume.
        steps_trained: Number of steps that all pods of each trial trained together.
    """

    api: FakeApi
    checkpoints: dict[str, int] = field(default_factory=dict)
    steps_trained: Counter[str] = field(default_factory=Counter)

    def advance(self, pod: dict[str, Any], script_of: Callable[[int], Script]) -> None:
        """One second of a pod's life; `script_of` gives the script of the trial of an index."""
        if is_over(pod) or is_terminating(pod):
            return
        trial = pod["metadata"]["labels"][LABEL_TRIAL]
        if pod["status"]["phase"] == "Pending":
            self._set(pod, phase="Running", train={"running": {"startedAt": self._time()}})
            self.api.update("pods", _key(pod), resumed=self.checkpoints.get(pod["directory"], 0))
            return
        try:
            index = self.api.find("trials", ObjectKey(NAMESPACE, trial))["spec"]["index"]
        except NotFoundError:
            return
        script = script_of(index)
        ticks = pod["ticks"] + 1
        self.api.update("pods", _key(pod), ticks=ticks)
        resumed, done = pod["resumed"], ticks // script.pace
        step, last = resumed + done, pod["until"] or len(script.values)
        if step <= min(last, len(script.values)):
            if script.is_heard:
                self._report(trial, script.values[:step], since=resumed)
            self.steps_trained[trial] += ticks % script.pace == 0
            if pod["directory"]:
                self.checkpoints[pod["directory"]] = step
        elif script.ends:
            self._end(pod, script)

    def disrupt(self, pod: dict[str, Any]) -> None:
        """Take a pod away."""
        told = {"type": "DisruptionTarget", "status": "True", "reason": "Preempted"}
        self._set(pod, phase="Failed", conditions=[told])

    def _end(self, pod: dict[str, Any], script: Script) -> None:
        (train,) = pod["status"]["containerStatuses"]
        end = {
            "exitCode": script.exit_code,
            "message": script.last_words,
            "startedAt": train["state"]["running"]["startedAt"],
            "finishedAt": self._time(),
        }
        phase = "Failed" if script.exit_code else "Succeeded"
        self.api.logs[pod["metadata"]["name"]] = script.last_words
        said = {"terminated": {"exitCode": 137, "message": script.said}}
        mute = None if script.is_heard else said
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
        self.api.update("pods", _key(pod), status=status)

    def _time(self) -> str:
        return self.api.now.isoformat()


def is_over(pod: Mapping[str, Any]) -> bool:
    return pod["status"]["phase"] in ("Succeeded", "Failed")


def is_terminating(pod: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _key(pod: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(NAMESPACE, pod["metadata"]["name"])
