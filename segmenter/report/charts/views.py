"""Charts of the other readings of the same customers: tree, density, RFM and basket themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmenter.report.charts.grid import Grid, draw_grid
from segmenter.report.charts.style import Look, canvas, to_svg, wrapped
from segmenter.report.palette import ALARM, COLOURS, INK, MUTED
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def dendrogram(run: Run, look: Look) -> Figure | None:
    """The top of the hierarchical tree, its leaves coloured by the segment most of them belong to."""
    finding = run.findings.hierarchy
    if len(finding.tree) < 1:
        return None
    figure, (axes,) = canvas(3.0)
    _tree(axes, run, look)
    if finding.cut_height > 0:
        axes.axhline(finding.cut_height, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_ylabel(
        f"{look.voice('distance at which groups join')}\n"
        + look.voice("({linkage} linkage)", linkage=look.voice(finding.linkage))
    )
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.number(value))
    axes.set_xlabel(look.voice("groups of customers, with their number; colours are the segments of this report"))
    axes.spines["bottom"].set_visible(False)
    return Figure(
        "dendrogram",
        "The family tree of the segments (dendrogram)",
        to_svg(figure),
        "Groups that join low are alike; the dashed line is the cut into the segments compared here."
        if finding.cut_height > 0
        else "Groups that join low are alike.",
        look.voice("Dendrogram of {count} groups of customers.", count=len(finding.leaf_sizes)),
        "run.json: hierarchy",
    )


def _tree(axes: Axes, run: Run, look: Look) -> None:
    from scipy.cluster.hierarchy import dendrogram as layout

    finding = run.findings.hierarchy
    drawn = layout(np.array(finding.tree), no_plot=True)
    for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        axes.plot(x, y, color=MUTED, linewidth=1)
    leaves = list(drawn["leaves"] or ())
    places = [5 + 10 * position for position in range(len(leaves))]
    colours = [look.colours[finding.leaf_segments[leaf]] for leaf in leaves]
    axes.scatter(places, [0] * len(leaves), s=34, c=colours, zorder=3, clip_on=False, marker="s")
    axes.set_xticks(places, [look.voice.number(finding.leaf_sizes[leaf]) for leaf in leaves])
    axes.tick_params(axis="x", length=0, labelsize=6.5, pad=5, rotation=45 if len(leaves) > 22 else 0)
    axes.set_ylim(0)


def k_distances(run: Run, look: Look) -> Figure | None:
    """The k-distance curve and the eps read from it (Ester et al., 1996)."""
    finding = run.findings.anomalies
    if len(finding.k_distances) < 2:
        return None
    figure, (axes,) = canvas(2.3)
    share = np.linspace(0, 1, len(finding.k_distances))
    axes.plot(share, finding.k_distances, color=COLOURS[0])
    axes.grid(axis="y")
    if np.isfinite(finding.eps):
        axes.axhline(finding.eps, color=ALARM, linewidth=0.9, linestyle=(0, (4, 3)))
        label = f"eps = {look.voice.number(finding.eps, 2)}"
        axes.annotate(label, (1, finding.eps), (0, 4), textcoords="offset points", ha="right", color=ALARM)
    axes.set_xlim(0, 1)
    axes.set_ylim(0)
    axes.xaxis.set_major_formatter(lambda value, _: look.voice.percent(value, 0))
    axes.set_xlabel(look.voice("share of the customers, loneliest first"))
    words = look.voice("distance to the nearest customer number {n}", n=finding.min_samples)
    axes.set_ylabel(wrapped(words, 24))
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.number(value, 1))
    return Figure(
        "k-distance",
        "Where ordinary ends (k-distance curve)",
        to_svg(figure),
        "Customers left of the crossing have too few neighbours within reach to be ordinary.",
        "Line chart: sorted distances to the k-th neighbour, with the chosen eps.",
        "run.json: anomalies, k_distances",
    )


def crosswalk(run: Run, look: Look) -> Figure | None:
    """Customers per RFM segment and K-Means segment."""
    rfm = run.findings.rfm
    rows = [row for row, customers in enumerate(rfm.customers) if customers]
    if not rows or len(look.names) < 2:
        return None
    counts = np.array([rfm.crosswalk[row] for row in rows], float)
    texts = [[look.voice.number(cell) if cell else "" for cell in row] for row in counts]
    grid = Grid(counts, texts, [rfm.names[row] for row in rows], tuple(look.names.values()))
    return Figure(
        "rfm",
        "The same customers by RFM scores",
        to_svg(draw_grid(grid)),
        look.voice(
            "A row is what an RFM scoring would call these customers, a column the segment they are in here. In another "
            "column than most of their row: {count}.",
            count=look.voice.number(rfm.n_disagree),
        ),
        "Heat map: customers per RFM segment and segment of this report.",
        "run.json: rfm, crosswalk; customers.parquet: rfm_segment",
    )


def themes(run: Run, look: Look) -> Figure | None:
    """Each segment's share of the basket themes."""
    found = run.findings.themes
    if not found or len(look.names) < 2:
        return None
    values = np.array([theme.segment_shares for theme in found])
    texts = [[look.voice.percent(cell, 0) for cell in row] for row in values]
    rows = [wrapped(theme.name, 34) for theme in found]
    height = 0.1 + 0.12 * max(row.count("\n") + 1 for row in rows)
    grid = Grid(values, texts, rows, tuple(look.names.values()))
    return Figure(
        "themes",
        "What they buy (basket themes)",
        to_svg(draw_grid(grid, cell_height=height)),
        "Read a column downwards: how a segment's orders divide over the themes.",
        "Heat map: share of each basket theme per segment.",
        "run.json: themes",
    )
