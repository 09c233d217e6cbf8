"""Write what is made from other files, or say what is stale: `python -m helm.generate --check`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helm.chart_files import made_files


def main(arguments: Sequence[str]) -> int:
    """Write or check; return 1 if a check finds anything stale."""
    parser = argparse.ArgumentParser(prog="python -m helm.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if stale")
    check = parser.parse_args(arguments).check
    root = Path(__file__).resolve().parents[1]
    stale = {
        path: text
        for path, text in made_files(root).items()
        if not (root / path).exists() or (root / path).read_text("utf-8") != text
    }
    for path, text in stale.items():
        sys.stdout.write(f"{'stale:' if check else 'wrote'} {path}\n")
        if not check:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
    if check and stale:
        sys.stdout.write("write them anew: make generate\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
