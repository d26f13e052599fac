"""Heat maps: a grid of coloured cells with their values written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segmenter.report.charts.style import canvas, wrapped
from segmenter.report.palette import INK, PAPER, readable_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure as Canvas

COLD, WARM = "#2b6ca3", "#d9782d"


@dataclass(frozen=True)
class Grid:
    """Cells of shape (n_rows, n_columns): `values` give the colour, NaN none, `texts` what is written in.

    `title` says what the columns are where their names do not.
    """

    values: NDArray[np.float64]
    texts: Sequence[Sequence[str]]
    rows: Sequence[str]
    columns: Sequence[str]
    title: str = ""


def draw_grid(
    grid: Grid, ends: tuple[str, str] | None = None, cell_height: float = 0.3, fontsize: float = 7.5
) -> Canvas:
    """The grid as a drawing; columns are named above, rows at the left. `ends` colour what lies below and above zero."""
    heads = [wrapped(name, max(8, 84 // len(grid.columns))) for name in grid.columns]
    lines = max(name.count("\n") + 1 for name in heads) + bool(grid.title)
    figure, (axes,) = canvas(0.2 + 0.16 * lines + cell_height * len(grid.rows))
    _cells(axes, grid, _colours(grid.values, ends), fontsize)
    axes.set_xlim(0, len(grid.columns))
    axes.set_ylim(len(grid.rows), 0)
    axes.set_xticks(np.arange(len(grid.columns)) + 0.5, heads, color=INK)
    axes.set_yticks(np.arange(len(grid.rows)) + 0.5, grid.rows, color=INK, multialignment="right")
    axes.tick_params(length=0, labelsize=7.5, top=True, labeltop=True, bottom=False, labelbottom=False)
    if len(heads) > 7:
        axes.tick_params(axis="x", labelsize=6.5)
    if grid.title:
        axes.xaxis.set_label_position("top")
        axes.set_xlabel(grid.title)
    axes.spines[:].set_visible(False)
    return figure


def _cells(axes: Axes, grid: Grid, colours: list[list[str]], fontsize: float) -> None:
    """Rectangles in one collection, which draws ten times as fast as one by one, and their texts."""
    from matplotlib.collections import PolyCollection

    filled = [(row, at, colour) for row, line in enumerate(colours) for at, colour in enumerate(line) if colour]
    corners = [[(at, row), (at + 1, row), (at + 1, row + 1), (at, row + 1)] for row, at, _ in filled]
    faces = [colour for _, _, colour in filled]
    cells = PolyCollection(corners, facecolors=faces, edgecolors=PAPER, linewidths=1.2)
    cells.set_gid("grid-cells")  # a dark page dims them
    axes.add_collection(cells, autolim=False)
    for row, at, colour in filled:
        axes.text(
            at + 0.5, row + 0.5, grid.texts[row][at], ha="center", va="center", fontsize=fontsize,
            color=readable_on(colour),
        ).set_in_layout(False)  # fmt: skip


def _colours(values: NDArray[np.float64], ends: tuple[str, str] | None) -> list[list[str]]:
    from matplotlib.colors import to_hex

    scale = _scale(ends)
    reach = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0
    share = values / (reach or 1.0)
    place = (share + 1) / 2 if ends else share
    return [[to_hex(scale(float(cell))) if np.isfinite(cell) else "" for cell in row] for row in place]


def _scale(ends: tuple[str, str] | None) -> LinearSegmentedColormap:
    from matplotlib.colors import LinearSegmentedColormap

    stops = [ends[0], "#f3f5f7", ends[1]] if ends else ["#e6ecf2", "#9dbfd9", COLD, "#16456f"]
    return LinearSegmentedColormap.from_list("segmenter", stops)
