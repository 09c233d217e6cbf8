"""Write docs/reference, or say what is stale: `python -m handbook --check`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from handbook import command_line, labels, metrics, reasons
from handbook.api import api_pages
from handbook.gaps import gaps

REFERENCE = Path("docs/reference")


def generated_pages(root: Path) -> dict[Path, str]:
    """Return the text of every page that is made, by path within the project."""
    pages = {
        **api_pages(),
        command_line.PAGE: command_line.command_line_page(),
        labels.PAGE: labels.labels_page(),
        metrics.PAGE: metrics.metrics_page(root),
        reasons.REASONS_PAGE: reasons.reasons_page(),
        reasons.EVENTS_PAGE: reasons.events_page(),
    }
    return {REFERENCE / name: text for name, text in pages.items()}


def main(arguments: Sequence[str]) -> int:
    """Write or check; return 1 if a check finds anything stale, or something is left out."""
    parser = argparse.ArgumentParser(prog="python -m handbook", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if stale")
    check = parser.parse_args(arguments).check
    root = Path(__file__).resolve().parents[1]
    missing = list(gaps(root))
    sys.stdout.writelines(f"missing: {gap}\n" for gap in missing)
    stale = {
        path: text
        for path, text in generated_pages(root).items()
        if not (root / path).exists() or (root / path).read_text("utf-8") != text
    }
    for path, text in stale.items():
        sys.stdout.write(f"{'stale:' if check else 'wrote'} {path}\n")
        if not check:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
    if check and stale:
        sys.stdout.write("write them anew: make generate\n")
    return int(bool(missing) or (check and bool(stale)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
