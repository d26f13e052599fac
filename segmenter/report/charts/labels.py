"""Names on a drawing, kept apart: where they would touch they are moved, and a line leads back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segmenter.report.charts.style import WIDTH, wrapped
from segmenter.report.palette import INK, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTER, LINE = 0.058, 0.125  # inches that a letter and a line take at FONT
FONT = 7.5
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Name:
    """A name, the place in data units that it belongs to, and its colour."""

    text: str
    x: float
    y: float
    colour: str


def name_places(axes: Axes, names: list[Name], height: float) -> None:
    """Write each name at its place on a drawing `height` inches high; its limits must be set before."""
    if not names:
        return
    texts = [wrapped(name.text, 26) for name in names]
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    per_inch = (high - low) / np.array([WIDTH - 0.5, height - 0.4])
    anchors = (np.array([(name.x, name.y) for name in names]) - low) / per_inch
    centres = apart(anchors, np.array([_size(text) for text in texts]), (high - low) / per_inch)
    for name, text, anchor, centre in zip(names, texts, anchors, centres, strict=True):
        if np.abs(centre - anchor).max() > LINE:
            axes.plot(*(np.array([anchor, centre]) * per_inch + low[None, :]).T, color=name.colour, linewidth=0.8)
        box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": name.colour, "alpha": 0.92}
        place = centre * per_inch + low
        axes.text(
            place[0],
            place[1],
            text,
            ha="center",
            va="center",
            multialignment="center",
            fontsize=FONT,
            color=INK,
            bbox=box,
            zorder=5,
        )


def _size(text: str) -> tuple[float, float]:
    """Width and height in inches of a name with its box."""
    lines = text.split("\n")
    return LETTER * max(map(len, lines)) + 0.12, LINE * len(lines) + 0.1


def apart(anchors: Boxes, sizes: Boxes, page: Boxes) -> Boxes:
    """Centres (n, 2) near `anchors` (n, 2) so that boxes of `sizes` (n, 2) touch neither each other nor leave the page.

    Boxes that overlap push each other along the axis on which less is needed, until none do. Where the page (2,)
    is too small for all of them the last try stands.
    """
    centres, half = anchors.copy(), sizes / 2
    for _ in range(400):
        centres = np.clip(centres, np.minimum(half, page / 2), np.maximum(page - half, page / 2))
        if not _push(centres, half):
            break
    return centres


def _push(centres: Boxes, half: Boxes) -> bool:
    """Move every overlapping pair half its overlap apart, in place; says whether there was one."""
    pushed = False
    for one in range(len(centres)):
        for other in range(one + 1, len(centres)):
            between = centres[other] - centres[one]
            overlap = half[one] + half[other] - np.abs(between)
            if (overlap > 1e-6).all():
                axis = int(np.argmin(overlap))
                step = np.zeros(2)
                step[axis] = (overlap[axis] / 2 + 0.005) * (1 if between[axis] >= 0 else -1)
                centres[one] -= step
                centres[other] += step
                pushed = True
    return pushed


def name_ends(axes: Axes, x: float, ends: list[tuple[float, str, str]], height: float) -> float:
    """Write each line's name beside its end (y, name, colour), moved apart where names would touch.

    The right limit is moved so that the names find room; says how many inches are left for the lines.
    """
    ends = sorted(ends)
    texts = [wrapped(name, 28) for _, name, _ in ends]
    low, high = axes.get_ylim()
    left = axes.get_xlim()[0]
    room = WIDTH - 0.75
    lines = room - LETTER * max(max(map(len, text.split("\n"))) for text in texts) - 0.15
    axes.set_xlim(left, left + (x - left) * room / lines)
    per_inch = (high - low) / (height - 0.6)
    places = _stacked(np.array([y for y, _, _ in ends]), [_size(text)[1] * per_inch for text in texts], low, high)
    reach = 0.1 * (x - left) / lines
    for (y, _, colour), text, place in zip(ends, texts, places, strict=True):
        axes.plot((x, x + reach), (y, place), color=colour, linewidth=0.6, clip_on=False)
        ground = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        named = axes.text(
            x + 1.4 * reach, place, text, color=INK, va="center", fontsize=FONT, linespacing=1, bbox=ground
        )
        named.set_in_layout(False)
    return lines


def _stacked(wanted: Boxes, heights: list[float], low: float, high: float) -> list[float]:
    """Centres near `wanted` (n,), ascending, each `heights` high, from `low` to `high` where they fit."""
    places: list[float] = []
    floor = low
    for y, height in zip(wanted, heights, strict=True):
        places.append(max(float(y), floor + height / 2))
        floor = places[-1] + height / 2
    ceiling = high
    for at in reversed(range(len(places))):
        places[at] = min(places[at], ceiling - heights[at] / 2)
        ceiling = places[at] - heights[at] / 2
    return places
