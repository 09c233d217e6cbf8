"""Run other programs: quietly when they work, with their own last words when they do not."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.cluster.errors import BringUpError
from tests.cluster.progress import LONG_STEP_INTERVAL, Reporter

SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Debian keeps iptables and runc in sbin, which is not on everyone's PATH."""

LAST_LINES: Final = 15


def system_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The caller's environment with the system folders on the PATH.

    Python's own settings are left out: they are meant for this process, not for its children.
    """
    kept = {name: value for name, value in environment.items() if not name.startswith("PYTHON")}
    kept["PATH"] = f"{environment.get('PATH', '')}:{SYSTEM_PATH}"
    return kept


def run(
    argv: Sequence[str | Path], *, stdin: str | None = None, timeout_seconds: float = 120
) -> str:
    """Run a short command and return what it printed.

    Raises:
        BringUpError: it failed, is not installed or took longer than `timeout_seconds`.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_seconds,
            env=system_environment(),
        )
    except FileNotFoundError as missing:
        raise BringUpError(f"{words[0]} is not installed") from missing
    except subprocess.TimeoutExpired as late:
        raise BringUpError(f"{' '.join(words)}: no end after {timeout_seconds:.0f} s") from late
    if done.returncode != 0:
        raise BringUpError(
            f"{' '.join(words)} failed with exit code {done.returncode}:\n"
            f"{last_lines(done.stderr or done.stdout)}"
        )
    return done.stdout


def run_long(
    argv: Sequence[str | Path],
    *,
    doing: str,
    log: Path,
    reporter: Reporter,
    describe: Callable[[int, str], str],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a command that takes minutes: its output goes to `log`, progress to the reporter.

    `doing` names the step in an error. `describe(lines, last_line)` turns how far the output has
    come into a few words; it is asked every 15 seconds.

    Raises:
        BringUpError: it failed; the message carries the end of the log.
    """
    words = [str(word) for word in argv]
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    finished = threading.Event()
    with log.open("w") as output:
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment or system_environment()),
            )
        except FileNotFoundError as missing:
            raise BringUpError(f"{words[0]} is not installed") from missing

        def report() -> None:
            while not finished.wait(LONG_STEP_INTERVAL):
                lines = log.read_text(errors="replace").splitlines()
                words_so_far = describe(len(lines), lines[-1].strip() if lines else "")
                reporter.say(f"{words_so_far} ({time.monotonic() - begun:.0f} s)")

        watcher = threading.Thread(target=report, daemon=True)
        watcher.start()
        try:
            code = process.wait()
        finally:
            finished.set()
            if process.poll() is None:
                process.terminate()
    if code != 0:
        raise BringUpError(
            f"{doing} failed with exit code {code}; the end of {log}:\n"
            f"{last_lines(log.read_text(errors='replace'))}"
        )


def last_lines(text: str) -> str:
    """The end of a program's output, where its reason usually stands."""
    return "\n".join(text.strip().splitlines()[-LAST_LINES:])
