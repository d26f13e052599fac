"""How segments differ: the snake plot and the heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.report.charts.canvas import Scene, sheet, ticks, to_svg
from segmenter.report.palette import INK, MUTED, PAPER
from segmenter.report.types import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def snake(scene: Scene) -> Figure | None:
    """Each segment's mean per feature in standard units, a line per segment, labelled at its end."""
    cards, voice = scene.run.findings.cards, scene.voice
    names = list(cards[0].profile) if cards else []
    if len(names) < 2:
        return None
    figure, (ax,) = sheet(3.3)
    for card in cards:
        values = [card.profile[name] for name in names]
        ax.plot(
            range(len(names)),
            values,
            color=scene.colours[card.label],
            marker=scene.markers[card.label],
            markersize=4.5,
            linewidth=1.6,
        )
    _end_labels(scene, ax, names)
    ax.axhline(0, color=MUTED, linewidth=0.8, linestyle=":")
    ax.set_xticks(range(len(names)), [_wrapped(scene.label(name)) for name in names], fontsize=7)
    ax.set_ylabel(voice("standard deviations from the average"))
    ticks(ax.yaxis, lambda value: voice.number(value, 1))
    return Figure(
        "snake",
        voice("Profile of the segments"),
        to_svg(figure, "snake"),
        _widest(scene, names),
        voice("Line chart with one line per segment over {n} features; zero is the average customer.", n=len(names)),
        voice("Mean of each feature used, after preparation"),
    )


def _widest(scene: Scene, names: list[str]) -> str:
    """The feature in which the segments differ most, in one line."""
    cards = scene.run.findings.cards
    spread = {n: max(c.profile[n] for c in cards) - min(c.profile[n] for c in cards) for n in names}
    name = max(spread, key=lambda feature: spread[feature])
    high = max(cards, key=lambda card: card.profile[name])
    low = min(cards, key=lambda card: card.profile[name])
    if high is low:
        return scene.voice("There is one segment: its profile is the average.")
    return scene.voice(
        "The segments differ most in “{feature}”: highest in “{high}”, lowest in “{low}”.",
        feature=scene.label(name),
        high=high.name,
        low=low.name,
    )


def _end_labels(scene: Scene, ax: Axes, names: list[str]) -> None:
    """Names of the segments beside their lines' ends, pushed apart where they would touch."""
    cards = sorted(scene.run.findings.cards, key=lambda card: card.profile[names[-1]])
    low, high = ax.get_ylim()
    step, last = (high - low) / 15, low - (high - low)
    for card in cards:
        last = max(card.profile[names[-1]], last + step)
        ax.annotate(
            card.name,
            (len(names) - 0.9, last),
            color=scene.colours[card.label],
            fontsize=8,
            fontweight="bold",
            va="center",
            annotation_clip=False,
        )


def _wrapped(label: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(label, 15))


def heat(scene: Scene) -> Figure | None:
    """The same means as a heat map, each cell with its figure."""
    cards, voice = scene.run.findings.cards, scene.voice
    names = list(cards[0].profile) if cards else []
    if not names or len(cards) < 2:
        return None
    figure, (ax,) = sheet(1.2 + 0.3 * len(names))
    values = [[card.profile[name] for card in cards] for name in names]
    limit = max(1.5, max(abs(value) for row in values for value in row))
    ax.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    _written(scene, ax, values, limit)
    ax.set_yticks(range(len(names)), [scene.label(name) for name in names])
    ax.set_xticks(range(len(cards)), [_wrapped(card.name) for card in cards])
    ax.xaxis.tick_top()
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return Figure(
        "heat",
        voice("The same profile in figures"),
        to_svg(figure, "heat"),
        voice("Red is above the average customer, blue below; a figure is in standard deviations."),
        voice("Heat map of {n} features by {k} segments with a figure in each cell.", n=len(names), k=len(cards)),
        voice("Mean of each feature used, after preparation"),
    )


def _written(scene: Scene, ax: Axes, values: list[list[float]], limit: float) -> None:
    """The figure in each cell, light on dark and dark on light."""
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            colour = PAPER if abs(value) > 0.62 * limit else INK
            shown = scene.voice.number(value, 1)
            ax.text(column, row, shown, ha="center", va="center", fontsize=7.5, color=colour)
