"""One version everywhere, and a changelog that a release can be made of."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from kubetune import __version__
from release import changelog
from release.prepare import prepare
from release.project import PLACES, ROOT, disagreements, version, versions

CHANGELOG = """\
# Changelog

## Unreleased

### Added

- A thing.

## 0.1.0 - 2026-01-31

- The first.
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The files that say the version, to be changed."""
    for path in {"CHANGELOG.md", *(place.path for place in PLACES.values())}:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    return tmp_path


def change(tree: Path, path: str, old: str, new: str) -> None:
    text = (tree / path).read_text("utf-8")
    assert re.search(old, text, re.MULTILINE), old
    (tree / path).write_text(re.sub(old, new, text, flags=re.MULTILINE), "utf-8")


def test_package_chart_and_images_have_one_version() -> None:
    assert disagreements() == []
    assert set(versions().values()) == {__version__}


@pytest.mark.parametrize(
    ("path", "old", "new", "want"),
    [
        pytest.param(
            "helm/kubetune/Chart.yaml", "^version: .*", "version: 9.9.9", "chart 9.9.9", id="chart"
        ),
        pytest.param(
            "helm/kubetune/Chart.yaml",
            "^appVersion: .*",
            "appVersion: 9.9.9",
            "images 9.9.9",
            id="images",
        ),
        pytest.param(
            "CHANGELOG.md", "^## Unreleased$", "", "first section", id="no place for what is new"
        ),
    ],
)
def test_a_place_that_says_otherwise_is_named(
    tree: Path, path: str, old: str, new: str, want: str
) -> None:
    assert disagreements(tree) == []
    change(tree, path, old, new)
    (told,) = disagreements(tree)
    assert path in told
    assert want in told


def test_a_tag_needs_its_version_and_its_section(tree: Path) -> None:
    told = disagreements(tree, tag="v0.2.0")
    assert [line for line in told if "v0.2.0" in line]
    assert [line for line in told if "still under Unreleased" in line]


def test_a_prepared_release_may_be_tagged(tree: Path) -> None:
    prepare(tree, "0.2.0-rc.1", "2026-12-24")
    assert set(versions(tree).values()) == {"0.2.0-rc.1"}
    assert disagreements(tree, tag="v0.2.0-rc.1") == []
    text = (tree / "CHANGELOG.md").read_text("utf-8")
    assert list(changelog.sections(text)) == ["Unreleased", "0.2.0-rc.1", "0.1.0"]
    assert changelog.notes(text, "0.2.0-rc.1") == "### Added\n\n- A thing.\n"


@pytest.mark.parametrize(
    ("version_", "old", "want"),
    [
        pytest.param("0.2", "^$", "not a version", id="not three numbers"),
        pytest.param("0.1.0", "^$", "there already", id="released before"),
        pytest.param(
            "0.2.0", "### Added\n\n- A thing.\n", "nothing to release", id="nothing is new"
        ),
    ],
)
def test_a_release_that_cannot_be_is_refused_and_nothing_written(
    tree: Path, version_: str, old: str, want: str
) -> None:
    change(tree, "CHANGELOG.md", old, "")
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=want):
        prepare(tree, version_, "2026-12-24")
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "heading", ["## 1.0.0", "## Unreleased - 2026-01-31", "## 1.0.0 (January)", "## Soon"]
)
def test_a_heading_that_is_no_release_is_refused(heading: str) -> None:
    with pytest.raises(ValueError, match=r"CHANGELOG\.md"):
        changelog.sections(f"# Changelog\n\n{heading}\n\n- A thing.\n")


def test_the_changelog_can_be_read_as_releases() -> None:
    assert "Unreleased" in changelog.sections((ROOT / "CHANGELOG.md").read_text("utf-8"))


def test_the_support_page_says_what_chart_and_package_say() -> None:
    page = (ROOT / "SUPPORT.md").read_text("utf-8")
    chart = yaml.safe_load((ROOT / "helm" / "kubetune" / "Chart.yaml").read_text("utf-8"))
    (kubernetes,) = re.findall(r"\| Kubernetes \| (\S+) and newer", page)
    assert chart["kubeVersion"] == f">={kubernetes}.0-0"
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    pythons = re.findall(r"Python :: 3\.(\d+)", project)
    assert f"3.{min(pythons)} to 3.{max(pythons)} |" in page


def test_the_version_is_the_packages() -> None:
    assert version() == __version__
