"""The handbook, as far as no cluster is needed: its links, its manifests, its code, its form."""

import ast
import json
import shlex
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

from kubetune.cli.exits import ExitCode
from kubetune.cli.parser import build_parser
from kubetune.cli.validate import validate
from tests.docs.desk import first_missing
from tests.docs.fragments import completed, is_values, manifests
from tests.docs.pages import DOCS, ROOT, Page, written_pages

PAGES = written_pages()
ALL = [
    Page(path)
    for path in sorted(
        chain(
            ROOT.glob("*.md"),
            *((ROOT / name).rglob("*.md") for name in ("docs", "manifests", "helm", "tests")),
            (ROOT / "operator").glob("*.md"),
            (ROOT / "operator" / "decisions").glob("*.md"),
            (ROOT / "benchmarks").glob("*.md"),
        )
    )
]
LONGEST = 150
"""Lines of a page: one idea fits into that."""

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_a_link_leads_to_a_file_and_to_a_heading_in_it(page: Page) -> None:
    broken = []
    for link in page.links:
        if urlsplit(link).scheme:
            continue
        path, _, heading = link.partition("#")
        target = (page.path.parent / path).resolve() if path else page.path
        is_there = target.exists() and (not heading or heading in Page(target).anchors)
        if not is_there:
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_map() -> None:
    reached: set[Path] = set()
    todo = [DOCS / "README.md"]
    while todo:
        path = todo.pop()
        if path in reached or path.suffix != ".md" or DOCS not in path.parents:
            continue
        reached.add(path)
        links = (link.partition("#")[0] for link in Page(path).links if not urlsplit(link).scheme)
        todo += [(path.parent / link).resolve() for link in links if link]
    assert {*DOCS.rglob("*.md")} - reached == set()


@by_page
def test_a_page_is_short_and_has_one_title(page: Page) -> None:
    lines = page.text.splitlines()
    assert lines[0].startswith("# ")
    assert [line for line in page.prose.splitlines()[1:] if line.startswith("# ")] == []
    assert len(lines) <= LONGEST


@by_page
def test_a_block_says_what_it_is(page: Page) -> None:
    assert {block.language for block in page.blocks} <= {"sh", "yaml", "json", "python", "text"}
    for block in page.blocks:
        kinds = {"sh": {"", "Not run", "Dry run"}, "python": {""}}
        assert block.remark in kinds.get(block.language, {"", "Not checked"}), block.line


@by_page
def test_its_manifests_are_valid(page: Page, tmp_path: Path) -> None:
    for block, manifest in manifests(page):
        if manifest["kind"] != "TuningJob":
            continue
        path = tmp_path / "manifest.yaml"
        path.write_text(yaml.safe_dump(manifest), encoding="utf-8")
        out = StringIO()
        code = validate([str(path)], output="text", quiet=True, stdin=StringIO(), out=out)
        assert code is ExitCode.OK, f"{page.name}:{block.line}: {out.getvalue()}"


@by_page
def test_its_values_of_the_chart_exist(page: Page) -> None:
    schema = json.loads((ROOT / "helm/kubetune/values.schema.json").read_text("utf-8"))
    for block in filter(is_values, page.of("yaml")):
        jsonschema.validate(yaml.safe_load(block.text), schema)


@by_page
def test_its_python_and_json_parse(page: Page) -> None:
    for block in page.of("python"):
        ast.parse(block.text)
    for block in page.of("json"):
        json.loads(block.text)


def kubetune_commands() -> list[Any]:
    commands = []
    for page in PAGES:
        for command in chain(*(block.commands for block in page.of("sh"))):
            words = command.replace("kubectl kubetune", "kubetune").split(" | ")[-1]
            if words.startswith("kubetune ") and "--help" not in words:
                commands.append(pytest.param(words, id=f"{page.path.stem}: {words}"))
    return commands


@pytest.mark.parametrize("command", kubetune_commands())
def test_a_command_of_kubetune_has_flags_that_exist(command: str) -> None:
    build_parser("kubetune").parse_args(shlex.split(command.partition(" > ")[0])[1:])


@pytest.mark.parametrize(
    ("shown", "want"),
    [
        pytest.param(["a-1  Running"], None, id="another number"),
        pytest.param(["a-1  Failed"], "a-1  Failed", id="another word"),
        pytest.param(["a-1  Running", "NAME ..."], "NAME ...", id="another order"),
        pytest.param(["a-1 ..."], None, id="the rest of a line left out"),
        pytest.param(["...", "b-2  Running"], None, id="lines left out"),
        pytest.param(["a-1"], "a-1", id="a line cut short"),
    ],
)
def test_shown_output_is_compared_by_its_words(shown: list[str], want: str | None) -> None:
    assert first_missing(shown, ["NAME  STATE", "a-7  Running", "b-9  Running"]) == want


def test_a_part_of_a_tuning_job_is_laid_over_a_whole_one() -> None:
    container = {"name": "train", "resources": {"limits": {"nvidia.com/gpu": 1}}}
    template = {"spec": {"template": {"spec": {"containers": [container]}}}}
    whole = completed({"spec": {"trial": {"template": template}}})
    (trainer,) = whole["spec"]["trial"]["template"]["spec"]["template"]["spec"]["containers"]
    assert trainer["image"]
    assert trainer["resources"] == container["resources"]
