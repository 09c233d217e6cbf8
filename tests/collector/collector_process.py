"""Runs the whole collector as a process of its own, against a scripted API server."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

SOURCE_ROOT = Path(__file__).parents[2] / "operator"
PATIENCE = 30.0

_DRIVER = """
import http.client, sys
sys.path.insert(0, {root!r})
from kubetune.collector.api import keep_alive
from kubetune.collector.main import run

def connect():
    connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout=20)
    connection.connect()
    keep_alive(connection)
    return connection

code = run(connect=connect, token=lambda: "token")
with open("/proc/self/status") as status:
    sys.stderr.write("".join(line for line in status if line.startswith("VmHWM")))
sys.exit(code)
"""


class CollectorProcess:
    """A collector that runs, with nothing but the standard library within its reach.

    Args:
        folder: For the termination message.
        port: Of the API server.
        collect: Differences from a plain Stdout configuration with objective ``acc``.
        environment: Further variables.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        collect: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.termination_log = folder / "termination-log"
        configuration = {"source": "Stdout", "container": "train", "objective": "acc"}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _DRIVER.format(root=str(SOURCE_ROOT), port=port)],
            env={
                "PATH": os.environ["PATH"],
                "KUBETUNE_NAMESPACE": "ns",
                "KUBETUNE_TRIAL": "t-1",
                "KUBETUNE_POD_NAME": "t-1-abcde",
                "KUBETUNE_COLLECT": json.dumps(configuration | dict(collect)),
                "KUBETUNE_TERMINATION_LOG": str(self.termination_log),
                **(environment or {}),
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def next_words(self) -> str:
        """Wait for the next line that it logs."""
        assert self._process.stderr is not None
        return self._process.stderr.readline()

    def terminate(self) -> None:
        """Send what the kubelet sends."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Wait for the end; return the exit code."""
        _, self.said = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode

    def last_words(self) -> dict[str, Any]:
        """Return the termination message."""
        words: dict[str, Any] = json.loads(self.termination_log.read_bytes())
        return words

    def peak_kib(self) -> int:
        """Return the peak resident memory in KiB, after the end."""
        (line,) = [line for line in self.said.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1])
