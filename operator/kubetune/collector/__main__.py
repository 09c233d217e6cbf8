"""``python3 -m kubetune.collector``: the sidecar's entry point."""

import sys

from kubetune.collector.main import run

if __name__ == "__main__":
    sys.exit(run())
