"""Command-line tools that the tests drive Kubernetes with, installed when they are missing."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.build import find_go, link
from tests.cluster.commands import SYSTEM_PATH, run_long, system_environment
from tests.cluster.layout import Layout
from tests.cluster.lock import held
from tests.cluster.progress import Reporter


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that Go installs from source, and why the tests need it.

    Attributes:
        name: The program.
        module: Its Go package, at a fixed version.
        why: What the tests do with it.
        packages: How many packages a build compiles when nothing is cached; for progress lines.
        tags: Build tags.
    """

    name: str
    module: str
    why: str
    packages: int
    tags: str = ""


TOOLS: Final = (
    Tool("helm", "helm.sh/helm/v3/cmd/helm@v3.22.0", "installs charts as users do", 1900),
    Tool("kwok", "sigs.k8s.io/kwok/cmd/kwok@v0.8.0", "plays many nodes, to test at scale", 1600),
    Tool(
        "promtool",
        "github.com/prometheus/prometheus/cmd/promtool@v0.316.0",
        "runs the alerts over made-up series",
        1300,
        # Its ways to find what to scrape bring the libraries of every cloud, and no rule asks.
        tags="remove_all_sd",
    ),
)


def install_tools(layout: Layout, reporter: Reporter) -> None:
    """Install what this machine has not, with one line each on what and why.

    Links to all of them stand in `layout.tools` afterwards. A tool that is on the PATH is used as
    it is.

    Raises:
        BringUpError: Go is missing, or a build failed.
    """
    for tool in TOOLS:
        found = _found(tool, elsewhere_than=layout.tools)
        link(layout.tools / tool.name, found or _installed(tool, layout, reporter))


def _found(tool: Tool, *, elsewhere_than: Path) -> Path | None:
    """The tool that the machine has; a link of ours on the PATH would be led to itself."""
    places = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}".split(os.pathsep)
    others = [place for place in places if place and Path(place) != elsewhere_than]
    found = shutil.which(tool.name, path=os.pathsep.join(others))
    return Path(found).absolute() if found else None


def _installed(tool: Tool, layout: Layout, reporter: Reporter) -> Path:
    """The tool in the cache, built now unless this version was built before."""
    folder = layout.cache / f"{tool.name}-{tool.module.partition('@')[2]}"
    if not folder.exists():
        with held(layout.cache / "build.lock", reporter):
            if not folder.exists():
                _build_into(folder, tool, layout, reporter)
    return folder / tool.name


def _build_into(folder: Path, tool: Tool, layout: Layout, reporter: Reporter) -> None:
    reporter.say(f"installing {tool.name}: {tool.why}")
    # Not with_suffix: a version has dots of its own.
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    run_long(
        [
            *(find_go(), "install", "-v", "-trimpath", "-tags", tool.tags),
            *("-ldflags", "-s -w", tool.module),
        ],
        doing=f"go install {tool.module}",
        log=layout.cache / "logs" / f"build-{tool.name}.log",
        reporter=reporter,
        describe=lambda lines, _: f"installing {tool.name}: {lines} of about {tool.packages} lines",
        environment={**system_environment(), "CGO_ENABLED": "0", "GOBIN": str(partial)},
    )
    # Renamed at the very end: a folder with the final name is always complete.
    partial.rename(folder)
