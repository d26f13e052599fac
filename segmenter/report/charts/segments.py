"""Charts of how segments differ: shares, snake plot and heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmenter.analysis.findings import SegmentCard
from segmenter.report.charts.grid import Grid, draw_grid
from segmenter.report.charts.labels import name_ends
from segmenter.report.charts.style import Look, canvas, to_svg, wrapped
from segmenter.report.palette import INK, MUTED
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def shares(run: Run, look: Look) -> Figure | None:
    """Each segment's share of the customers beside its share of the revenue."""
    cards = run.findings.cards
    if len(cards) < 2:
        return None
    figure, (axes,) = canvas(min(0.55 + 0.3 * len(cards), 3.3))
    for row, card in enumerate(reversed(cards)):
        _share_pair(axes, row, card, look)
    axes.set_yticks(range(len(cards)), [card.name for card in reversed(cards)], color=INK)
    axes.set_xlim(0, 1.5 * max(max(card.customer_share, card.revenue_share) for card in cards))
    axes.xaxis.set_major_formatter(lambda share, _: look.voice.percent(share, 0))
    axes.set_xlabel(look.voice("share of the whole: upper bar customers, lower bar revenue"))
    axes.spines["left"].set_visible(False)
    return Figure(
        "shares",
        "Customers and revenue by segment",
        to_svg(figure),
        "Where the lower bar is the longer one, a segment is worth more than its size.",
        "Bars: for each segment its share of the customers and its share of the revenue.",
        "segments.parquet: customer_share, revenue_share",
    )


def _share_pair(axes: Axes, row: int, card: SegmentCard, look: Look) -> None:
    colour, both = look.colours[card.label], (card.customer_share, card.revenue_share)
    axes.barh(row + 0.19, both[0], height=0.34, color=colour, alpha=0.4, linewidth=0)
    axes.barh(row - 0.19, both[1], height=0.34, color=colour, linewidth=0)
    label = look.voice(
        "{share} of customers, {revenue} of revenue",
        share=look.voice.percent(both[0]),
        revenue=look.voice.percent(both[1]),
    )
    place = (max(0, *both), row)
    axes.annotate(label, place, (4, 0), textcoords="offset points", va="center", fontsize=7.5, color=MUTED)


def snake(run: Run, look: Look) -> Figure | None:
    """The mean of each feature in standard units, a line per segment."""
    cards = [card for card in run.findings.cards if card.profile]
    if not cards or len(run.findings.cards) < 2:
        return None
    names = list(cards[0].profile)
    height = 3.3 + 0.12 * max(0, len(cards) - 6)
    figure, (axes,) = canvas(height)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.grid(axis="y")
    for card in cards:
        axes.plot(
            range(len(names)),
            [card.profile[name] for name in names],
            color=look.colours[card.label],
            marker=look.markers[card.label],
            markersize=4.5,
        )
    last = len(names) - 1
    axes.set_xlim(left=-0.2)
    ends = [(card.profile[names[-1]], card.name, look.colours[card.label]) for card in cards]
    inches = name_ends(axes, last, ends, height)
    letters = max(9, int(inches / len(names) / 0.052))
    axes.set_xticks(range(len(names)), [wrapped(label_of(run, name), letters) for name in names], fontsize=7)
    axes.set_ylabel(wrapped(look.voice("standard deviations from the average customer"), 26))
    axes.locator_params(axis="y", steps=[1, 5, 10])
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.number(value, 1))
    return Figure(
        "profile",
        "How the segments differ (snake plot)",
        to_svg(figure),
        _snake_reading(run, look, cards, names),
        "Line chart: the mean of each feature per segment in standard units.",
        "run.json: cards, profile (prepared matrix)",
    )


def _snake_reading(run: Run, look: Look, cards: list[SegmentCard], names: list[str]) -> str:
    spread = {name: np.ptp([card.profile[name] for card in cards]) for name in names}
    widest = max(names, key=lambda name: spread[name])
    return look.voice(
        "The lines are furthest apart at {feature}: that is where the segments differ most.",
        feature=label_of(run, widest),
    )


def heat(run: Run, look: Look) -> Figure | None:
    """Medians per segment, coloured by their distance from the average customer."""
    cards = run.findings.cards
    if len(cards) < 2 or not cards[0].profile:
        return None
    features = [feature for feature in run.manifest.features if feature.name in cards[0].profile]
    values = np.array([[card.profile[feature.name] for card in cards] for feature in features])
    texts = [[look.voice.with_unit(feature, card.medians[feature.name]) for card in cards] for feature in features]
    grid = Grid(values, texts, [feature.label for feature in features], [card.name for card in cards])
    figure = draw_grid(grid, diverging=True)
    return Figure(
        "heat",
        "The typical customer of each segment",
        to_svg(figure),
        "Each cell shows the segment's median; blue lies below the average customer, orange above.",
        "Heat map: the median of each feature per segment.",
        "segments.parquet: median_*; colours from run.json: cards, profile",
    )


def label_of(run: Run, name: str) -> str:
    """A feature's label, its name where the run does not describe it."""
    return next((feature.label for feature in run.manifest.features if feature.name == name), name)
