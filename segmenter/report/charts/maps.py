"""Where customers sit: t-SNE and PCA on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.report.charts.canvas import Scene, sheet, ticks, to_svg
from segmenter.report.palette import ALARM, INK, PAPER
from segmenter.report.types import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MANY = 600  # points above which they are drawn as one picture inside the SVG


def tsne(scene: Scene) -> Figure | None:
    """The t-SNE map, coloured by segment, anomalies ringed."""
    shown, voice, finding = scene.run.customers.dropna(subset=["tsne_x"]), scene.voice, scene.run.findings.map
    if len(shown) < 3:
        return None
    figure, (ax,) = sheet(4.4)
    _points(scene, ax, shown, "tsne_x", "tsne_y")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_xlabel(voice("t-SNE, no units: near means alike, distances between groups mean little"))
    n_odd = int(shown["is_anomaly"].sum())
    return Figure(
        "tsne",
        voice("Map of the customers (t-SNE)"),
        to_svg(figure, "tsne"),
        voice(
            "{n} customers; neighbours buy alike. The {odd} red rings are the odd ones.",
            n=voice.number(len(shown)),
            odd=voice.number(n_odd),
        ),
        voice("Scatter of customers coloured by segment, each segment's name at its middle, anomalies ringed in red."),
        voice(
            "t-SNE, perplexity {perplexity}, trustworthiness {trust}, {n} customers",
            perplexity=voice.number(finding.perplexity),
            trust=voice.number(finding.trustworthiness, 2),
            n=voice.number(finding.n_sample),
        ),
    )


def pca(scene: Scene) -> Figure | None:
    """The PCA map with what its axes are made of."""
    shown, voice, finding = scene.run.customers.dropna(subset=["pca_x", "pca_y"]), scene.voice, scene.run.findings.map
    if len(shown) < 3 or len(finding.pca_explained) < 2:
        return None
    figure, (ax,) = sheet(3.6)
    _points(scene, ax, shown, "pca_x", "pca_y")
    ax.set_xlabel(_axis(scene, 0))
    ax.set_ylabel(_axis(scene, 1))
    ticks(ax.xaxis, voice.number)
    ticks(ax.yaxis, voice.number)
    return Figure(
        "pca",
        voice("The same customers on two main axes (PCA)"),
        to_svg(figure, "pca"),
        voice(
            "The two axes hold {share} of all differences between customers; here distances can be trusted.",
            share=voice.percent(sum(finding.pca_explained[:2])),
        ),
        voice("Scatter of customers on the first two principal components, coloured by segment."),
        voice("PCA of the prepared features, {n} customers", n=voice.number(finding.n_sample)),
    )


def _axis(scene: Scene, number: int) -> str:
    """An axis in words: its share of the variance and the two features that weigh most."""
    finding = scene.run.findings.map
    pairs = sorted(zip(finding.pca_names, finding.pca_loadings[number], strict=True), key=lambda pair: -abs(pair[1]))
    weights = ", ".join(f"{'+' if weight > 0 else '−'} {scene.label(name)}" for name, weight in pairs[:2])
    return scene.voice(
        "axis {n} ({share}): {weights}",
        n=number + 1,
        share=scene.voice.percent(finding.pca_explained[number]),
        weights=weights,
    )


def _points(scene: Scene, ax: Axes, shown: pd.DataFrame, x: str, y: str) -> None:
    """One set of markers per segment, rings round anomalies, names at the middles."""
    drawn = len(shown) > MANY
    size = 5 if drawn else 14
    for card in scene.run.findings.cards:
        mine = shown[shown["segment"] == card.label]
        style = {"color": scene.colours[card.label], "marker": scene.markers[card.label], "linewidths": 0}
        ax.scatter(mine[x], mine[y], s=size, alpha=0.75, rasterized=drawn, **style)
    odd = shown[shown["is_anomaly"].astype(bool)]
    ax.scatter(
        odd[x], odd[y], s=26, facecolors="none", edgecolors=ALARM, linewidths=0.9, rasterized=len(odd) > MANY // 2
    )
    for label, x_middle, y_middle in _middles(scene, shown, x, y):
        box = {"boxstyle": "round,pad=0.2", "facecolor": PAPER, "edgecolor": scene.colours[label], "linewidth": 0.8}
        ax.text(
            x_middle, y_middle, scene.names[label], ha="center", va="center", fontsize=8, color=INK, bbox=box, zorder=5
        )


def _middles(scene: Scene, shown: pd.DataFrame, x: str, y: str) -> list[tuple[int, float, float]]:
    """Where each segment's name goes: its median point, moved up where two names would touch."""
    middles = shown.groupby("segment")[[x, y]].median().sort_values(y)
    wide, high = float(shown[x].max() - shown[x].min()), float(shown[y].max() - shown[y].min())
    placed: list[tuple[int, float, float]] = []
    for label, row in middles.iterrows():
        at_x, at_y = float(row[x]), float(row[y])
        for _, other_x, other_y in placed:
            if abs(at_x - other_x) < 0.26 * wide and at_y - other_y < 0.07 * high:
                at_y = other_y + 0.07 * high
        placed.append((int(str(label)), at_x, at_y))
    return placed
