"""Charts of how many segments there are and how well separated they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from segmenter.analysis.findings import KChoice, KPoint
from segmenter.analysis.reading_types import MixtureFinding
from segmenter.report.charts.labels import name_ends
from segmenter.report.charts.style import Look, canvas, row_names, to_svg, wrapped
from segmenter.report.palette import COLOURS, INK, MUTED
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHAPES = {  # covariance types of the mixtures
    "full": "groups of any shape", "tied": "one shape for all groups", "diag": "groups along the axes",
    "spherical": "round groups",
}  # fmt: skip
Criterion = tuple[str, str, str, Callable[[KPoint], float | None]]
CRITERIA: tuple[Criterion, ...] = (
    ("elbow", "Inertia", "look for the bend", lambda point: point.inertia),
    ("silhouette", "Silhouette", "higher is better", lambda point: point.silhouette),
    ("davies_bouldin", "Davies-Bouldin", "lower is better", lambda point: point.davies_bouldin),
    ("calinski_harabasz", "Calinski-Harabasz", "higher is better", lambda point: point.calinski_harabasz),
    ("stability", "Stability", "higher is better", lambda point: point.stability),
)
UNCLEAR = "Customers between two segments: {n}; customers closer to another segment than to their own: {m}."


def criteria(run: Run, look: Look) -> Figure | None:
    """A panel per criterion over K: a ring at the K that it votes for, a dot at the K taken."""
    points = run.findings.choice.points
    measured = [criterion for criterion in CRITERIA if _series(points, criterion)[1]]
    if len(points) < 2 or not measured:
        return None
    figure, panels = canvas(1.9, len(measured))
    for axes, criterion in zip(panels, measured, strict=True):
        _panel(axes, criterion, run, look)
    chosen = run.findings.choice.taken
    return Figure(
        "k-criteria",
        "Five criteria for the number of segments",
        to_svg(figure),
        _criteria_reading(run, look),
        look.voice(
            "Line charts of {count} criteria over the number of segments; {n} is marked.", count=len(measured), n=chosen
        ),
        "run.json: choice, points",
    )


def _criteria_reading(run: Run, look: Look) -> str:
    """What the marks of the chart mean."""
    rings = look.voice("Each panel rates every number of segments; the ring marks the one it votes for.")
    choice = run.findings.choice
    dashes = look.voice(
        "Dashed: the silhouette of data without groups; dotted: that of a single crowd as skewed as the customers."
    )
    if choice.taken not in {point.n_clusters for point in choice.points}:
        return f"{rings} {dashes}"
    marks = "The dot marks the {n} of this report."
    if choice.chosen_anew is not None:
        marks = "The dot marks the {n} of the fresh fit; this report keeps those of the accepted model."
    return f"{rings} {look.voice(marks, n=choice.taken)} {dashes}"


def _series(points: tuple[KPoint, ...], criterion: Criterion) -> tuple[list[int], list[float]]:
    pairs = [(point.n_clusters, criterion[3](point)) for point in points]
    measured = [(k, value) for k, value in pairs if value is not None and np.isfinite(value)]
    return [k for k, _ in measured], [value for _, value in measured]


def _panel(axes: Axes, criterion: Criterion, run: Run, look: Look) -> None:
    k, values = _series(run.findings.choice.points, criterion)
    axes.plot(k, values, color=MUTED, marker="o", markersize=2.2, linewidth=1.2)
    if criterion[0] == "silhouette":
        _chance(axes, run.findings.choice.points)
    _mark(axes, run.findings.choice, criterion[0], dict(zip(k, values, strict=True)))
    axes.set_title(look.voice(criterion[1]), fontsize=7.5, color=INK)
    axes.set_xlabel(f"{look.voice('segments (K)')}\n{look.voice(criterion[2])}", fontsize=7)
    axes.set_xticks([n for n in k if n % 2 == 0] or k)
    write = partial(look.voice.number, digits=2) if max(map(abs, values)) < 10 else look.voice.short
    axes.yaxis.set_major_formatter(lambda value, _: write(value))
    axes.locator_params(axis="y", nbins=4)
    axes.tick_params(labelsize=6.5)


def _chance(axes: Axes, points: tuple[KPoint, ...]) -> None:
    """Draw the silhouettes of data without groups (dashed) and of one skewed crowd (dotted)."""
    for name, dashes in (("reference", (3, 3)), ("crowd", (1, 2))):
        k, reached = [point.n_clusters for point in points], [getattr(point, name) for point in points]
        axes.plot(k, reached, color=MUTED, linewidth=0.8, linestyle=(0, dashes), gid=name)


def _mark(axes: Axes, choice: KChoice, criterion: str, values: dict[int, float]) -> None:
    """A dot at the number taken, a ring around the one that the criterion votes for."""
    vote = choice.votes.get(criterion)
    if choice.taken in values:
        taken = [choice.taken], [values[choice.taken]]
        axes.plot(*taken, "o", color=COLOURS[1], markersize=5, gid="taken", clip_on=False)
    if vote in values:
        axes.plot([vote], [values[vote]], "o", markersize=9, markerfacecolor="none", markeredgecolor=INK,
                  markeredgewidth=1.1, gid="vote", clip_on=False)  # fmt: skip


def silhouettes(run: Run, look: Look) -> Figure | None:
    """Sorted silhouette values per segment (Rousseeuw, 1987)."""
    profiles = [profile for profile in run.findings.silhouettes if profile.values]
    if len(profiles) < 2:
        return None
    names, row_height = row_names([look.names[each.label] for each in profiles], min(0.38, 2.4 / len(profiles)))
    figure, (axes,) = canvas(0.6 + row_height * len(profiles))
    for row, profile in enumerate(profiles):
        _blade(axes, -row, profile.values, look.colours[profile.label])
        axes.text(1.0, -row + 0.1, look.voice.number(profile.mean, 2), ha="right", fontsize=7.5, color=MUTED)
    mean = float(run.customers["silhouette"].mean())
    axes.axvline(mean, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axvline(0, color=MUTED, linewidth=0.6)
    axes.set_yticks([-row for row in range(len(profiles))], names, color=INK)
    axes.set_xlim(min(-0.3, *(min(profile.values) for profile in profiles)), 1)
    axes.xaxis.set_major_formatter(lambda value, _: look.voice.number(value, 1))
    words = look.voice("silhouette value of each customer; dashed: the average; on the right: the segment's mean")
    axes.set_xlabel(wrapped(words, 60))
    axes.spines["left"].set_visible(False)
    return Figure(
        "silhouette",
        "How well each customer fits (silhouette diagram)",
        to_svg(figure),
        look.voice(
            "Average: {value}. 1 is a perfect fit, 0 is between two segments, below 0 another segment would fit better.",
            value=look.voice.number(mean, 2),
        ),
        "Silhouette diagram: sorted values per segment.",
        "run.json: silhouettes; customers.parquet: silhouette",
    )


def _blade(axes: Axes, base: float, values: tuple[float, ...], colour: str) -> None:
    heights = base + 0.38 - np.linspace(0, 0.76, len(values))
    axes.fill_betweenx(heights, 0, values, color=colour, linewidth=0)


def mixtures(run: Run, look: Look) -> Figure | None:
    """BIC of Gaussian mixtures over K by covariance type; lower is better."""
    mixture = run.findings.mixture
    if mixture is None or len(mixture.n_clusters) < 2:
        return None
    figure, (axes,) = canvas(1.9)
    axes.grid(axis="y")
    for (name, bic), colour in zip(mixture.bic.items(), COLOURS, strict=False):
        best = name == mixture.best_covariance
        axes.plot(mixture.n_clusters, bic, color=colour, linewidth=2 if best else 1, marker="o", markersize=2.5)
    axes.set_xlim(left=mixture.n_clusters[0] - 0.2)
    ends = zip(mixture.bic.items(), COLOURS, strict=False)
    named = [(bic[-1], look.voice(SHAPES.get(name, name)), colour) for (name, bic), colour in ends]
    name_ends(axes, mixture.n_clusters[-1], named, 1.9)
    axes.set_xticks(mixture.n_clusters)
    axes.set_xlabel(look.voice("components"))
    axes.set_ylabel(wrapped(look.voice("BIC: lower is better"), 24))
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.number(value))
    return Figure(
        "mixture",
        "A softer view: Gaussian mixtures",
        to_svg(figure),
        _best_mixture(mixture, look),
        "Line chart: BIC over the number of components by covariance type.",
        "run.json: mixture",
    )


def _best_mixture(mixture: MixtureFinding, look: Look) -> str:
    if mixture.best_n_clusters == 1:
        return look.voice("A single Gaussian fits best: in this view the customers form no groups.")
    best = look.voice("The best mixture has {n} components.", n=mixture.best_n_clusters)
    if mixture.best_n_clusters == mixture.n_clusters[-1]:
        best += " " + look.voice(
            "That is the most that was tried: a mixture builds an uneven group from several round ones."
        )
    if len(look.names) < 2:
        return best
    return f"{best} {look.voice(UNCLEAR, n=look.voice.number(mixture.n_between), m=look.voice.number(mixture.n_elsewhere))}"
