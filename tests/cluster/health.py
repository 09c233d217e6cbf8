"""Ask a component whether it is well, and wait until it says so."""

import ssl
import time
import urllib.error
import urllib.request
from typing import Final

from tests.cluster.commands import last_lines
from tests.cluster.components import HEALTH_URLS
from tests.cluster.containerd import ctr
from tests.cluster.errors import BringUpError
from tests.cluster.layout import Layout
from tests.cluster.processes import is_alive, read_record

POLL_SECONDS: Final = 0.1


def is_healthy(layout: Layout, name: str) -> bool:
    """Whether component `name` answers its health check; one without any counts as healthy."""
    if name == "containerd":
        try:
            ctr(layout, "version", timeout_seconds=10)
        except BringUpError:
            return False
        return True
    url = HEALTH_URLS.get(name)
    return url is None or _answers(url)


def await_healthy(layout: Layout, name: str, *, seconds: float = 60) -> None:
    """Wait until component `name` is healthy.

    Raises:
        BringUpError: it ended, or was not healthy in time; the message carries its last words.
    """
    deadline = time.monotonic() + seconds
    while not is_healthy(layout, name):
        record = read_record(layout.processes, name)
        alive = record is not None and is_alive(record)
        if not alive or time.monotonic() > deadline:
            verdict = f"is not healthy after {seconds:.0f} s" if alive else "ended"
            log = layout.logs / f"{name}.log"
            raise BringUpError(
                f"{name} {verdict}; the end of {log}:\n"
                f"{last_lines(log.read_text(errors='replace'))}"
            )
        time.sleep(POLL_SECONDS)


def _answers(url: str) -> bool:
    # Health says nothing secret, and some components sign their own certificate.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
