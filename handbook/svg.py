"""Small drawings as SVG: panels with dots and lines in the unit square."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

# Dark enough on white; told apart by people who see no red or green.
BLUE: Final = "#0072b2"
ORANGE: Final = "#d55e00"
GREEN: Final = "#009e73"
GREY: Final = "#a0a0a0"


@dataclass(slots=True, kw_only=True)
class Panel:
    """A framed square of a drawing. Points are shares of its width and height, from below left."""

    left: float
    top: float
    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def dot(self, x: float, y: float, colour: str) -> None:
        """Draw a dot."""
        self.parts.append(
            f'<circle cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="4" fill="{colour}"/>'
        )

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str,
        *,
        width: float = 1.5,
        dashed: bool = False,
    ) -> None:
        """Draw a line through points."""
        corners = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<polyline points="{corners}" fill="none" stroke="{colour}" '
            f'stroke-width="{width:g}"{dashes}/>'
        )

    def text(self, x: float, y: float, words: str) -> None:
        """Write words, centred above a point."""
        self.parts.append(_text(self._x(x), self._y(y), words))

    def say_below(self, x_title: str, y_title: str) -> None:
        """Name the axes."""
        middle = self.top + self.height / 2
        self.parts.append(_text(self.left + self.width / 2, self.top + self.height + 30, x_title))
        self.parts.append(
            f'<text transform="translate({self.left - 14:g} {middle:g}) rotate(-90)" '
            f'text-anchor="middle">{escape(y_title)}</text>'
        )

    def drawn(self) -> str:
        """Return the panel as SVG."""
        frame = (
            f'<rect x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" '
            f'height="{self.height:g}" fill="none" stroke="#333333"/>'
        )
        title = _text(self.left + self.width / 2, self.top - 8, self.title) if self.title else ""
        return "\n".join([frame, *([title] if title else []), *self.parts])

    def _x(self, share: float) -> float:
        return self.left + share * self.width

    def _y(self, share: float) -> float:
        return self.top + (1 - share) * self.height


def drawing(title: str, panels: Sequence[Panel], *, width: int, height: int, note: str = "") -> str:
    """Return a whole SVG file.

    Args:
        title: What it shows, for who does not see it.
        panels: Side by side, each with its place.
        width: Of all of it.
        height: Of all of it.
        note: A line at the bottom.
    """
    last = [_text(width / 2, height - 8, note)] if note else []
    frame = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {frame}',
            'font-family="sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *(panel.drawn() for panel in panels),
            *last,
            "</svg>",
            "",
        ]
    )


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(words)}</text>'
