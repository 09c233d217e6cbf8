"""A line chart as SVG: best value so far against cost, means over seeds in bands of spread."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape

from kubetune.cli.render.wording import duration, number
from kubetune.simulator.study import Level, Spread

WIDTH, HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 20, 40, 50
_TICKS = 5
# The first values are often so bad that nothing else could be told apart beside them: the axis is
# made for what follows this share of the cost, and lines that begin outside are cut off.
_SETTLED = 0.05
# Dark enough on white and light enough on black; told apart by people who see no red or green.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chart: its name and its levels, by cost ascending."""

    name: str
    levels: Sequence[Level]


def chart(lines: Sequence[Line], *, title: str, y_title: str) -> str:
    """Return the SVG of the lines; levels without a value are left out."""
    scale = _Scale.of(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"',
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="22" font-size="14">{escape(title)}</text>',
        '<clipPath id="inside">',
        f'<path d="M{_LEFT} {_TOP}H{WIDTH - _RIGHT}V{HEIGHT - _BOTTOM}H{_LEFT}Z"/></clipPath>',
        *_axes(scale, y_title),
    ]
    coloured = [(line, _COLOURS[place % len(_COLOURS)]) for place, line in enumerate(lines)]
    parts.append('<g clip-path="url(#inside)">')
    for line, colour in coloured:
        parts += _drawn(line, scale, colour)
    parts.append("</g>")
    for place, (line, colour) in enumerate(coloured):
        parts += _legend(line, colour, place)
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where costs and values are on the paper."""

    most: float
    low: float
    high: float

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Scale":
        levels = [level for line in lines for level in line.levels]
        most = max((level.cost for level in levels), default=1.0) or 1.0
        later = [level for level in levels if level.cost >= _SETTLED * most]
        spreads = [level.value for level in later if level.value is not None]
        lows = [s.mean - s.deviation for s in spreads]
        highs = [s.mean + s.deviation for s in spreads]
        low, high = min(lows, default=0.0), max(highs, default=1.0)
        if high <= low:
            low, high = low - abs(low or 1) / 2, high + abs(high or 1) / 2
        margin = (high - low) / 20
        return cls(most, low - margin, high + margin)

    def x(self, cost: float) -> float:
        return _LEFT + cost / self.most * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _axes(scale: _Scale, y_title: str) -> Iterator[str]:
    bottom = HEIGHT - _BOTTOM
    for value in _round_numbers(scale.low, scale.high):
        y = scale.y(value)
        yield f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#dddddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>'
    for tick in range(_TICKS + 1):
        cost = scale.most * tick / _TICKS
        x = scale.x(cost)
        yield f'<path d="M{x:.1f} {bottom}v5" stroke="#333333"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_cost(cost)}</text>'
    yield f'<path d="M{_LEFT} {_TOP}V{bottom}H{WIDTH - _RIGHT}" fill="none" stroke="#333333"/>'
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    yield (
        f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle">'
        "cost: time of all trials together</text>"
    )
    yield (
        f'<text transform="translate(16 {(_TOP + bottom) / 2:.0f}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_title)}</text>'
    )


def _drawn(line: Line, scale: _Scale, colour: str) -> Iterator[str]:
    known = _known(line)
    if any(spread.deviation for _, spread in known):
        upper = [(x, s.mean + s.deviation) for x, s in known]
        lower = [(x, s.mean - s.deviation) for x, s in known]
        outline = [*_stairs(upper), *reversed(_stairs(lower))]
        yield f'<path d="{_path(outline, scale)}Z" fill="{colour}" fill-opacity="0.15"/>'
    stairs = _stairs([(x, s.mean) for x, s in known])
    yield f'<path d="{_path(stairs, scale)}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _legend(line: Line, colour: str, place: int) -> Iterator[str]:
    known = _known(line)
    last = f": {number(known[-1][1].mean)}" if known else ": no value"
    y = HEIGHT - _BOTTOM - 14 - 18 * place
    yield f'<path d="M{WIDTH - 230} {y - 4}h24" stroke="{colour}" stroke-width="2"/>'
    yield f'<text x="{WIDTH - 198}" y="{y}">{escape(line.name + last)}</text>'


def _known(line: Line) -> list[tuple[float, Spread]]:
    return [(level.cost, level.value) for level in line.levels if level.value is not None]


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of the line that keeps each value until the next cost."""
    corners = list(points[:1])
    for x, y in points[1:]:
        if y != corners[-1][1]:
            corners += [(x, corners[-1][1]), (x, y)]
    if points:
        corners.append((points[-1][0], points[-1][1]))
    return corners


def _path(points: Sequence[tuple[float, float]], scale: _Scale) -> str:
    return "".join(
        f"{'L' if place else 'M'}{scale.x(x):.1f} {scale.y(y):.1f}"
        for place, (x, y) in enumerate(points)
    )


def _round_numbers(low: float, high: float) -> Iterator[float]:
    """Yield about _TICKS numbers of one, two or five times a power of ten between the two."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    for k in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield k * step


def _cost(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))
