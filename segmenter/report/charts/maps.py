"""Maps of the customers: t-SNE and principal components, a point per customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmenter.report.charts.labels import Name, name_places
from segmenter.report.charts.marks import RING, shaped
from segmenter.report.charts.segments import label_of
from segmenter.report.charts.style import Look, canvas, tick_numbers, to_svg, wrapped
from segmenter.report.palette import ALARM
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

APART = 0.97  # least share of nearest neighbours in the same segment where each has a part of the map to itself


def neighbourhoods(run: Run, look: Look) -> Figure | None:
    """The t-SNE map, coloured by segment, anomalies ringed."""
    placed = run.customers.dropna(subset=["tsne_x", "tsne_y"])
    if len(placed[["tsne_x", "tsne_y"]].drop_duplicates()) < 3:
        return None
    height = 3.1 if len(look.names) < 9 else 3.3
    figure, (axes,) = canvas(height)
    _points(axes, placed, "tsne_x", "tsne_y", look)
    _ring_anomalies(axes, placed, "tsne_x", "tsne_y")
    _names(axes, placed, ("tsne_x", "tsne_y"), look, height)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return Figure(
        "map-tsne",
        "The map of customers (t-SNE)",
        shaped(to_svg(figure)),
        _reading(run, look, placed),
        look.voice(
            "Scatter plot of {count} customers: neighbours on the map behave alike.",
            count=look.voice.number(len(placed)),
        ),
        "customers.parquet: tsne_x, tsne_y, segment, is_anomaly",
    )


def _reading(run: Run, look: Look, placed: pd.DataFrame) -> str:
    """How far each segment keeps to its part of the map, and what the rings are."""
    n_odd, own = int(placed["is_anomaly"].sum()), run.findings.map.own_neighbour
    sentences = [_apart(look, *own)] if own and len(look.names) > 1 else []
    if n_odd or not sentences:
        n_all = int(run.customers["is_anomaly"].sum())
        text = (
            "Red rings mark the odd customers: {count}."
            if n_odd == n_all
            else "Red rings mark the odd customers who are on the map: {count} of {all}."
        )
        sentences.append(look.voice(text, count=look.voice.number(n_odd), all=look.voice.number(n_all)))
    return " ".join(sentences)


def _apart(look: Look, of_all: float, by_segment: dict[int, float]) -> str:
    """The share of customers whose nearest neighbour on the map is of their segment, and where it is least."""
    mixed = min((label for label in look.names if label in by_segment), key=lambda label: by_segment[label])
    share, least = look.voice.percent(of_all, 0), look.voice.percent(by_segment[mixed], 0)
    text = (
        "Each segment has its own part of the map: {share} of the customers have their nearest neighbour in their own segment."
        if of_all >= APART
        else "The segments blend where they meet: {share} of the customers have their nearest neighbour in their own segment."
        if share == least
        else "The segments blend where they meet: {share} of the customers have their nearest neighbour in their own "
        "segment, {least} of {name}."
    )
    return look.voice(text, share=share, least=least, name=look.names[mixed])


def components(run: Run, look: Look) -> Figure | None:
    """The first two principal components, with what each axis stands for."""
    placed = run.customers.dropna(subset=["pca_x", "pca_y"])
    finding = run.findings.map
    if placed.empty or len(finding.pca_loadings) < 2:
        return None
    height = 2.7 if len(look.names) < 9 else 3.1
    figure, (axes,) = canvas(height)
    _points(axes, placed, "pca_x", "pca_y", look)
    _names(axes, placed, ("pca_x", "pca_y"), look, height)
    axes.grid()
    axes.set_axisbelow(True)
    axes.set_xlabel(_axis(run, look, 0))
    axes.set_ylabel("\n".join(wrapped(line, 48) for line in _axis(run, look, 1).split("\n")), fontsize=7)
    for ticks in (axes.xaxis, axes.yaxis):
        tick_numbers(ticks, look.voice.number)
    explained = look.voice.percent(sum(finding.pca_explained[:2]))
    return Figure(
        "map-pca",
        "The two directions in which customers differ most (PCA)",
        shaped(to_svg(figure)),
        look.voice("These two directions capture {share} of all differences between customers.", share=explained),
        look.voice(
            "Scatter plot of {count} customers on the first two principal components.",
            count=look.voice.number(len(placed)),
        ),
        "customers.parquet: pca_x, pca_y; run.json: map",
    )


def _axis(run: Run, look: Look, axis: int) -> str:
    """The strongest loadings of a component, in words and on two lines."""
    finding = run.findings.map
    loadings = sorted(zip(finding.pca_names, finding.pca_loadings[axis], strict=False), key=lambda pair: -abs(pair[1]))
    parts = [f"{look.voice('more' if value > 0 else 'less')}: {label_of(run, name)}" for name, value in loadings[:2]]
    share = look.voice.percent(finding.pca_explained[axis])
    title = look.voice("component {n} ({share} of the differences)", n=axis + 1, share=share)
    return f"{title}\n{'; '.join(parts)} →"


def _points(axes: Axes, placed: pd.DataFrame, x: str, y: str, look: Look) -> None:
    """A mark per customer in the segment's colour; `shaped` turns it into the segment's marker."""
    width = float(np.clip(160 / np.sqrt(len(placed)), 2.4, 6))
    for label, colour in look.colours.items():
        own = placed.loc[placed["segment"] == label, [x, y]].to_numpy(float)
        _marks(axes, own, look.markers[label], edgecolor=colour, linewidth=width, capstyle="round", alpha=0.7)
    axes.update_datalim(placed[[x, y]].to_numpy(float))
    axes.autoscale_view()


def _ring_anomalies(axes: Axes, placed: pd.DataFrame, x: str, y: str) -> None:
    odd = placed.loc[placed["is_anomaly"].astype(bool), [x, y]].to_numpy(float)
    _marks(axes, odd, RING, edgecolor=ALARM, linewidth=0.8)


def _marks(axes: Axes, places: NDArray[np.float64], marker: str, **style: Any) -> None:
    """One path for all `places` (n, 2), with a line of zero length for each: a hundred times lighter than markers.

    `shaped` replaces the lines by the marker in the finished drawing.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if len(places):
        codes = np.tile([Path.MOVETO, Path.LINETO], len(places)).astype(np.uint8)
        path = Path(np.repeat(places, 2, axis=0), codes)
        path.should_simplify = False
        patch = PathPatch(path, facecolor="none", **style)
        patch.set_gid(f"marks-{marker}")
        axes.add_artist(patch)  # add_patch would compute the extent of every line


def _names(axes: Axes, placed: pd.DataFrame, columns: tuple[str, str], look: Look, height: float) -> None:
    """Each segment's name near the median of its points."""
    medians = {label: (x, y) for label, x, y in placed.groupby("segment")[list(columns)].median().itertuples()}
    names = [Name(name, *medians[label], look.colours[label]) for label, name in look.names.items() if label in medians]
    name_places(axes, names, height, placed[list(columns)].to_numpy(float))
