"""Charts as inline SVG: no script, no outside file, colours from the page's style sheet, and a text for those who do not see them.

A chart is 720 units wide and as high as it needs to be. Its colours are classes (``bad``, ``good``, ``rest``, ``c1`` …), so that the page's dark
and light styles apply.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

_WIDTH = 720
_LABEL = 130
_VALUE = 160
_BAR = 22
_GAP = 12
_PLOT_HEIGHT = 200
_AXIS = 56
_LEGEND = 26


class Part(NamedTuple):
    """A coloured piece of a bar: what it stands for, its class, its size, and what is said on pointing at it."""

    name: str
    colour: str
    value: float
    tip: str


class Bar(NamedTuple):
    """A bar: its label, its pieces, and what is written at its end."""

    label: str
    parts: tuple[Part, ...]
    text: str


def bars(title: str, description: str, rows: Sequence[Bar], *, relative: bool = False) -> Markup:
    """Lying bars, one below the other; with ``relative`` each is as long as the others and shows shares."""
    longest = max((sum(part.value for part in row.parts) for row in rows), default=0.0) or 1.0
    drawn = [_legend(rows)]
    top = _LEGEND
    for row in rows:
        whole = (sum(part.value for part in row.parts) or 1.0) if relative else longest
        middle = top + _BAR / 2 + 5
        drawn.append(_text(_LABEL - 10, middle, row.label, "end"))
        left = float(_LABEL)
        for part in row.parts:
            width = (_WIDTH - _LABEL - _VALUE) * part.value / whole
            if part.value > 0:
                drawn.append(_rectangle(left, top, max(width, 1.5), _BAR, part))
            left += width
        drawn.append(_text(left + 8, middle, row.text, "start", "strong"))
        top += _BAR + _GAP
    return _chart(title, description, top, drawn)


def columns(title: str, description: str, rows: Sequence[Bar]) -> Markup:
    """Standing columns side by side, with a scale. Where there are many, only some labels are written."""
    drawn = [_legend(rows)]
    top = _step(max((sum(part.value for part in row.parts) for row in rows), default=0.0))
    base, left, right = _LEGEND + 10 + _PLOT_HEIGHT, 44.0, float(_WIDTH - 8)
    for line in range(5):
        at = base - _PLOT_HEIGHT * line / 4
        drawn.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(left, right, at, at))
        drawn.append(_text(left - 8, at + 4, f"{top * line / 4:,.0f}", "end", "small"))
    room = (right - left) / max(len(rows), 1)
    width = min(room * 0.72, 60.0)
    every = math.ceil(52 / room) if room < 52 else 1
    for number, row in enumerate(rows):
        x, y = left + room * (number + 0.5) - width / 2, float(base)
        for part in row.parts:
            height = _PLOT_HEIGHT * part.value / top
            y -= height
            if part.value > 0:
                drawn.append(_rectangle(x, y, width, height, part))
        if number % every == 0:
            drawn.append(_text(x + width / 2, base + 20, row.label, "middle", "small"))
    return _chart(title, description, base + _AXIS - 24, drawn)


def _step(highest: float) -> float:
    """The top of a scale of four steps that a person can read: 4, 8, 20, 40, 80, 200 …"""
    size = 1
    while True:
        for step in (1, 2, 5):
            if 4 * step * size >= highest:
                return 4.0 * step * size
        size *= 10


def _legend(rows: Sequence[Bar]) -> Markup:
    seen = {part.name for row in rows for part in row.parts if part.value}
    named = {part.name: part.colour for row in rows for part in row.parts if part.name and part.name in seen}
    if len(named) < 2:
        return Markup("")
    pieces, left = [], 0.0
    for name, colour in named.items():
        pieces.append(Markup('<rect class="{}" x="{:.0f}" y="2" width="12" height="12" rx="2"/>').format(colour, left))
        pieces.append(_text(left + 18, 13, name, "start", "small"))
        left += 34 + 7.2 * len(name)
    return Markup("").join(pieces)


def _rectangle(x: float, y: float, width: float, height: float, part: Part) -> Markup:
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
    ).format(part.colour, x, y, width, height, part.tip)


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(kind, x, y, anchor, text)


def _chart(title: str, description: str, height: float, drawn: Sequence[Markup]) -> Markup:
    return Markup('<svg viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, escape(f"{title}. {description}"), Markup("").join(drawn)
    )
