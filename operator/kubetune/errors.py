"""The exception tree. Each class says who raises it, what it means and what the catcher does.

KubetuneError
├── SpecError              the user's spec is wrong; permanent until the spec changes
│   └── SearchSpaceError   the parameters do not make a search space
├── StrategyError          a strategy cannot answer; the planner falls back to random search
│   └── SurrogateError     the surrogate cannot be fitted to what is known
├── ObjectiveError         a simulated objective cannot answer; the simulation ends
├── ClusterError           the API server refused or did not answer
│   ├── ConflictError      somebody else wrote first (409 on update)
│   ├── AlreadyExistsError the name is taken (409 on create)
│   ├── NotFoundError      the object is gone (404)
│   ├── ForbiddenError     the right is missing (403)
│   ├── InvalidError       the API server rejects the object (400, 422)
│   └── UnavailableError   no answer, or 429 / 5xx: retry later
└── LeadershipLostError    another operator holds the lease; the process ends
"""

from collections.abc import Sequence


class KubetuneError(Exception):
    """Base of everything that Kubetune raises on purpose."""


class SpecError(KubetuneError):
    """Raised by validation. Permanent: the job gets `Accepted=False` and no trial starts."""

    def __init__(self, faults: Sequence[str], *, reason: str = "InvalidSpec") -> None:
        self.faults = tuple(faults)
        self.reason = reason
        super().__init__("; ".join(self.faults))


class SearchSpaceError(SpecError):
    """Raised by core.space: the parameters contradict each other. Treated as `SpecError`."""


class StrategyError(KubetuneError):
    """Raised by a strategy that cannot answer; the planner uses random search and says so."""


class SurrogateError(StrategyError):
    """Raised by search.surrogate when no numbers come out. Treated as `StrategyError`."""


class ObjectiveError(KubetuneError):
    """Raised by the simulator: the user's function or table is at fault; the simulation ends."""


class ClusterError(KubetuneError):
    """Raised by kube.client for every failed request.

    Attributes:
        status: HTTP status code; 0 when no answer came.
        message: The API server's own words, passed on unchanged.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"{status}: {message}")


class ConflictError(ClusterError):
    """The object changed since it was read: look at the world again and decide anew."""


class AlreadyExistsError(ClusterError):
    """A create met an object of that name: success if the owner is ours, an error if not."""


class NotFoundError(ClusterError):
    """The object is gone: what was to be done to it is not needed any more."""


class ForbiddenError(ClusterError):
    """A right is missing, or an admission policy refused: say so on the object and retry slowly."""


class InvalidError(ClusterError):
    """The API server rejects the object as written: permanent until the spec changes."""


class UnavailableError(ClusterError):
    """No answer, a timeout, 429 or a server error: retry with back-off."""


class LeadershipLostError(KubetuneError):
    """Another operator took the lease, or ours could not be renewed: end the process at once."""
