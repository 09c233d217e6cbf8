"""Prometheus metrics. No label holds a name, so their number does not grow with the objects."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kubetune.api.trial import TrialState
from kubetune.kube.objects import Trial

_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The operator's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.trials = Counter(
            "kubetune_trials_total",
            "Trials that entered a state.",
            ["state"],
            registry=self.registry,
        )
        for state in TrialState:
            # A counter that begins at 1 has not increased, for Prometheus.
            self.trials.labels(state.value)
        self.decisions = Counter(
            "kubetune_decisions_total",
            "Decisions: launch, stop, end.",
            ["kind", "reason"],
            registry=self.registry,
        )
        self.decide_seconds = Histogram(
            "kubetune_decide_seconds",
            "Time that the planner took for one decision.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.suggestion_seconds = Histogram(
            "kubetune_suggestion_seconds",
            "Time that the planner took for one suggestion, of those that it made together.",
            ["strategy"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.observation_lag_seconds = Histogram(
            "kubetune_observation_lag_seconds",
            "From the moment at which the collector saw an observation to ours.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.gpu_seconds_used = Counter(
            "kubetune_gpu_seconds_used_total",
            "GPUs times seconds of attempts, counted when an attempt ends.",
            registry=self.registry,
        )
        self.gpu_seconds_saved = Counter(
            "kubetune_gpu_seconds_saved_total",
            "About what early stopping saved of them, counted when a TuningJob ends.",
            registry=self.registry,
        )
        self.reconcile_seconds = Histogram(
            "kubetune_reconcile_seconds",
            "Time of one look at one TuningJob.",
            ["result"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.requests = Counter(
            "kubetune_api_requests_total",
            "Requests to the API server; code 0 where no answer came.",
            ["verb", "resource", "code"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "kubetune_api_request_seconds",
            "Time until the API server answered.",
            ["verb"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.is_leader = Gauge(
            "kubetune_is_leader",
            "1 while this process holds the lease.",
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "kubetune_queue_depth",
            "TuningJobs that wait for a worker.",
            registry=self.registry,
        )

    def follow(self, queue_depth: Callable[[], float]) -> None:
        """Read the depth of the queue whenever the metrics are."""
        self.queue_depth.set_function(queue_depth)

    def count_decision(self, strategy: str, suggestions: int, seconds: float) -> None:
        """Count what one decision took, and what each of its suggestions did."""
        self.decide_seconds.observe(seconds)
        for _ in range(suggestions):
            self.suggestion_seconds.labels(strategy).observe(seconds / suggestions)

    def count_trial_change(self, old: Trial, new: Trial, now: datetime) -> None:
        """Count what a change of a trial tells: GPU-seconds, and how late a report came here.

        The clock of the pod that reported may differ from ours.
        """
        used = (new.status.gpu_seconds or 0.0) - (old.status.gpu_seconds or 0.0)
        self.gpu_seconds_used.inc(max(used, 0.0))
        if _has_news(old, new):
            seen_at = new.status.observations[-1].time
            if seen_at is not None:
                self.observation_lag_seconds.observe(max((now - seen_at).total_seconds(), 0.0))

    def count_job_change(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Count what early stopping saved, once, when a run ends: before, it is a guess."""
        if _has_ended(new) and not _has_ended(old):
            hours = (new["status"].get("gpuHours") or {}).get("saved") or 0.0
            self.gpu_seconds_saved.inc(hours * 3600)

    def count_request(self, verb: str, resource: str, code: int, seconds: float) -> None:
        """Count a request to the API server."""
        self.requests.labels(verb, resource, code).inc()
        self.request_seconds.labels(verb).observe(seconds)


def _has_news(old: Trial, new: Trial) -> bool:
    seen, reported = old.status.observations, new.status.observations
    return bool(reported) and (not seen or reported[-1].step > seen[-1].step)


def _has_ended(body: Mapping[str, Any]) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Finished" and c.get("status") == "True" for c in conditions)
