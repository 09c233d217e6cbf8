"""What is installed by name is installed by hash: the lock, its bill of materials, and imports."""

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.project import ROOT
from release.sbom import Locked, closure, read_lock, sbom, write_sbom

LOCK = read_lock((ROOT / "operator" / "requirements.txt").read_text("utf-8"))
CONSTRAINTS: dict[str, str] = {
    canonicalize_name(name): version
    for name, _, version in (
        line.partition("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split()
    )
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def declared(*extras: str) -> set[str]:
    """Return the names that pyproject.toml declares for an installation with extras."""
    names = [*PROJECT["dependencies"]]
    for extra in extras:
        names += PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(Requirement(name).name) for name in names}


def imported(folder: Path) -> dict[str, set[str]]:
    """Return the distributions that a folder's modules import, by the module that does."""
    distributions = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - {"kubetune"}:
                if top not in sys.stdlib_module_names:
                    module = path.relative_to(folder).parts[0].removesuffix(".py")
                    names_ = distributions.get(top, [top])
                    found.setdefault(module, set()).update(map(canonicalize_name, names_))
    return found


def test_the_lock_is_what_the_operator_needs_and_nothing_else() -> None:
    assert set(LOCK) == set(closure(["operator"])) - {"kubetune"}, "make lock"


def test_the_lock_has_the_versions_that_the_tests_run_with() -> None:
    pinned = {name: locked.version for name, locked in LOCK.items()}
    assert pinned == {name: CONSTRAINTS[name] for name in LOCK}, "make lock"


def test_every_package_is_pinned_by_hash() -> None:
    assert [name for name, locked in LOCK.items() if not locked.hashes] == []


def test_every_package_that_the_tests_need_is_pinned() -> None:
    assert set(closure(["dev"])) - {"kubetune"} - set(CONSTRAINTS) == set()


def test_what_the_command_line_imports_is_declared_without_an_extra() -> None:
    used = imported(ROOT / "operator" / "kubetune")
    heavy = {"controller", "search", "convergence"}
    # pydantic-core is pydantic's other half: pydantic pins it to the very version.
    light = {name for module, names in used.items() if module not in heavy for name in names}
    assert light - declared() == {"pydantic-core"}
    assert declared() - {name for names in used.values() for name in names} == set()


def test_what_the_model_and_the_operator_import_is_declared_by_their_extras() -> None:
    used = imported(ROOT / "operator" / "kubetune")
    assert used["search"] | used["convergence"] <= declared("bayesian")
    assert used["controller"] <= declared("operator")


def test_the_command_line_brings_none_of_the_operators_weight() -> None:
    heavy = {"numpy", "scipy", "scikit-learn", "kopf", "prometheus-client"}
    assert heavy & set(closure([])) == set()
    assert heavy <= set(closure(["operator"]))


def test_the_metadata_say_what_a_reader_of_an_index_looks_for() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert PROJECT["authors"]
    assert PROJECT["keywords"]
    assert PROJECT["readme"] == "README.md"
    pythons = {c.rpartition(" ")[2] for c in PROJECT["classifiers"] if "Python :: 3." in c}
    assert min(pythons) == re.sub(r"[^0-9.]", "", PROJECT["requires-python"])
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert [r for r in requires("kubetune") or () if "extra" not in r]


def test_the_bill_of_materials_is_cyclonedx(tmp_path: Path) -> None:
    text = write_sbom(tmp_path).read_text("utf-8")
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert fault is None, str(fault)
    bill = json.loads(text)
    components = {component["name"]: component for component in bill["components"]}
    assert set(components) == set(LOCK)
    assert components["numpy"]["purl"] == f"pkg:pypi/numpy@{LOCK['numpy'].version}"
    assert [name for name, component in components.items() if "licenses" not in component] == []
    known = {bill["metadata"]["component"]["bom-ref"], *(c["bom-ref"] for c in components.values())}
    needed = {ref for entry in bill["dependencies"] for ref in (entry["ref"], *entry["dependsOn"])}
    assert needed == known


def test_the_bill_of_the_same_things_is_the_same(tmp_path: Path) -> None:
    first = write_sbom(tmp_path).read_bytes()
    assert write_sbom(tmp_path).read_bytes() == first


def test_a_bill_is_not_written_of_another_environment() -> None:
    other = {**LOCK, "numpy": Locked(name="numpy", version="1.0", hashes=("0" * 64,))}
    with pytest.raises(ValueError, match=r"numpy.*make lock"):
        sbom(other, closure(), "1.0.0")
