"""Write everything that is made, or say what is stale: `python -m generate --check`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from generate.crds import crd_files
from generate.files import Texts, stale, write
from handbook.gaps import gaps
from handbook.pages import made_pages
from helm.chart_files import made_files

ROOT: Final = Path(__file__).resolve().parents[1]

SOURCES: Final[Sequence[Callable[[Path], Texts]]] = (
    lambda _: crd_files(),
    made_files,
    made_pages,
)
"""Each makes files from what the ones before it have written."""


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write or check; return 1 if a check finds anything stale, or something is left out."""
    parser = argparse.ArgumentParser(prog="python -m generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if stale")
    check = parser.parse_args(arguments).check
    found = False
    for source in SOURCES:
        texts = stale(root, source(root))
        found = found or bool(texts)
        sys.stdout.writelines(f"{'stale:' if check else 'wrote'} {path}\n" for path in texts)
        if not check:
            write(root, texts)
    if check and found:
        sys.stdout.write("write them anew: make generate\n")
    missing = list(gaps(root))
    sys.stdout.writelines(f"missing: {gap}\n" for gap in missing)
    return int(bool(missing) or (check and found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
