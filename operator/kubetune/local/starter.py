"""Becomes a trial's process: run as a program of its own, it reads an order and executes it.

The order, one JSON object, comes on standard input, and only after the caller has written down
which process this is. If the caller dies before, the order ends too soon and nothing is executed.
So no trial ever runs in a process that nobody knows of. Standard library alone, and as little as
possible: it runs once for every attempt.
"""

import json
import os
import signal
import sys


def main(complaints: int) -> int:
    """Read the order and become what it says.

    Args:
        complaints: Descriptor that takes a line when that is impossible; closed by success.

    Returns:
        An exit code, if it comes to that.
    """
    try:
        order = json.loads(sys.stdin.buffer.read())
    except ValueError:
        return 1
    os.set_inheritable(complaints, False)  # noqa: FBT003  the system's own signature
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and what is executed would inherit
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    argv = order["argv"]
    try:
        os.chdir(order["directory"])
        os.execvpe(argv[0], argv, order["environment"])  # noqa: S606  no shell is wanted
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        os.write(complaints, f"cannot start {argv[0]!r}: {reason}".encode())
    return 127


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
