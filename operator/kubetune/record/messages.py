"""Messages that fit into a status, and one that several places say."""

RUN_HAS_ENDED = (
    "the run has ended and an edit does not change that; a new spec.runId starts another run"
)

LONGEST_MESSAGE = 4096
"""Characters that the schema allows in a message."""


def shortened(message: str) -> str:
    """Return a message that the schema takes: of a long one the beginning and the newest end."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    half = LONGEST_MESSAGE // 2 - 3
    return f"{message[:half]} ... {message[-half:]}"
