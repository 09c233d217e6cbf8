"""`python -m tests.cluster`."""

import sys

from tests.cluster.cli import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
