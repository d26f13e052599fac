"""How many segments: the sweep over K and the silhouette of each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmenter.report.charts.canvas import Scene, sheet, ticks, to_svg
from segmenter.report.palette import ALARM, INK, MUTED
from segmenter.report.types import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def elbow(scene: Scene) -> Figure | None:
    """Inertia and silhouette over K, side by side, the chosen K marked."""
    choice, voice = scene.run.findings.choice, scene.voice
    if len(choice.points) < 2:
        return None
    figure, (left, right) = sheet(2.6, 2)
    _curve(scene, left, voice("scatter inside the segments (inertia)"), [point.inertia for point in choice.points])
    _curve(scene, right, voice("silhouette (−1 to 1, higher is better)"), [p.silhouette for p in choice.points], 2)
    chosen = next((point for point in choice.points if point.n_clusters == choice.n_clusters), choice.points[0])
    return Figure(
        "elbow",
        voice("How many segments: elbow and silhouette"),
        to_svg(figure, "elbow"),
        voice(
            "At {k} segments the silhouette is {value}. {reason}",
            k=choice.n_clusters,
            value=voice.number(chosen.silhouette, 2),
            reason=choice.reason,
        ),
        voice(
            "Two line charts over the number of segments, {low} to {high}: inertia falls, the silhouette is marked at {k}.",
            low=choice.points[0].n_clusters,
            high=choice.points[-1].n_clusters,
            k=choice.n_clusters,
        ),
        voice("K-Means for every K; silhouette on {n} customers", n=voice.number(choice.n_silhouette)),
    )


def criteria(scene: Scene) -> Figure | None:
    """Davies-Bouldin, Calinski-Harabasz and bootstrap stability over K."""
    points, voice = scene.run.findings.choice.points, scene.voice
    if len(points) < 2:
        return None
    measured = [point.stability for point in points]
    figure, axes = sheet(2.3, 3 if any(value is not None for value in measured) else 2)
    _curve(scene, axes[0], voice("Davies-Bouldin (lower is better)"), [point.davies_bouldin for point in points], 1)
    _curve(scene, axes[1], voice("Calinski-Harabasz (higher is better)"), [p.calinski_harabasz for p in points])
    if len(axes) == 3:
        _curve(scene, axes[2], voice("stability (Jaccard, 0 to 1)"), measured, 1)
    return Figure(
        "criteria",
        voice("How many segments: three more criteria"),
        to_svg(figure, "criteria"),
        _votes(scene),
        voice("Line charts of further quality measures over the number of segments, the chosen number marked."),
        voice("K-Means for every K; stability by resampling the customers"),
    )


def _votes(scene: Scene) -> str:
    """What each criterion would choose, in one line."""
    voice = scene.voice
    votes = scene.run.findings.choice.votes
    told = [f"{voice(name.replace('_', ' '))} {k}" for name, k in votes.items() if k is not None]
    return voice("What each criterion would choose: {votes}.", votes=", ".join(told) or voice("none has an opinion"))


def _curve(scene: Scene, ax: Axes, label: str, values: list[Any], digits: int = 0) -> None:
    """One measure over K with the chosen K marked and labelled."""
    choice = scene.run.findings.choice
    pairs = [(p.n_clusters, value) for p, value in zip(choice.points, values, strict=True) if value is not None]
    ks, measured = [k for k, _ in pairs], [value for _, value in pairs]
    ax.plot(ks, measured, color=MUTED, linewidth=1.4, marker="o", markersize=3)
    ax.set_title(label, fontsize=8)
    ax.set_xlabel(scene.voice("number of segments"))
    ax.set_xticks(ks)
    ticks(ax.yaxis, lambda value: scene.voice.number(value, digits))
    if choice.n_clusters in ks:
        height = measured[ks.index(choice.n_clusters)]
        ax.axvline(choice.n_clusters, color=ALARM, linewidth=0.8, linestyle=":")
        ax.plot([choice.n_clusters], [height], marker="o", color=ALARM, markersize=6, linestyle="none")


def silhouette(scene: Scene) -> Figure | None:
    """The silhouette diagram: how well each customer sits in the own segment."""
    profiles, voice = scene.run.findings.silhouettes, scene.voice
    if not profiles:
        return None
    figure, (ax,) = sheet(0.9 + 0.42 * len(profiles))
    for row, profile in enumerate(profiles):
        _blade(scene, ax, row, profile.label, list(profile.values))
    mean = sum(p.mean * len(p.values) for p in profiles) / max(sum(len(p.values) for p in profiles), 1)
    ax.axvline(0, color=INK, linewidth=0.7)
    ax.set_ylim(len(profiles) - 0.5, -0.6)
    ax.set_yticks(range(len(profiles)), [scene.names[p.label] for p in profiles])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(voice("silhouette of a customer (below 0: closer to another segment)"))
    ticks(ax.xaxis, lambda value: voice.number(value, 1))
    best = max(profiles, key=lambda profile: profile.mean)
    return Figure(
        "silhouette",
        voice("How well customers sit in their segment"),
        to_svg(figure, "silhouette"),
        voice(
            "“{name}” holds together best (mean {value}); what lies left of zero sits nearer to another segment.",
            name=scene.names[best.label],
            value=voice.number(best.mean, 2),
        ),
        voice("Silhouette diagram: a blade of sorted values per segment, mean {mean}.", mean=voice.number(mean, 2)),
        voice("Silhouette of {n} customers", n=voice.number(scene.run.findings.choice.n_silhouette)),
    )


def _blade(scene: Scene, ax: Axes, row: int, label: int, values: list[float]) -> None:
    """One segment's sorted silhouette values as a filled shape."""
    heights = [row + 0.4 - 0.8 * i / max(len(values) - 1, 1) for i in range(len(values))]
    ax.fill_betweenx(heights, 0, sorted(values), color=scene.colours[label], linewidth=0, alpha=0.9)
