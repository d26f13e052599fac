"""Where odd begins: the k-distance curve."""

from __future__ import annotations

from segmenter.report.charts.canvas import Scene, sheet, ticks, to_svg
from segmenter.report.palette import ALARM, INK
from segmenter.report.types import Figure


def k_distance(scene: Scene) -> Figure | None:
    """Distance to the min_samples-th neighbour, customers sorted by it, and the eps taken from it."""
    finding, voice = scene.run.findings.anomalies, scene.voice
    curve = finding.k_distances
    if len(curve) < 2:
        return None
    figure, (ax,) = sheet(2.6)
    share = [index / (len(curve) - 1) for index in range(len(curve))]
    ax.plot(share, curve, color=INK, linewidth=1.5)
    ax.axhline(finding.eps, color=ALARM, linewidth=0.9, linestyle=":")
    ax.annotate(
        f"eps {voice.number(finding.eps, 2)}",
        (1, finding.eps),
        ha="right",
        va="bottom",
        color=ALARM,
        xytext=(0, 2),
        textcoords="offset points",
    )
    ax.set_xlabel(voice("share of customers, the loneliest first"))
    ax.set_ylabel(voice("distance to neighbour no. {k}", k=finding.min_samples))
    ax.set_ylim(bottom=0)
    ticks(ax.xaxis, voice.percent)
    ticks(ax.yaxis, lambda value: voice.number(value, 1))
    return Figure(
        "k_distance",
        voice("Where odd begins: the k-distance curve"),
        to_svg(figure, "k_distance"),
        voice(
            "{n} of {all} customers have too few neighbours within {eps} and belong to no group.",
            n=voice.number(finding.n_noise),
            all=voice.number(finding.n_customers),
            eps=voice.number(finding.eps, 2),
        ),
        voice("A falling curve of neighbour distances; a dotted line marks eps at its bend."),
        voice("DBSCAN, min_samples {k}: {reason}", k=finding.min_samples, reason=finding.min_samples_reason),
    )
