"""The workflows as far as they can be judged without GitHub: what they call, may do and rely on."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from release.project import ROOT

WORKFLOWS = {path.stem: path for path in (ROOT / ".github" / "workflows").glob("*.yml")}
Step = dict[str, Any]

# Whoever may write may publish in our name: each of these is one job's, for one reason.
GRANTED = {
    ("release", "dist"): {"id-token", "attestations"},
    ("release", "images"): {"packages", "id-token"},
    ("release", "pypi"): {"id-token"},
    ("release", "github"): {"contents"},
}


def read(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true; the base loader leaves all words as they are.
    workflow: dict[str, Any] = yaml.load(WORKFLOWS[name].read_text("utf-8"), yaml.BaseLoader)  # noqa: S506  makes strings alone
    return workflow


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in WORKFLOWS:
        for job, body in read(name)["jobs"].items():
            yield name, job, body


def steps() -> Iterator[tuple[str, Step]]:
    for name, job, body in jobs():
        for step in body.get("steps", ()):
            yield f"{name}/{job}", step


def commands() -> Iterator[str]:
    yield from (step["run"] for _, step in steps() if "run" in step)


def test_there_are_a_workflow_for_changes_and_one_for_releases() -> None:
    assert set(WORKFLOWS) == {"ci", "release"}
    assert read("release")["on"] == {"push": {"tags": ["v*"]}}


def test_zizmor_finds_no_weakness() -> None:
    zizmor = str(Path(sys.executable).with_name("zizmor"))
    command = [zizmor, "--offline", "--no-progress", "--quiet"]
    done = subprocess.run(
        [*command, "--min-severity=medium", str(ROOT / ".github")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    pinned = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
    for path in WORKFLOWS.values():
        for line in path.read_text("utf-8").splitlines():
            if "uses: " in line and "uses: ./" not in line:
                assert pinned.search(line), line


def test_an_action_has_one_version_in_all_workflows() -> None:
    used: dict[str, set[str]] = {}
    for _, step in steps():
        if "uses" in step:
            action, _, commit = step["uses"].partition("@")
            used.setdefault(action, set()).add(commit)
    assert used
    assert {action for action, commits in used.items() if len(commits) > 1} == set()


def test_a_job_may_do_what_it_is_for_and_no_more() -> None:
    for name in WORKFLOWS:
        top = read(name)["permissions"]
        assert top in ({}, {"contents": "read"}), name
    written = {
        (name, job): {
            scope for scope, right in body.get("permissions", {}).items() if right == "write"
        }
        for name, job, body in jobs()
    }
    assert {key: scopes for key, scopes in written.items() if scopes} == GRANTED


def test_no_job_keeps_a_token_of_a_registry_or_an_index() -> None:
    for path in WORKFLOWS.values():
        text = path.read_text("utf-8")
        assert "secrets." not in text, "keyless: the workflow's identity is all there is"
        assert "password:" not in text or "github.token" in text


def test_what_is_published_waits_for_the_tests_and_for_a_reviewer() -> None:
    jobs_ = read("release")["jobs"]

    def before(job: str) -> set[str]:
        needed = jobs_[job].get("needs", [])
        direct = {needed} if isinstance(needed, str) else set(needed)
        return direct.union(*(before(each) for each in direct))

    for job in ("images", "pypi", "github"):
        assert {"test", "dist"} <= before(job)
    assert {job for job, body in jobs_.items() if body.get("environment") == "release"} == {
        "images",
        "pypi",
    }


def test_every_make_target_and_path_that_a_command_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    rules = set(re.findall(r"(?m)^([a-z][a-z0-9-]+):", makefile))
    called = {target for text in commands() for target in re.findall(r"\bmake ([a-z][\w-]*)", text)}
    assert {"dist", "images", "publish", "release-check"} <= called
    assert called - rules == set()
    scripts = {path for text in (*commands(), makefile) for path in _scripts(text)}
    assert {".ci/run", "release/images.sh", "release/sign.sh"} <= scripts
    assert [path for path in scripts if not (ROOT / path).is_file()] == []


def test_python_is_one_that_the_package_supports() -> None:
    classifiers = (ROOT / "pyproject.toml").read_text("utf-8")
    supported = set(re.findall(r"Python :: (3\.\d+)", classifiers))
    named = {
        step["with"]["python-version"]
        for _, step in steps()
        if "setup-python" in step.get("uses", "") and "$" not in step["with"]["python-version"]
    }
    matrix = set(read("ci")["jobs"]["python"]["strategy"]["matrix"]["python"])
    assert named | matrix == supported


def _scripts(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w./-])((?:release|\.ci)/[\w.-]+)", text))


DOCKER = r"""\
#!/bin/sh
echo "docker $*" >> "$SPOKEN"
while [ $# -gt 0 ]; do
    [ "$1" = --target ] && target=$2
    [ "$1" = --metadata-file ] && file=$2
    shift
done
digest=$(printf %s "$target" | sha256sum | cut -d' ' -f1)
echo '  "buildx.build.ref": "x",' > "$file"
echo "  \"containerimage.digest\": \"sha256:$digest\"" >> "$file"
"""
HELM = """\
#!/bin/sh
echo "helm $*" >> "$SPOKEN"
echo "Pushed: registry.example/team/charts/kubetune:1.2.3"
echo "Digest: sha256:0123456789abcdef"
"""
COSIGN = '#!/bin/sh\necho "cosign $*" >> "$SPOKEN"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the release scripts and programs that note what they were asked."""
    shutil.copytree(ROOT / "release", tmp_path / "release")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "kubetune-1.2.3.tgz").touch()
    (tmp_path / "bin").mkdir()
    for name, text in (("docker", DOCKER), ("helm", HELM), ("cosign", COSIGN)):
        (tmp_path / "bin" / name).write_text(text, "utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def spoken(desk: Path, *scripts: str, **environment: str) -> list[str]:
    log = desk / "spoken"
    settings = {
        "PATH": f"{desk / 'bin'}:/usr/bin:/bin",
        "SPOKEN": str(log),
        "REGISTRY": "registry.example/team",
        **environment,
    }
    for script in scripts:
        subprocess.run([desk / "release" / script], cwd=desk, env=settings, check=True)
    return log.read_text("utf-8").splitlines()


def test_what_was_pushed_is_what_is_signed_by_its_digest(desk: Path) -> None:
    release = {"VERSION": "1.2.3", "REVISION": "abc", "SOURCE_DATE_EPOCH": "1580601600"}
    told = spoken(desk, "images.sh", "chart.sh", "sign.sh", **release)
    builds = [line for line in told if line.startswith("docker")]
    assert len(builds) == 2
    for build, target in zip(builds, ("operator", "collector"), strict=True):
        assert f"--target {target} --platform linux/amd64,linux/arm64" in build
        assert "VERSION=1.2.3" in build
        assert "REVISION=abc" in build
        assert f"name=registry.example/team/kubetune/{target}:1.2.3,push=true" in build
        assert "--provenance=mode=max --sbom=true" in build
        assert "rewrite-timestamp=true" in build
    assert "helm push dist/kubetune-1.2.3.tgz oci://registry.example/team/charts" in told
    pushed = (desk / "dist" / "images.txt").read_text("utf-8").split()
    assert [artifact.partition("@sha256:")[0] for artifact in pushed] == [
        "registry.example/team/kubetune/operator",
        "registry.example/team/kubetune/collector",
        "registry.example/team/charts/kubetune",
    ]
    signed = [line.split()[-1] for line in told if line.startswith("cosign sign --yes")]
    assert signed == pushed


@pytest.mark.parametrize("missing", ["REGISTRY", "VERSION", "REVISION", "SOURCE_DATE_EPOCH"])
def test_nothing_is_pushed_without_knowing_what_and_where(desk: Path, missing: str) -> None:
    release = {"VERSION": "1.2.3", "REVISION": "abc", "SOURCE_DATE_EPOCH": "1"} | {missing: ""}
    with pytest.raises(subprocess.CalledProcessError):
        spoken(desk, "images.sh", **release)
    assert not (desk / "spoken").exists()
