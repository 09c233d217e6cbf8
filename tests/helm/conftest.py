"""Rendering the chart as Helm does it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Helm
from tests.helm.chart_values import MATRIX

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "kubetune"

Body = dict[str, Any]
Render = Callable[..., list[Body]]


@pytest.fixture(scope="session")
def template(helm: Helm) -> Callable[..., str]:
    """Renders the chart to text."""

    def run(
        values: Mapping[str, Any] | None = None,
        *,
        release: str = "kubetune",
        namespace: str = "kubetune-system",
        kubernetes: str = "1.34.0",
    ) -> str:
        done = helm(
            *("template", release, str(CHART), "--namespace", namespace, "--values", "-"),
            *("--kube-version", kubernetes),
            stdin=json.dumps(values or {}),
        )
        if done.returncode != 0:
            raise ValueError(done.stderr)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def render(template: Callable[..., str]) -> Render:
    """Renders the chart to objects; raises ValueError with Helm's words where it cannot."""

    def run(*arguments: Any, **options: Any) -> list[Body]:
        text = template(*arguments, **options)
        return [body for body in yaml.safe_load_all(text) if body is not None]

    return run


@pytest.fixture(params=MATRIX, ids=lambda name: name)
def values(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """Each set of values of the matrix in turn."""
    found: Mapping[str, Any] = MATRIX[request.param]
    return found


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    """True when golden files are to be written anew."""
    return bool(request.config.getoption("--refresh-golden"))
