"""Reports metrics by an annotation of the pod that this runs in, with the standard library alone.

Kubetune's metrics source Annotation reads it: no sidecar, no port, no file. Copy this file beside
your own training code, or do the same in its language:

    PATCH /api/v1/namespaces/NAMESPACE/pods/POD
    {"metadata": {"annotations": {"kubetune.dev/metrics": TEXT}}}

where TEXT is JSON such as `[{"step": 3, "loss": 0.2}]`.

What takes long to load is loaded by the thread that sends, so that the training starts at once.
"""
# ruff: noqa: INP001, T201  beside a program of its own, whose standard error is for people
# ruff: noqa: PLC0415  what the thread loads

import os
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

ANNOTATION = "kubetune.dev/metrics"
LONGEST = 4096
"""Characters of the annotation; older steps make room, the operator has read them long since."""

MOST = LONGEST // len('{"a": 1}, ')
"""More reports than these have no room."""

PERIOD = 1.0
"""Seconds between two patches: an epoch that takes less is reported with the next."""

ATTEMPTS = 8
"""Attempts for the last report, with pauses that double from a quarter of a second: 32 s."""

_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class PodAnnotation:
    """The annotation of one pod. As a context manager it sends what is left at the end.

    A thread of its own sends while the training goes on: nothing waits for the API server.
    """

    def __init__(
        self,
        connect: "Callable[[], PodPatcher]",
        *,
        period: float = PERIOD,
        sleep: "Callable[[float], None]" = time.sleep,
    ) -> None:
        """Make a reporter.

        Args:
            connect: Called once, by the thread that sends.
            period: Seconds between two patches while the training runs.
            sleep: Waits that many seconds between two attempts in the end.
        """
        self._connect = connect
        self._period = period
        self._sleep = sleep
        self._patcher: PodPatcher | None = None
        # A report makes a new list, so that the same list holds the same reports.
        self._reports: list[dict[str, float]] = []
        self._tried = self._sent = self._reports
        self._is_closing = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._send_in_turn, daemon=True)
        self._thread.start()

    @classmethod
    def of_this_pod(cls, environment: "Mapping[str, str]" = os.environ) -> "Self":
        """The reporter of the pod that this runs in, which Kubetune names in the environment."""
        host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
        namespace, pod = environment["KUBETUNE_NAMESPACE"], environment["KUBETUNE_POD_NAME"]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}"
        return cls(lambda: PodPatcher(host, int(port), path, account=_ACCOUNT))

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def report(self, metrics: dict[str, float]) -> None:
        """Take in the metrics of one step, to be sent unless others were sent just now.

        A report that cannot be sent does not disturb the training: it goes with the next one.
        """
        with self._change:
            self._reports = [*self._reports[1 - MOST :], metrics]
            self._change.notify()

    def close(self) -> None:
        """Send what has not been sent; what cannot be sent in half a minute is given up."""
        with self._change:
            self._is_closing = True
            self._change.notify()
        self._thread.join()
        self._send_the_rest()
        if self._patcher is not None:
            self._patcher.close()

    def _send_the_rest(self) -> None:
        pause = 0.25
        for _ in range(ATTEMPTS - 1):
            if self._sent is self._reports or self._try():
                return
            self._sleep(pause)
            pause *= 2
        self._try()

    def _send_in_turn(self) -> None:
        """Send what is new, once per period, until the reporter is closed."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._reports is not self._tried or self._is_closing)
                if self._is_closing:
                    return
            self._try()
            with self._change:
                self._change.wait_for(lambda: self._is_closing, timeout=self._period)

    def _try(self) -> bool:
        reports = self._tried = self._reports
        try:
            if self._patcher is None:
                self._patcher = self._connect()
            self._patcher.send(merge_patch(reports))
        except OSError as error:
            print(f"cannot annotate the pod: {error}", file=sys.stderr, flush=True)
            return False
        self._sent = reports
        return True


def merge_patch(reports: list[dict[str, float]]) -> bytes:
    """The annotation with the last reports, as many as it has room for and one at least."""
    import json

    room, kept = LONGEST, 0
    for report in reversed(reports):
        room -= len(json.dumps(report)) + len(", ")
        if kept and room < 0:
            break
        kept += 1
    annotations = {ANNOTATION: json.dumps(reports[-kept:])}
    return json.dumps({"metadata": {"annotations": annotations}}).encode()


class PodPatcher:
    """Patches one object of the API server, over one connection that is kept."""

    def __init__(self, host: str, port: int, path: str, *, account: str) -> None:
        """Connect to nothing yet.

        Args:
            host: Of the API server, a name or an address.
            port: Of the API server.
            path: Of the object.
            account: The folder with the service account's `ca.crt` and `token`.
        """
        import http.client
        import ssl

        context = ssl.create_default_context(cafile=f"{account}/ca.crt")
        # From 3.13 on, Python also demands extensions that many clusters' own authorities lack.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._connection = http.client.HTTPSConnection(host, port, context=context, timeout=10)
        self._faults = (OSError, http.client.HTTPException)
        self._path = path
        self._account = account

    def send(self, body: bytes) -> None:
        """Send a JSON merge patch; raise OSError when it is not taken."""
        was_open = self._connection.sock is not None
        try:
            try:
                status, answer = self._ask(body)
            except self._faults:
                if not was_open:
                    raise
                # Closed at the other end while nothing was to be sent: no trouble.
                status, answer = self._ask(body)
        except self._faults as error:
            raise OSError(f"{type(error).__name__}: {error}") from error
        if status >= 300:  # noqa: PLR2004  no success
            raise OSError(f"{status}: {answer[:1000].decode(errors='replace')}")

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        # Read anew each time: the kubelet renews the token.
        with open(f"{self._account}/token", encoding="ascii") as file:  # noqa: PTH123  pathlib takes long
            token = file.read().strip()
        content_type = "application/merge-patch+json"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
        try:
            self._connection.request("PATCH", self._path, body=body, headers=headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except self._faults:
            self._connection.close()  # the next request opens it anew
            raise
