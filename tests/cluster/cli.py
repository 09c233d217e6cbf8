"""The command line of the cluster: up, down, status, kubectl and their kin."""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.cluster.bringup import bring_up
from tests.cluster.build import build
from tests.cluster.errors import BringUpError
from tests.cluster.images import ensure_images, prepare_images
from tests.cluster.layout import Layout, default_layout
from tests.cluster.leftovers import leftovers
from tests.cluster.progress import Reporter
from tests.cluster.status import describe
from tests.cluster.target import Target, check_needs, resolve_target
from tests.cluster.teardown import take_down
from tests.cluster.tools import install_tools

FAILED: Final = 1
INTERRUPTED: Final = 130
NOT_UP: Final = 3
"""The exit code of `status` when the cluster is not up, as init scripts have it."""


def run(arguments: Sequence[str]) -> int:
    """Carry out one command and return its exit code."""
    options = _parser().parse_args(arguments)
    reporter = Reporter()
    layout = default_layout()
    try:
        target = resolve_target(os.environ, layout)
        if not target.own:
            return _foreign(options, target, reporter)
        return _own(options, layout, reporter)
    except BringUpError as failure:
        reporter.say(f"error: {failure}")
        return FAILED
    except KeyboardInterrupt:
        reporter.say("interrupted; the same command goes on from here")
        return INTERRUPTED


def _own(options: argparse.Namespace, layout: Layout, reporter: Reporter) -> int:
    match options.command:
        case "up":
            _up(layout, reporter, with_images=options.images, with_tools=options.tools)
        case "down":
            if not take_down(layout, reporter):
                reporter.say("nothing was up")
            return _report_leftovers(layout, reporter) if options.verify else 0
        case "status":
            is_up, text = describe(layout)
            sys.stdout.write(text)
            return 0 if is_up else NOT_UP
        case "kubeconfig":
            sys.stdout.write(f"{layout.kubeconfig}\n")
        case "images":
            ensure_images(layout, reporter)
        case "tools":
            install_tools(layout, reporter)
        case "build":
            sys.stdout.write(f"{build(layout, reporter).folder}\n")
        case "kubectl":
            _become_kubectl(layout, Target(layout.kubeconfig, "kubetune", own=True), options.words)
    return 0


def _up(layout: Layout, reporter: Reporter, *, with_images: bool, with_tools: bool) -> None:
    with ThreadPoolExecutor() as pool:
        # Compiling keeps the processors busy, installing packages the network: both at once.
        prepared = pool.submit(prepare_images, layout, reporter) if with_images else None
        changed = bring_up(layout, reporter)
        if prepared is not None:
            prepared.result()
            ensure_images(layout, reporter)
    if with_tools:
        install_tools(layout, reporter)
    reporter.say(
        f"the cluster is up{'' if changed else ' already'}:"
        f" export KUBECONFIG={layout.kubeconfig}; kubectl is {layout.kubectl}"
    )


def _foreign(options: argparse.Namespace, target: Target, reporter: Reporter) -> int:
    """Serve a cluster that was named explicitly: look at it, and leave this machine alone."""
    match options.command:
        case "up" | "status" | "images":
            reporter.say(f"using context {target.context} of {target.kubeconfig}, not this machine")
            needs = check_needs(target, os.environ)
            for need in needs:
                reporter.say(f"missing: {need.what}")
                for command in need.commands:
                    reporter.say(f"    {command}")
            if not needs:
                reporter.say("it has all that is needed")
            return NOT_UP if needs else 0
        case "kubeconfig":
            sys.stdout.write(f"{target.kubeconfig}\n")
        case "kubectl":
            _become_kubectl(default_layout(), target, options.words)
        case _:
            reporter.say(f"context {target.context} is not ours to change: nothing done")
    return 0


def _report_leftovers(layout: Layout, reporter: Reporter) -> int:
    found = leftovers(layout)
    for line in found:
        reporter.say(f"left behind: {line}")
    if not found:
        reporter.say("nothing is left behind")
    return FAILED if found else 0


def _become_kubectl(layout: Layout, target: Target, words: Sequence[str]) -> None:
    program = str(layout.kubectl) if layout.kubectl.exists() else "kubectl"
    options = [f"--kubeconfig={target.kubeconfig}", f"--context={target.context}"]
    given = list(words[1:] if words[:1] == ["--"] else words)
    try:
        os.execvp(program, [program, *options, *given])  # noqa: S606 - no shell is wanted
    except FileNotFoundError as missing:
        raise BringUpError("kubectl is not installed, and `up` has not built one") from missing


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster",
        description="A real Kubernetes cluster on this machine, or the one named by"
        " KUBETUNE_KUBECONFIG and KUBETUNE_CONTEXT, which is then left as it is.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring the cluster up; do nothing when it is")
    up.add_argument("--images", action="store_true", help="also build and load the images")
    up.add_argument("--tools", action="store_true", help="also install the tests' tools")
    down = commands.add_parser("down", help="take the cluster down and leave nothing behind")
    down.add_argument("--verify", action="store_true", help="fail when anything is left behind")
    commands.add_parser("status", help=f"say what runs; exit code {NOT_UP} when it is not up")
    commands.add_parser("kubeconfig", help="print the path of the administrator's kubeconfig")
    commands.add_parser("images", help="build the project's images and load them into the node")
    commands.add_parser(
        "tools", help="install the tests' tools, helm, kwok and promtool, when missing"
    )
    commands.add_parser("build", help="build the cluster's programs and print their folder")
    kubectl = commands.add_parser("kubectl", help="run kubectl on the cluster")
    kubectl.add_argument("words", nargs=argparse.REMAINDER, help="kubectl's own arguments")
    return parser
