"""URL paths of the resources that Kubetune touches. Pure text; a path is built here or nowhere."""

from dataclasses import dataclass
from urllib.parse import quote

from kubetune.api import names


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API; `group` is empty for the core group."""

    group: str
    version: str
    plural: str

    @property
    def api_version(self) -> str:
        """As written in a manifest: `batch/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(
        self,
        namespace: str | None = None,
        name: str | None = None,
        subresource: str | None = None,
    ) -> str:
        """The path of the collection, or of one object when `name` is given.

        Args:
            namespace: None means all namespaces (only good for a collection).
            name: None means the collection.
            subresource: For example "status" or "log"; needs a name.

        Raises:
            ValueError: A name or a namespace is empty, or a subresource has no name.
        """
        if namespace == "" or name == "" or (subresource and name is None):
            raise ValueError(f"not an object of {self.plural}: {namespace!r}/{name!r}")
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if namespace is not None:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part is not None]
        return "/" + "/".join(quote(part, safe="") for part in parts)


TUNING_JOBS = Resource(names.GROUP, names.VERSION, "tuningjobs")
TRIALS = Resource(names.GROUP, names.VERSION, "trials")
JOBS = Resource("batch", "v1", "jobs")
PODS = Resource("", "v1", "pods")
EVENTS = Resource("events.k8s.io", "v1", "events")
LEASES = Resource("coordination.k8s.io", "v1", "leases")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts")
CONFIG_MAPS = Resource("", "v1", "configmaps")
ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings")
VOLUME_CLAIMS = Resource("", "v1", "persistentvolumeclaims")
NAMESPACES = Resource("", "v1", "namespaces")


def resource_of(path: str) -> str:
    """The resource a path speaks of, without any name: "pods", "pods/log", "trials/status".

    For metric labels, whose number must not grow with the objects. A path outside the API's
    scheme is "other".
    """
    match path.strip("/").split("/"):
        case ["api", _, *rest] | ["apis", _, _, *rest] if rest:
            pass
        case _:
            return "other"
    match rest:
        case ["namespaces", _, plural] | ["namespaces", _, plural, _]:
            return plural
        case ["namespaces", _, plural, _, subresource] | [plural, _, subresource]:
            return f"{plural}/{subresource}"
        case [plural] | [plural, _]:
            return plural
        case _:
            return "other"
