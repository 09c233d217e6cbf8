"""Places of objects: the paths of an API server, parsed."""

from typing import NamedTuple


class Place(NamedTuple):
    """A parsed path; `namespace` is empty for a list over all namespaces."""

    resource: str
    namespace: str
    name: str
    subresource: str


def parse(path: str) -> Place:
    parts = path.strip("/").split("/")
    prefix = 2 if parts[0] == "api" else 3
    group, rest = parts[:prefix], parts[prefix:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    resource, name, subresource = (*rest, "", "", "")[:3]
    return Place("/".join([*group, resource]), namespace, name, subresource)


def within(at: Place, collection: Place) -> bool:
    return at.resource == collection.resource and collection.namespace in {"", at.namespace}
