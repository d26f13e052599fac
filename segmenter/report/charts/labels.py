"""Names on a drawing, placed where they cover few points and no other name, with a line to what they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segmenter.report.charts.style import WIDTH, text_width, wrapped
from segmenter.report.palette import INK, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 0.125  # inches that a line takes at FONT
FONT = 7.5
STEP = 0.05  # inches between two places that a name may have
COVERED = 30.0  # cost of covering all points, in inches of distance from the name's place
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Name:
    """A name, the place in data units that it belongs to, and its colour."""

    text: str
    x: float
    y: float
    colour: str


def name_places(axes: Axes, names: list[Name], height: float, points: Boxes) -> None:
    """Write each name near its place on a drawing `height` inches high, away from its `points` (n, 2) in data units.

    The limits of the axes must be set before.
    """
    texts = [wrapped(name.text, 26) for name in names]
    low, high = np.array([axes.get_xlim(), axes.get_ylim()]).T
    per_inch = (high - low) / np.array([WIDTH - 0.5, height - 0.4])
    anchors = (np.array([(name.x, name.y) for name in names]).reshape(-1, 2) - low) / per_inch
    sizes = np.array([_size(text) for text in texts]).reshape(-1, 2)
    centres = free_places(anchors, sizes, (high - low) / per_inch, (points - low) / per_inch)
    for name, text, anchor, centre in zip(names, texts, anchors, centres, strict=True):
        if np.linalg.norm(anchors - centre, axis=1).min() < np.linalg.norm(anchor - centre):
            axes.plot(*(np.array([anchor, centre]) * per_inch + low).T, color=INK, linewidth=0.6, zorder=4)
        box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": name.colour, "alpha": 0.92}
        x, y = centre * per_inch + low
        axes.text(
            x,
            y,
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
    return max(text_width(line, FONT) for line in lines) + 0.1, LINE * len(lines) + 0.08


def free_places(anchors: Boxes, sizes: Boxes, page: Boxes, points: Boxes) -> Boxes:
    """Centres (n, 2) near `anchors` (n, 2) for boxes of `sizes` (n, 2) on a page (2,), all in inches.

    Boxes are placed one after another, each where its distance to its anchor plus `COVERED` times the share of the
    `points` (m, 2) under it is least; it overlaps another box only where no other place is left.
    """
    counts = _counts(points, page)
    centres = np.empty_like(anchors)
    for at, (anchor, size) in enumerate(zip(anchors, sizes, strict=True)):
        places = _candidates(size, page)
        distance = np.linalg.norm(places - anchor, axis=1)
        covered = _inside(counts, places, size) / max(len(points), 1)
        overlaps = _overlaps(places, size, centres[:at], sizes[:at])
        centres[at] = places[np.argmin(distance + COVERED * covered + 1e3 * overlaps)]
    return centres


def _candidates(size: Boxes, page: Boxes) -> Boxes:
    """Centres (k, 2) at which a box lies within the page, in steps; the page's middle where the box is larger."""
    axes = [
        np.arange(half, length - half + STEP / 2, STEP) if 2 * half <= length else np.array([length / 2])
        for half, length in zip(size / 2, page, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def _counts(points: Boxes, page: Boxes) -> Boxes:
    """How many points lie left of and below each corner of a grid with cells of `STEP` (a summed-area table)."""
    edges = [np.arange(0, length + 2 * STEP, STEP) for length in page]
    counts = np.histogram2d(points[:, 0], points[:, 1], bins=edges)[0]
    summed: Boxes = np.pad(counts.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return summed


def _inside(counts: Boxes, places: Boxes, size: Boxes) -> Boxes:
    """How many points lie under a box at each of `places` (k, 2)."""
    last = np.array(counts.shape) - 1
    low = np.clip(((places - size / 2) / STEP).round().astype(int), 0, last)
    high = np.clip(((places + size / 2) / STEP).round().astype(int), 0, last)
    (left, bottom), (right, top) = low.T, high.T
    found: Boxes = counts[right, top] - counts[left, top] - counts[right, bottom] + counts[left, bottom]
    return found


def _overlaps(places: Boxes, size: Boxes, centres: Boxes, sizes: Boxes) -> Boxes:
    """How many of the boxes at `centres` with `sizes` (n, 2) a box at each of `places` (k, 2) would overlap."""
    reach = (sizes + size) / 2
    touching = (np.abs(places[:, None, :] - centres[None, :, :]) < reach[None, :, :]).all(axis=2)
    found: Boxes = touching.sum(axis=1).astype(float)
    return found


def name_ends(axes: Axes, x: float, ends: list[tuple[float, str, str]], height: float) -> float:
    """Write the names of lines right of the axes, each beside its line's end: (y, name, colour) at `x`, spread out.

    Sets the right limit of the axes to `x` and returns their width in inches. Their limits in y must be set before.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    ends = sorted(ends)
    texts = [wrapped(name, 28) for _, name, _ in ends]
    names = max(text_width(line, FONT) for text in texts for line in text.split("\n")) + 0.25
    axes.set_xlim(right=x)
    if isinstance(layout := axes.figure.get_layout_engine(), ConstrainedLayoutEngine):
        layout.set(rect=(0, 0, 1 - names / WIDTH, 1))
    lines = WIDTH - names - 0.6
    low, high = axes.get_ylim()
    per_inch = (high - low) / (height - 0.6)
    places = _stacked(np.array([y for y, _, _ in ends]), [_size(text)[1] * per_inch for text in texts], low, high)
    across = axes.get_yaxis_transform()
    for (y, _, colour), text, place in zip(ends, texts, places, strict=True):
        axes.plot((1, 1 + 0.1 / lines), (y, place), color=colour, linewidth=0.6, clip_on=False, transform=across)
        named = axes.text(
            1 + 0.14 / lines, place, text, color=INK, va="center", fontsize=FONT, linespacing=1, transform=across
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
