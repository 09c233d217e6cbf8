"""Jobs as the cluster would have recorded them: simulated, with times in whole seconds."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from kubetune.api import names
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.basis import Basis, basis_of, telling_levels
from kubetune.core.decision import Decision, Evidence, Promotion
from kubetune.core.trial import Observation, Trial
from kubetune.core.warm_start import ParentRun, make_parent
from kubetune.planner import decide
from kubetune.simulator.cluster import START
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Training
from kubetune.simulator.weather import CALM, Weather

JOB = "digits"


def stamp(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat().replace("+00:00", "Z")


@dataclass
class _Recorder:
    """Decides, and remembers what the operator would write down.

    Attributes:
        idles: How long a promotion is put off while others are launched.
    """

    created: dict[int, datetime] = field(default_factory=dict)
    bases: dict[int, Basis] = field(default_factory=dict)
    granted: dict[int, int | None] = field(default_factory=dict)
    evidence: dict[int, Evidence] = field(default_factory=dict)
    seen: dict[tuple[int, int], datetime] = field(default_factory=dict)
    reached: dict[tuple[int, int], datetime] = field(default_factory=dict)
    left: dict[tuple[int, int], datetime] = field(default_factory=dict)
    promotions: dict[tuple[int, int], Evidence] = field(default_factory=dict)
    ended: datetime | None = None
    starts: dict[int, set[datetime]] = field(default_factory=dict)
    parents: Sequence[ParentRun] = ()
    idles: timedelta = timedelta()
    due: dict[tuple[int, int], datetime] = field(default_factory=dict)

    def decide(
        self,
        spec: TuningJobSpec,
        trials: Sequence[Trial],
        *,
        seed: int,
        started_at: datetime,
        now: datetime,
    ) -> Decision:
        decision = decide(
            spec, trials, seed=seed, started_at=started_at, now=now, parents=self.parents
        )
        decision = self._without_idle_ones(decision, now)
        for trial in trials:
            if trial.started_at is not None:
                self.starts.setdefault(trial.index, set()).add(trial.started_at)
            for observation in trial.observations:
                self.seen.setdefault((trial.index, observation.step), now)
            for rung in trial.rungs:
                self.reached.setdefault((trial.index, rung.step), now)
        paused = {t.index: t.rungs[-1].step for t in trials if t.state is TrialState.PAUSED}
        for stop in decision.stop:
            self.evidence[stop.index] = stop.evidence
            if stop.index in paused:
                self.left[stop.index, paused[stop.index]] = now
        for promotion in decision.promote:
            place = promotion.index, paused[promotion.index]
            self.left[place], self.promotions[place] = now, promotion.evidence
        for suggestion in decision.launch:
            self.created[suggestion.index] = now
            self.granted[suggestion.index] = suggestion.resource
            self.bases[suggestion.index] = basis_of(
                trials, first=decision.launch[0].index, levels=telling_levels(spec)
            )
        self.ended = now if decision.outcome else None
        return decision

    def _without_idle_ones(self, decision: Decision, now: datetime) -> Decision:
        """Return the decision without the promotions that are put off."""
        promoted = [p for p in decision.promote if now - self._due(p, now) >= self.idles]
        if len(promoted) == len(decision.promote):
            return decision
        return replace(decision, promote=tuple(promoted), wake_after=timedelta(seconds=1))

    def _due(self, promotion: Promotion, now: datetime) -> datetime:
        return self.due.setdefault((promotion.index, promotion.evidence.step), now)


def record(
    spec: TuningJobSpec,
    training: Training,
    *,
    seed: int = 7,
    weather: Weather = CALM,
    with_basis: bool = True,
    parent: Sequence[dict[str, Any]] = (),
    idles: timedelta = timedelta(),
) -> list[dict[str, Any]]:
    """Return the TuningJob and its Trials, as `kubectl get -o json` gives them."""
    run = _inherited(spec, parent)
    recorder = _Recorder(parents=run, idles=idles)
    job = Simulation(spec, training, seed=seed, weather=weather, decide=recorder.decide)
    outcome = job.run()
    conditions = []
    if outcome is not None:
        conditions = [
            {
                "type": outcome.kind,
                "status": "True",
                "reason": outcome.reason,
                "message": outcome.message,
                "lastTransitionTime": stamp(recorder.ended or START),
            }
        ]
    best = job.incumbent
    body: dict[str, Any] = {
        "apiVersion": names.API_VERSION,
        "kind": "TuningJob",
        "metadata": {"name": JOB, "namespace": "team-a", "uid": "job-uid", "generation": 1},
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_none=True),
        "status": {
            "observedGeneration": 1,
            "seed": seed,
            "startTime": stamp(START),
            "conditions": conditions,
            **({} if recorder.ended is None else {"completionTime": stamp(recorder.ended)}),
        },
    }
    if best is not None:
        body["status"]["best"] = {
            "trial": f"{JOB}-{best.index}",
            "value": best.value,
            "parameters": dict(best.parameters),
        }
    if run:
        noted = {"tuningJob": "parent", "uid": "parent-uid", "trials": len(run[0].points)}
        body["status"]["warmStart"] = [noted]
    reason = "" if outcome is None else outcome.reason
    trials = [
        _trial(trial, recorder, spec, reason, with_basis=with_basis)
        for trial in job.trials.values()
    ]
    found: list[dict[str, Any]] = json.loads(json.dumps([body, *trials]))
    return found


def _inherited(spec: TuningJobSpec, parent: Sequence[dict[str, Any]]) -> list[ParentRun]:
    trials = [
        Trial(
            index=body["spec"]["index"],
            name=body["metadata"]["name"],
            parameters=body["spec"]["parameters"],
            state=TrialState(body["status"]["state"]),
            value=body["status"].get("value"),
        )
        for body in parent
    ]
    return [make_parent(spec, "parent", trials)] if trials else []


def as_parent(objects: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the Trials of a recorded job as those of the job `parent`."""
    owner = {"apiVersion": names.API_VERSION, "kind": "TuningJob", "name": "parent"}
    trials = json.loads(json.dumps(objects[1:]))
    for body in trials:
        metadata = body["metadata"]
        metadata["name"] = metadata["name"].replace(JOB, "parent")
        metadata["labels"] = {names.LABEL_TUNING_JOB: "parent"}
        metadata["ownerReferences"] = [{**owner, "uid": "parent-uid", "controller": True}]
    return list(trials)


def _rung(index: int, rung: Observation, recorder: _Recorder) -> dict[str, Any]:
    place = index, rung.step
    told: dict[str, Any] = {
        "step": rung.step,
        "value": rung.value,
        "time": stamp(recorder.reached[place]),
    }
    if place in recorder.left:
        told["leftTime"] = stamp(recorder.left[place])
    if place in recorder.promotions:
        told["promotion"] = asdict(recorder.promotions[place])
    return told


def _trial(
    trial: Trial, recorder: _Recorder, spec: TuningJobSpec, reason: str, *, with_basis: bool
) -> dict[str, Any]:
    index = trial.index
    status: dict[str, Any] = {
        "state": trial.state,
        "reason": reason if trial.state == "Stopped" else "",
        "attempts": len(recorder.starts.get(index, ())),
        "observations": [
            {
                "step": o.step,
                "time": stamp(recorder.seen.get((index, o.step), recorder.ended or START)),
                "metrics": {spec.objective.metric: o.value},
            }
            for o in trial.observations
        ],
    }
    if trial.value is not None:
        status["value"] = trial.value
    if trial.started_at is not None:
        status["startTime"] = stamp(trial.started_at)
    if trial.finished_at is not None:
        status["completionTime"] = stamp(trial.finished_at)
    if trial.gpu_seconds:
        status["gpuSeconds"] = trial.gpu_seconds
    if trial.rungs:
        status["rungs"] = [_rung(index, rung, recorder) for rung in trial.rungs]
    if trial.resource != recorder.granted[index]:
        status["resource"] = trial.resource
    if index in recorder.evidence:
        status["evidence"] = asdict(recorder.evidence[index])
    written: dict[str, Any] = {
        "index": index,
        "parameters": dict(trial.parameters),
        "resource": recorder.granted[index],
        "bracket": trial.bracket,
    }
    if with_basis:
        written["basis"] = asdict(recorder.bases[index])
    return {
        "apiVersion": names.API_VERSION,
        "kind": "Trial",
        "metadata": {
            "name": f"{JOB}-{index}",
            "namespace": "team-a",
            "labels": {names.LABEL_TUNING_JOB: JOB},
            "creationTimestamp": stamp(recorder.created[index]),
        },
        "spec": {key: value for key, value in written.items() if value is not None},
        "status": status,
    }
