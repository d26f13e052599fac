"""Other looks at the same customers: dendrogram, mixture and basket themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.report.charts.canvas import Scene, sheet, ticks, to_svg
from segmenter.report.palette import ALARM, INK, MUTED, PAPER
from segmenter.report.types import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def dendrogram(scene: Scene) -> Figure | None:
    """The tree of customers merged into groups, leaves coloured by their K-Means segment."""
    finding, voice = scene.run.findings.hierarchy, scene.voice
    if not finding.tree:
        return None
    figure, (ax,) = sheet(1.0 + 0.15 * len(finding.leaf_sizes))
    _tree(scene, ax)
    ax.axvline(finding.cut_height, color=ALARM, linewidth=0.9, linestyle=":")
    ax.annotate(
        voice("cut"),
        (finding.cut_height, 1),
        xycoords=("data", "axes fraction"),
        color=ALARM,
        fontsize=7.5,
        xytext=(3, -2),
        textcoords="offset points",
        va="top",
    )
    ax.set_xlabel(voice("height at which two groups merge ({linkage}, {metric})", **_kind(scene)))
    ax.grid(visible=False, axis="y")
    ticks(ax.xaxis, lambda value: voice.number(value, 1))
    return Figure(
        "dendrogram",
        voice("Dendrogram: how customers merge into groups"),
        to_svg(figure, "dendrogram"),
        finding.reason,
        voice("A tree of {n} groups of customers; the dotted line is the cut.", n=len(finding.leaf_sizes)),
        voice("Hierarchical clustering of {n} customers", n=voice.number(finding.n_sample)),
    )


def _kind(scene: Scene) -> dict[str, str]:
    finding = scene.run.findings.hierarchy
    return {"linkage": finding.linkage, "metric": finding.metric}


def _tree(scene: Scene, ax: Axes) -> None:
    """The branches of scipy's linkage matrix, a leaf's size and segment at its foot."""
    import numpy as np
    from scipy.cluster.hierarchy import dendrogram as layout

    finding = scene.run.findings.hierarchy
    drawn = layout(np.asarray(finding.tree, dtype=float), no_plot=True)
    for ys, xs in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        ax.plot(xs, ys, color=MUTED, linewidth=0.9)
    leaves = drawn["leaves"]
    places = [5 + 10 * position for position in range(len(leaves))]
    labels = [f"{scene.names[finding.leaf_segments[i]]}, {scene.voice.number(finding.leaf_sizes[i])}" for i in leaves]
    ax.set_yticks(places, labels, fontsize=7)
    for leaf, text in zip(leaves, ax.get_yticklabels(), strict=True):
        text.set_color(scene.colours[finding.leaf_segments[leaf]])
    ax.set_ylim(0, 10 * len(leaves))
    ax.set_xlim(left=0)


def mixture(scene: Scene) -> Figure | None:
    """BIC of the Gaussian mixture over the number of groups, a line per covariance type."""
    finding, voice = scene.run.findings.mixture, scene.voice
    if finding is None or len(finding.n_clusters) < 2:
        return None
    figure, (ax,) = sheet(2.5)
    for name, curve in finding.bic.items():
        best = name == finding.best_covariance
        ax.plot(finding.n_clusters, curve, color=INK if best else MUTED, linewidth=1.6 if best else 0.9)
        ax.annotate(name, (finding.n_clusters[-1], curve[-1]), xytext=(4, 0), textcoords="offset points", va="center")
    ax.axvline(finding.best_n_clusters, color=ALARM, linewidth=0.8, linestyle=":")
    ax.set_xticks(finding.n_clusters)
    ax.set_xlabel(voice("number of groups"))
    ax.set_ylabel(voice("BIC (lower is better)"))
    ticks(ax.yaxis, voice.number)
    return Figure(
        "mixture",
        voice("Soft groups: the Gaussian mixture"),
        to_svg(figure, "mixture"),
        voice(
            "A mixture prefers {k} groups; {n} customers lie between two.",
            k=finding.best_n_clusters,
            n=voice.number(finding.n_between),
        ),
        voice("Line chart of the Bayesian information criterion over the number of groups."),
        voice("Gaussian mixture on the prepared features"),
    )


def themes(scene: Scene) -> Figure | None:
    """How much of each segment's baskets falls to each theme."""
    found, voice = scene.run.findings.themes, scene.voice
    if not found:
        return None
    figure, (ax,) = sheet(1.0 + 0.32 * len(found))
    shares = [theme.segment_shares for theme in found]
    limit = max(max(line) for line in shares)
    ax.imshow(shares, cmap="Greys", vmin=0, vmax=limit * 1.3, aspect="auto")
    for row, line in enumerate(shares):
        for column, share in enumerate(line):
            colour = PAPER if share > 0.8 * limit else INK
            ax.text(column, row, voice.percent(share), ha="center", va="center", fontsize=7.5, color=colour)
    ax.set_yticks(range(len(found)), [_short(theme.name) for theme in found])
    ax.set_xticks(range(len(shares[0])), [name.replace(" ", "\n", 1) for name in scene.names])
    ax.xaxis.tick_top()
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    top = max(found, key=lambda theme: theme.share)
    return Figure(
        "themes",
        voice("What the segments buy"),
        to_svg(figure, "themes"),
        voice("The largest theme is “{name}”: {products}.", name=top.name, products=", ".join(top.products[:4])),
        voice("Heat map of basket themes by segment, each column adds up to 100 %."),
        voice("Non-negative factors of the baskets of the most widely bought products"),
    )


def _short(text: str) -> str:
    return text if len(text) <= 44 else f"{text[:43]}…"
