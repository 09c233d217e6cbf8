"""The pages of docs/reference, which are made."""

from pathlib import Path
from typing import Final

from handbook import command_line, labels, metrics, reasons
from handbook.api import api_pages

REFERENCE: Final = Path("docs/reference")


def made_pages(root: Path) -> dict[Path, str]:
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
