"""The security page names tests that exist, and policies that are installed."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")


def test_every_line_of_the_threats_is_held_by_tests_that_exist() -> None:
    threats = PAGE.partition("## What could go wrong")[2].partition("## What is not held")[0]
    rows = [line for line in threats.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(tests/[^`]+)`", row)
        assert named, row
        assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_policy_that_the_page_names_is_installed() -> None:
    policies = {path.stem for path in (ROOT / "manifests/base/policies").glob("*.yaml")}
    assert set(re.findall(r"policy `([a-z-]+)`", PAGE)) == policies
