"""Reads a whole log from standard input, once: what a collector should have reported of it.

The operator runs this in a process of its own when a collector could not read or report to the end:
the API server was away for longer than a pod may take to end, or the collector itself was killed.
A log and a user's regular expressions are not to be trusted, so they stay out of the operator.

    python -m kubetune.collector.reread <LOG >LAST-WORDS    (KUBETUNE_COLLECT as in the sidecar)
"""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import BinaryIO

from kubetune.collector.collect import Collection
from kubetune.collector.guard import guarded
from kubetune.collector.parse import finder
from kubetune.collector.settings import SettingsError, read_settings

_PIECE = 64 * 1024


def run(environ: Mapping[str, str], log: BinaryIO, out: BinaryIO) -> int:
    """Write the last words that a collector would have left, with all observations.

    Args:
        environ: The environment variables; see `settings`.
        log: The container's log, each line with its stamp.
        out: Takes JSON as in `termination`, but of any length.

    Returns:
        The process's exit code: 0, or 1 after a bad setting.
    """
    try:
        settings = read_settings(environ)
    except SettingsError as error:
        _log(str(error))
        return 1
    find = finder(settings.metrics, settings.patterns)
    collection = Collection(
        settings,
        find=guarded(find, _log) if settings.patterns else find,
        now=lambda: datetime.now(UTC),  # noqa: TID251 (the rim: here clocks are made)
        on_report=lambda _urgent: None,
    )
    while piece := log.read(_PIECE):
        collection.feed(piece)
    collection.close()
    words = json.loads(collection.last_words(whole=True))
    words["observations"] = collection.series.observations()
    out.write(json.dumps(words, allow_nan=False, separators=(",", ":")).encode())
    out.flush()
    return 0


def _log(message: str) -> None:
    sys.stderr.write(f"{message}\n")


if __name__ == "__main__":
    sys.exit(run(os.environ, sys.stdin.buffer, sys.stdout.buffer))
