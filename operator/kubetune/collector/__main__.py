"""The sidecar's entry point: ``python3 -S -P .../kubetune/collector/__main__.py``.

As a script and without site packages (`-S`, and `-P` for this folder): the collector starts with
every trial, and `-m` alone would cost it a tenth of that. PYTHONPATH must name the source root.
"""

import os

from kubetune.collector.main import run

if __name__ == "__main__":
    # Everything is written and nothing is left to wait for; tidying up would take 6 ms of CPU.
    os._exit(run())
