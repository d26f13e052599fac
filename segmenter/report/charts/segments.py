"""Charts of how segments differ: shares, snake plot and heat map."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from segmenter.analysis.findings import SegmentCard
from segmenter.features.types import Feature
from segmenter.report.charts.grid import COLD, WARM, Grid, draw_grid
from segmenter.report.charts.labels import name_ends
from segmenter.report.charts.style import (
    Look,
    canvas,
    room_beside,
    row_names,
    text_width,
    tick_numbers,
    to_svg,
    wrapped,
)
from segmenter.report.palette import INK, MUTED
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL = 7.5  # font size in points of the label behind a bar


def shares(run: Run, look: Look) -> Figure | None:
    """Each segment's share of the customers beside its share of the revenue."""
    cards = run.findings.cards
    if len(cards) < 2 or not any(card.revenue_share for card in cards):
        return None
    names, row_height = row_names([card.name for card in reversed(cards)], min(0.28, 2.2 / len(cards)))
    figure, (axes,) = canvas(0.6 + row_height * len(cards))
    for row, card in enumerate(reversed(cards)):
        _share_pair(axes, row, card, look)
    axes.set_yticks(range(len(cards)), names, color=INK)
    low, high = _ends(cards, look, room_beside(names))
    axes.set_xlim(low, high)
    axes.locator_params(axis="x", nbins=6)
    axes.set_xticks([share for share in axes.get_xticks() if low <= share <= 1])
    if low < 0:
        axes.axvline(0, color=INK, linewidth=0.8)
    axes.xaxis.set_major_formatter(lambda share, _: look.voice.percent(share, 0))
    axes.set_xlabel(look.voice("share of the total: upper bar customers, lower bar revenue"))
    axes.spines["left"].set_visible(False)
    return Figure(
        "shares",
        "Customers and revenue by segment",
        to_svg(figure),
        _shares_reading(look, cards),
        "Bars: for each segment its share of the customers and its share of the revenue.",
        "segments.parquet: customer_share, revenue_share",
    )


def _shares_reading(look: Look, cards: tuple[SegmentCard, ...]) -> str:
    best = max(cards, key=lambda card: card.revenue_share - card.customer_share)
    if best.revenue_share - best.customer_share < 0.02:
        return look.voice("Revenue follows size: no segment is worth much more than its share of the customers.")
    return look.voice(
        "{name} are worth the most for their number: {customers} of the customers bring in {revenue} of the revenue.",
        name=best.name,
        customers=look.voice.percent(best.customer_share),
        revenue=look.voice.percent(best.revenue_share),
    )


def _share_pair(axes: Axes, row: int, card: SegmentCard, look: Look) -> None:
    colour, both = look.colours[card.label], (card.customer_share, card.revenue_share)
    axes.barh(row + 0.19, both[0], height=0.34, color=colour, alpha=0.4, linewidth=0)
    axes.barh(row - 0.19, both[1], height=0.34, color=colour, linewidth=0)
    place = (max(0, *both), row)
    label = _shares_label(card, look)
    axes.annotate(label, place, (4, 0), textcoords="offset points", va="center", fontsize=LABEL, color=MUTED)


def _shares_label(card: SegmentCard, look: Look) -> str:
    return look.voice(
        "{share} of customers, {revenue} of revenue",
        share=look.voice.percent(card.customer_share),
        revenue=look.voice.percent(card.revenue_share),
    )


def _ends(cards: tuple[SegmentCard, ...], look: Look, room: float) -> tuple[float, float]:
    """The limits of an axis of shares, `room` inches long, such that the labels behind the bars fit.

    It begins below zero where a segment gave back more than it bought.
    """
    low = min(0.0, *(card.revenue_share for card in cards))
    longest = [max(0.0, card.customer_share, card.revenue_share) - low for card in cards]
    free = [max(room - text_width(_shares_label(card, look), LABEL) - 0.15, 0.3) for card in cards]
    return low, low + room * max(share / inches for share, inches in zip(longest, free, strict=True))


def snake(run: Run, look: Look) -> Figure | None:
    """The mean of each feature in standard units, a line per segment."""
    cards = [card for card in run.findings.cards if card.profile]
    if not cards or len(run.findings.cards) < 2:
        return None
    names = list(cards[0].profile)
    height = 2.9 + 0.12 * max(0, len(cards) - 6)
    figure, (axes,) = canvas(height)
    inches = _lines(axes, cards, names, look, height)
    letters = max(9, int(inches / len(names) / 0.052))
    axes.set_xticks(range(len(names)), [wrapped(label_of(run, name), letters) for name in names], fontsize=7)
    axes.set_ylabel(wrapped(look.voice("standard deviations from the average customer"), 26))
    axes.locator_params(axis="y", steps=[1, 5, 10])
    tick_numbers(axes.yaxis, look.voice.number)
    return Figure(
        "profile",
        "How the segments differ (snake plot)",
        to_svg(figure),
        _snake_reading(run, look, cards, names),
        "Line chart: the mean of each feature per segment in standard units.",
        "run.json: cards, profile (prepared matrix)",
    )


def _lines(axes: Axes, cards: list[SegmentCard], names: list[str], look: Look, height: float) -> float:
    """Draw a line per segment with its name at the end; the length of the lines in inches."""
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.grid(axis="y")
    for card in cards:
        axes.plot(
            range(len(names)),
            [card.profile[name] for name in names],
            color=look.colours[card.label],
            marker=look.markers[card.label],
            markersize=4.5,
            clip_on=False,
        )
    axes.set_xlim(left=-0.2)
    ends = [(card.profile[names[-1]], card.name, look.colours[card.label]) for card in cards]
    return name_ends(axes, len(names) - 1, ends, height)


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
    texts = [look.voice.with_units(feature, [card.medians[feature.name] for card in cards]) for feature in features]
    grid = Grid(values, texts, [feature.label for feature in features], [card.name for card in cards])
    figure = draw_grid(grid, ends=(COLD, WARM), cell_height=0.25)
    return Figure(
        "heat",
        "The typical customer of each segment",
        to_svg(figure),
        _heat_reading(look, cards, features),
        "Heat map: the median of each feature per segment.",
        "segments.parquet: median_*; colours from run.json: cards, profile",
    )


def _heat_reading(look: Look, cards: tuple[SegmentCard, ...], features: list[Feature]) -> str:
    """The cell that lies furthest from the average customer, and what the colours mean."""
    every = [*product(cards, features)]
    typical = [(card, feature) for card, feature in every if np.isfinite(card.medians[feature.name])]
    card, feature = max(typical or every, key=lambda pair: abs(pair[0].profile[pair[1].name]))
    value, usual = look.voice.with_units(feature, [card.medians[feature.name], card.overall[feature.name]])
    return look.voice(
        "Furthest from the rest: {feature} of {name}, {value} against a median of {usual} for all customers. Blue is "
        "below the average customer, orange above.",
        feature=feature.label,
        name=card.name,
        value=value,
        usual=usual,
    )


def label_of(run: Run, name: str) -> str:
    """A feature's label, its name where the run does not describe it."""
    return next((feature.label for feature in run.manifest.features if feature.name == name), name)
