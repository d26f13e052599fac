"""Charts of other views of the same customers: tree, density, RFM and basket themes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.analysis.reading_types import HierarchyFinding
from segmenter.report.charts.grid import Grid, draw_grid
from segmenter.report.charts.style import LINE, WIDTH, Look, canvas, text_width, tick_numbers, to_svg, wrapped
from segmenter.report.palette import ALARM, COLOURS, INK, MUTED
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NARROW = 12  # letters on a line of a segment's name under few leaves
ALIKE = 0.1  # difference between segments' shares of a theme below which they buy much the same
MANY_REACH = (
    "About {share} of the customers, left of the crossing, have fewer than {n} others within reach. {odd} of them are "
    "also out of reach of anyone who has that many: these count as odd."
)
REACH = {
    0: "About {share} of the customers, left of the crossing, have fewer than {n} others within reach. All of them "
    "are within reach of someone who has that many: nobody stands alone.",
    1: "About {share} of the customers, left of the crossing, have fewer than {n} others within reach. One of them is "
    "also out of reach of anyone who has that many, and counts as odd.",
}
ALONE = (
    "Rows are RFM segments. RFM's thresholds divide the customers although they form a single group: a division to "
    "work with, not distinct types of customer."
)
MANY_DISAGREE = (
    "Rows are RFM segments, columns the segments of this report. {count} customers are in a different segment from "
    "most of their RFM segment: an RFM campaign would treat them differently."
)
DISAGREE = {
    0: "Rows are RFM segments, columns the segments of this report. Every customer is in the same segment as most of "
    "their RFM segment.",
    1: "Rows are RFM segments, columns the segments of this report. One customer is in a different segment from most "
    "of their RFM segment: an RFM campaign would treat that one differently.",
}


def dendrogram(run: Run, look: Look) -> Figure | None:
    """The top of the hierarchical tree, its leaves coloured by the segment most of them belong to."""
    from scipy.cluster.hierarchy import dendrogram as layout

    finding = run.findings.hierarchy
    if len(finding.tree) < 1:
        return None
    drawn = layout(np.array(finding.tree), no_plot=True)
    names = _run_names(_runs(finding, drawn["leaves"] or ()), len(finding.leaf_sizes), look)
    figure, (axes,) = canvas(2.7 + LINE * max(0, max(name.count("\n") for name in names.values()) - 2))
    _tree(axes, run, look, drawn)
    _name_runs(axes, names, look)
    if finding.cut_height > 0:
        axes.axhline(finding.cut_height, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_ylabel(
        f"{look.voice('distance at which groups join')}\n"
        + look.voice(
            "({linkage} linkage)", linkage=look.voice("Ward" if finding.linkage == "ward" else finding.linkage)
        )
    )
    tick_numbers(axes.yaxis, look.voice.number)
    axes.spines["bottom"].set_visible(False)
    return Figure(
        "dendrogram",
        "The family tree of the segments (dendrogram)"
        if len(look.names) > 1
        else "The family tree of the customers (dendrogram)",
        to_svg(figure),
        _tree_reading(run, look),
        look.voice("Dendrogram of {count} groups of customers.", count=len(finding.leaf_sizes)),
        "run.json: hierarchy",
    )


def _tree_reading(run: Run, look: Look) -> str:
    """Which segments are most alike, and what the dashed line is."""
    finding, sentences = run.findings.hierarchy, []
    if len(look.names) > 2 and finding.merges and {*finding.merges[0][1:]} <= look.names.keys():
        one, other = (look.names[label] for label in finding.merges[0][1:])
        sentences.append(
            look.voice("{one} and {other} are most alike: they would be the first to merge.", one=one, other=other)
        )
    if finding.cut_height > 0:
        sentences.append(look.voice("The dashed line cuts the tree into as many groups as there are segments."))
    return " ".join(sentences) or look.voice("Groups that join low down are alike.")


def _tree(axes: Axes, run: Run, look: Look, drawn: Any) -> None:
    """The joins and leaves that scipy laid out, with the number of customers under each leaf."""
    finding = run.findings.hierarchy
    for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        axes.plot(x, y, color=MUTED, linewidth=1)
    leaves = list(drawn["leaves"] or ())
    places = [5 + 10 * position for position in range(len(leaves))]
    colours = [look.colours[finding.leaf_segments[leaf]] for leaf in leaves]
    axes.scatter(places, [0] * len(leaves), s=34, c=colours, zorder=3, clip_on=False, marker="s")
    axes.set_xticks(places, [look.voice.number(finding.leaf_sizes[leaf]) for leaf in leaves])
    axes.tick_params(axis="x", length=0, labelsize=6.5, pad=5, rotation=45 if len(leaves) > 22 else 0)
    axes.set_ylim(0)


def _runs(finding: HierarchyFinding, leaves: Sequence[int]) -> dict[int, tuple[int, int]]:
    """The run of leaves with the most customers of each segment: its first place and its length."""
    runs: dict[int, tuple[int, int]] = {}
    most: dict[int, int] = {}
    for segment, members in groupby(range(len(leaves)), key=lambda at: finding.leaf_segments[leaves[at]]):
        own = list(members)
        customers = sum(finding.leaf_sizes[leaves[at]] for at in own)
        if customers > most.get(segment, 0):
            runs[segment], most[segment] = (own[0], len(own)), customers
    return runs


def _run_names(runs: dict[int, tuple[int, int]], n_leaves: int, look: Look) -> dict[float, str]:
    """Each segment's name by its place below the leaves; one that would touch another is a row lower."""
    inches = (WIDTH - 0.6) / n_leaves
    found: list[tuple[float, str, int]] = []
    ends: list[float] = []  # of the rows, in inches
    for segment, (first, size) in sorted(runs.items(), key=lambda run: run[1]):
        name = wrapped(look.names[segment], max(NARROW, int(size * inches / 0.055)))
        middle, half = (first + size / 2) * inches, max(text_width(line, 7) for line in name.split("\n")) / 2
        row = next((at for at, end in enumerate(ends) if end + 0.06 < middle - half), len(ends))
        ends[row : row + 1] = [middle + half]
        found.append((5 + 10 * (first + (size - 1) / 2), name, row))
    lines = [max(name.count("\n") + 1 for _, name, at in found if at == row) for row in range(len(ends))]
    return {place: "\n" * sum(lines[:row]) + name for place, name, row in found}


def _name_runs(axes: Axes, names: dict[float, str], look: Look) -> None:
    """Write the segments' names as a second row of ticks."""
    below = axes.secondary_xaxis(-0.13)
    below.set_xticks(list(names), list(names.values()), fontsize=7, color=INK)
    below.tick_params(length=0)
    below.set_xlabel(look.voice("groups of customers with their number, and the segment most of them are in"))
    below.spines[:].set_visible(False)


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
        label = look.voice("within reach: {eps} (eps)", eps=look.voice.number(finding.eps, 2))
        axes.annotate(label, (1, finding.eps), (0, 4), textcoords="offset points", ha="right", color=ALARM)
    axes.set_xlim(0, 1)
    axes.set_ylim(0)
    axes.xaxis.set_major_formatter(lambda value, _: look.voice.percent(value, 0))
    axes.set_xlabel(look.voice("share of the customers, most isolated first"))
    words = look.voice("distance to the {nth} nearest customer", nth=look.voice.ordinal(finding.min_samples))
    axes.set_ylabel(wrapped(words, 24))
    tick_numbers(axes.yaxis, look.voice.number)
    return Figure(
        "k-distance",
        "Where odd begins (k-distance curve)",
        to_svg(figure),
        _reach_reading(run, look),
        "Line chart: sorted distances to the k-th neighbour, with the chosen eps.",
        "run.json: anomalies, k_distances",
    )


def _reach_reading(run: Run, look: Look) -> str:
    """How many customers have too few others within eps, and how many of them are odd."""
    finding = run.findings.anomalies
    return look.voice(
        REACH.get(finding.n_noise, MANY_REACH),
        share=look.voice.percent(1 - finding.n_core / finding.n_customers),
        n=look.voice.number(finding.min_samples),
        odd=look.voice.number(finding.n_noise),
    )


def crosswalk(run: Run, look: Look) -> Figure | None:
    """Customers per RFM segment and K-Means segment."""
    rfm = run.findings.rfm
    rows = [row for row, customers in enumerate(rfm.customers) if customers]
    if max(len(rows), len(look.names)) < 2:
        return None
    counts = np.array([rfm.crosswalk[row] for row in rows], float)
    texts = [[look.voice.number(cell) for cell in row] for row in counts]
    grid = Grid(
        np.where(counts > 0, counts, np.nan), texts, [rfm.names[row] for row in rows], tuple(look.names.values())
    )
    return Figure(
        "rfm",
        "The same customers by RFM scores",
        to_svg(draw_grid(grid, cell_height=0.2)),
        _crosswalk_reading(run, look),
        "Heat map: customers per RFM segment and segment of this report.",
        "run.json: rfm, crosswalk; customers.parquet: rfm_segment",
    )


def _crosswalk_reading(run: Run, look: Look) -> str:
    """How many customers RFM would treat differently, or what its names are good for where there are no segments."""
    if len(look.names) < 2:
        return look.voice(ALONE)
    n = run.findings.rfm.n_disagree
    return look.voice(DISAGREE.get(n, MANY_DISAGREE), count=look.voice.number(n))


def themes(run: Run, look: Look) -> Figure | None:
    """The weight of each basket theme in each segment."""
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
        _themes_reading(run, look),
        "Heat map: weight of each basket theme per segment.",
        "run.json: themes",
    )


def _themes_reading(run: Run, look: Look) -> str:
    """The theme whose weights differ most between two segments, or that none do."""
    theme = max(run.findings.themes, key=lambda theme: float(np.ptp(theme.segment_shares)))
    most, least = int(np.argmax(theme.segment_shares)), int(np.argmin(theme.segment_shares))
    high, low = (look.voice.percent(theme.segment_shares[at], 0) for at in (most, least))
    names = list(look.names.values())
    text = (
        "All segments buy much the same. {theme} differs most: a weight of {high} for {name}, {low} for {other}."
        if np.ptp(theme.segment_shares) < ALIKE
        else "{theme} separates the segments most: a weight of {high} for {name}, {low} for {other}."
    )
    return look.voice(text, theme=theme.name, high=high, low=low, name=names[most], other=names[least])
