"""All tests in one run: the fast tier at once, while the cluster comes up beside it, then the rest.

    python -m tests.all_tiers [PYTEST OPTIONS]

A cluster of our own is taken down again at the end, whatever happens; one that was up before stays.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from tests.cluster.layout import default_layout
from tests.cluster.status import describe
from tests.cluster.target import resolve_target

_FAST = "not apiserver and not cluster and not tools"
_SLOW = "apiserver or cluster or tools"


def main(options: Sequence[str]) -> int:
    """Run all tiers; return the worst exit code."""
    is_ours = resolve_target(os.environ).own
    was_up = is_ours and describe(default_layout())[0]
    up = [sys.executable, "-m", "tests.cluster", "up", "--images", "--tools"]
    bringing_up = subprocess.Popen(up)
    try:
        fast = _pytest("--numprocesses", "auto", "--dist", "worksteal", "-m", _FAST, *options)
        if bringing_up.wait() != 0:
            sys.stderr.write("error: no cluster; its tests did not run\n")
            return 1
        return max(fast, _pytest("-m", _SLOW, *options))
    finally:
        bringing_up.terminate()
        bringing_up.wait()
        if is_ours and not was_up:
            subprocess.run([sys.executable, "-m", "tests.cluster", "down", "--verify"], check=False)


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
