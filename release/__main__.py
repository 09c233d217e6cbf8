"""The commands of a release: `python -m release COMMAND`, called by Makefile and workflow."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from release.build import build, checksums
from release.changelog import notes
from release.lock import write_lock
from release.prepare import prepare
from release.project import ROOT, disagreements, version
from release.sbom import write_sbom


def main(arguments: Sequence[str]) -> int:
    """Run one command; return 1 when it found a fault."""
    asked = _parser().parse_args(arguments)
    if asked.command == "version":
        sys.stdout.write(version() + "\n")
    elif asked.command == "notes":
        sys.stdout.write(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version()))
    elif asked.command == "check":
        found = disagreements(tag=asked.tag)
        sys.stderr.writelines(f"error: {line}\n" for line in found)
        return int(bool(found))
    elif asked.command == "prepare":
        prepare(ROOT, asked.version, str(date.fromisoformat(asked.date)))
    elif asked.command == "lock":
        write_lock(ROOT)
    else:
        build(asked.out, registry=asked.registry, helm=asked.helm)
        write_sbom(asked.out)
        checksums(asked.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version", help="print the version")
    commands.add_parser("notes", help="print this version's section of the changelog")
    commands.add_parser("lock", help="write operator/requirements.txt anew")
    check = commands.add_parser("check", help="that all places say the same version")
    check.add_argument("--tag", help="also that the changelog is ready for this tag")
    closing = commands.add_parser("prepare", help="set the version and close the changelog")
    closing.add_argument("version")
    closing.add_argument("--date", required=True, help="day of the release, such as 2027-01-31")
    dist = commands.add_parser("dist", help="build packages, chart, manifest, SBOM and checksums")
    dist.add_argument("--out", type=Path, default=ROOT / "dist")
    dist.add_argument("--registry", default="", help="where the images are pulled from")
    dist.add_argument("--helm", default="helm", help="the helm program")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
