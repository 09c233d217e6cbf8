"""Reports metrics by an annotation of the pod that this runs in, with the standard library alone.

Kubetune's metrics source Annotation reads it: no sidecar, no port, no file. Copy this file beside
your own training code, or do the same in its language:

    PATCH /api/v1/namespaces/NAMESPACE/pods/POD
    {"metadata": {"annotations": {"kubetune.dev/metrics": TEXT}}}

where TEXT is JSON such as `[{"step": 3, "loss": 0.2}]`.
"""
# ruff: noqa: INP001, T201  beside a program of its own, whose standard error is for people

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

ANNOTATION = "kubetune.dev/metrics"
LONGEST = 4096
"""Characters of the annotation; older steps make room, the operator has read them long since."""

PERIOD = 1.0
"""Seconds between two patches: an epoch that takes less is reported with the next."""

ATTEMPTS = 8
"""Attempts for the last report, with pauses that double from a quarter of a second: 32 s."""

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

Send = Callable[[bytes], None]


class PodAnnotation:
    """The annotation of one pod. As a context manager it sends what is left at the end."""

    def __init__(
        self,
        send: Send,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a reporter.

        Args:
            send: Patches the pod with a JSON merge patch; raises OSError when it cannot.
            monotonic: Seconds that never go back.
            sleep: Waits that many seconds.
        """
        self._send = send
        self._monotonic = monotonic
        self._sleep = sleep
        self._reports: list[dict[str, float]] = []
        self._is_sent = True
        self._last = float("-inf")

    @classmethod
    def of_this_pod(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The reporter of the pod that this runs in, which Kubetune names in the environment."""
        host = environment["KUBERNETES_SERVICE_HOST"]
        port = environment["KUBERNETES_SERVICE_PORT"]
        namespace = environment["KUBETUNE_NAMESPACE"]
        pod = environment["KUBETUNE_POD_NAME"]
        address = f"[{host}]" if ":" in host else host
        url = f"https://{address}:{port}/api/v1/namespaces/{namespace}/pods/{pod}"
        context = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
        # From 3.13 on, Python also demands extensions that many clusters' own authorities lack.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

        def send(body: bytes) -> None:
            # Read anew each time: the kubelet renews the token.
            token = (_ACCOUNT / "token").read_text(encoding="ascii").strip()
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/merge-patch+json",
            }
            request = urllib.request.Request(url, data=body, headers=headers, method="PATCH")
            try:
                opener.open(request, timeout=10).close()
            except urllib.error.HTTPError as error:
                raise OSError(f"{error.code}: {error.read(1000).decode()}") from error

        return cls(send)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def report(self, metrics: dict[str, float]) -> None:
        """Take in the metrics of one step, and send them unless others were sent just now.

        A report that cannot be sent does not disturb the training: it goes with the next one.
        """
        self._reports.append(metrics)
        self._is_sent = False
        if self._monotonic() - self._last >= PERIOD:
            self._try()

    def close(self) -> None:
        """Send what has not been sent; what cannot be sent in half a minute is given up."""
        pause = 0.25
        for _ in range(ATTEMPTS - 1):
            if self._is_sent or self._try():
                return
            self._sleep(pause)
            pause *= 2
        self._try()

    def _try(self) -> bool:
        self._last = self._monotonic()
        self._reports = recent(self._reports)
        annotations = {ANNOTATION: json.dumps(self._reports)}
        try:
            self._send(json.dumps({"metadata": {"annotations": annotations}}).encode())
        except OSError as error:
            print(f"cannot annotate the pod: {error}", file=sys.stderr, flush=True)
        else:
            self._is_sent = True
        return self._is_sent


def recent(reports: list[dict[str, float]]) -> list[dict[str, float]]:
    """The last reports, as many as the annotation has room for."""
    kept = len(reports)
    while kept > 1 and len(json.dumps(reports[-kept:])) > LONGEST:
        kept -= 1
    return reports[-kept:]
