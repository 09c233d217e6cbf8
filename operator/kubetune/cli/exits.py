"""How a command ends: exit codes that scripts can rely on, and errors in one clear line."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes, as `kubetune --help` documents them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CLUSTER = 4
    TIMEOUT = 5
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class CommandError(Exception):
    """Ends a command; raised by commands, caught by `main.run` alone.

    Attributes:
        code: What the process exits with.
        message: What went wrong, with which object, and the remedy; goes to standard error.
    """

    def __init__(self, code: ExitCode, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)
