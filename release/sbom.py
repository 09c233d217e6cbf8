"""Write the software bill of materials of the operator's image: CycloneDX, from lock and metadata.

The lock says what is in the image, with hashes; the metadata of the same versions, installed in
this environment, say under which licence and what needs what. The same input gives the same bytes:
no time and no random serial number. What the base image holds is told by the attestation that the
image build makes of the whole image.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.project import ROOT, version

_ROOT_EXTRAS: Final = ("operator",)
_LOCKED: Final = re.compile(r"(?m)^(?P<name>[\w.-]+)==(?P<version>\S+)(?P<hashes>( \\\n.*)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One line of the lock.

    Attributes:
        name: Canonical.
        version: The only one allowed.
        hashes: SHA-256 of every file that the index has of it.
    """

    name: str
    version: str
    hashes: tuple[str, ...]


def read_lock(text: str) -> dict[str, Locked]:
    """Return what operator/requirements.txt pins, by canonical name."""
    found: dict[str, Locked] = {}
    for line in _LOCKED.finditer(text):
        name = canonicalize_name(line["name"])
        hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", line["hashes"]))
        found[name] = Locked(name=name, version=line["version"], hashes=hashes)
    return found


def closure(extras: Iterable[str] = _ROOT_EXTRAS) -> dict[str, tuple[str, ...]]:
    """Return all that `kubetune[extras]` needs on this platform: name to names, from metadata."""
    graph: dict[str, tuple[str, ...]] = {}
    waiting = [Requirement(f"kubetune[{','.join(extras)}]")]
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        name = canonicalize_name(wanted.name)
        needs = tuple(_needs(distribution(name), wanted.extras))
        names = (*graph.get(name, ()), *(canonicalize_name(need.name) for need in needs))
        graph[name] = tuple(sorted(set(names) - {name}))
        waiting.extend(needs)
    return graph


def sbom(lock: Mapping[str, Locked], graph: Mapping[str, tuple[str, ...]], of: str) -> Any:
    """Return the bill of a version, as CycloneDX 1.6.

    Raises:
        ValueError: lock and metadata do not name the same packages in the same versions.
    """
    installed = {name: distribution(name).version for name in graph if name != "kubetune"}
    pinned = {name: locked.version for name, locked in lock.items()}
    if installed != pinned:
        apart = sorted(set(installed.items()) ^ set(pinned.items()))
        raise ValueError(f"lock and environment differ: {apart}; `make lock`, or `make setup`")
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component("kubetune", of, ()) | {"type": "application"}},
        "components": [
            _component(name, locked.version, locked.hashes) for name, locked in sorted(lock.items())
        ],
        "dependencies": [
            {"ref": _purl(name, of, lock), "dependsOn": [_purl(n, of, lock) for n in needs]}
            for name, needs in sorted(graph.items())
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill, sort_keys=True))
    return {**bill, "serialNumber": f"urn:uuid:{serial}"}


def write_sbom(out: Path, root: Path = ROOT) -> Path:
    """Write the bill into the folder `out` and return its path."""
    lock = read_lock((root / "operator" / "requirements.txt").read_text("utf-8"))
    path = out / f"kubetune-{version(root)}.cdx.json"
    path.write_text(json.dumps(sbom(lock, closure(), version(root)), indent=2) + "\n", "utf-8")
    return path


def _needs(package: Distribution, extras: Iterable[str]) -> Iterable[Requirement]:
    for text in package.requires or ():
        need = Requirement(text)
        environments = [{"extra": extra} for extra in ("", *extras)]
        if need.marker is None or any(need.marker.evaluate(each) for each in environments):
            yield need


def _purl(name: str, of: str, lock: Mapping[str, Locked]) -> str:
    return f"pkg:pypi/{name}@{lock[name].version if name in lock else of}"


def _component(name: str, version_: str, hashes: tuple[str, ...]) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}@{version_}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version_,
        "purl": purl,
    }
    licence = _licence(distribution(name))
    if licence:
        component["licenses"] = licence
    if hashes:
        # One package has a file for each platform: each is a reference with its own hash.
        component["externalReferences"] = [
            {
                "type": "distribution",
                "url": purl,
                "hashes": [{"alg": "SHA-256", "content": content}],
            }
            for content in hashes
        ]
    return component


def _licence(package: Distribution) -> list[dict[str, Any]]:
    """Return what the metadata say: an SPDX expression, or the classifiers, or the old field."""
    metadata = package.metadata
    expression = metadata["License-Expression"]
    if expression:
        return [{"expression": expression}]
    prefix = "License :: "
    named = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or ()
        if text.startswith(prefix) and text.rpartition(" :: ")[2] != "OSI Approved"
    ]
    short = (metadata["License"] or "").strip()
    if not named and short and "\n" not in short:
        named = [short]
    return [{"license": {"name": name}} for name in named]
