"""What a command needs beyond `pip install kubetune`, told before it begins instead of half-way.

The operator falls back to random search where a library is missing and says so in a condition. A
person who asks for a decision on this machine gets no other one in its place.
"""

from importlib.util import find_spec

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.planner import needs_surrogate

_SURROGATE = ("numpy", "scipy", "sklearn")


def demand_libraries(spec: TuningJobSpec) -> None:
    """Refuse to decide for a spec without the libraries that its decisions are made with.

    Raises:
        CommandError: One is missing; the message has the command that installs it.
    """
    missing = [name for name in _SURROGATE if find_spec(name) is None]
    if missing and needs_surrogate(spec):
        raise CommandError(
            ExitCode.USAGE,
            "Bayesian search and completion.convergence need "
            f"{', '.join(missing)}, which this installation is without: "
            "pip install 'kubetune[bayesian]'",
        )
