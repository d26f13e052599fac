"""Charts of the data itself: revenue by month, cohorts and concentration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmenter.analysis.concentration import revenue_curve, share_of_best
from segmenter.features.types import Period
from segmenter.report.charts.grid import Grid, draw_grid
from segmenter.report.charts.style import Look, canvas, to_svg
from segmenter.report.palette import COLOURS, INK, MUTED, PAPER
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COHORTS = 18  # rows that leave room for the rest of a page
NAMED = 4  # months that a sentence names


def months(run: Run, look: Look) -> Figure | None:
    """Revenue per month, net of returns."""
    period = run.manifest.period
    if len(period.months) < 2:
        return None
    figure, (axes,) = canvas(2.1)
    axes.bar(range(len(period.months)), period.monthly_revenue, color=COLOURS[0], width=0.72)
    step = max(1, round(len(period.months) / 13))
    shown = range(0, len(period.months), step)
    axes.set_xticks(list(shown), [look.voice.month(period.months[i]).replace(" ", "\n") for i in shown])
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.money_short(value))
    axes.set_ylabel(look.in_currency("revenue per month"))
    best = int(np.argmax(period.monthly_revenue))
    return Figure(
        "months",
        "Revenue by month",
        to_svg(figure),
        _months_reading(look, period, best),
        "Bar chart: revenue per month, net of returns.",
        "queries/period_months.sql",
    )


def _months_reading(look: Look, period: Period, best: int) -> str:
    """The best month, and those in which more was given back than sold."""
    voice = look.voice
    strongest = voice(
        "The strongest month is {month} with {money}; the first and the last month may be incomplete.",
        month=voice.month(period.months[best]),
        money=voice.money_in_words(period.monthly_revenue[best]),
    )
    lost = [voice.month(month) for month, money in zip(period.months, period.monthly_revenue, strict=True) if money < 0]
    if not lost:
        return strongest
    named = ", ".join(lost[:NAMED]) + (" …" if len(lost) > NAMED else "")
    return f"{strongest} {voice('Months with more returns than sales: {months}.', months=named)}"


def cohorts(run: Run, look: Look) -> Figure | None:
    """Share of each month's new customers who order again, month by month."""
    period = run.manifest.period
    sized = zip(period.cohorts, period.cohort_sizes, strict=True)
    found = [(month, shares, size) for (month, shares), size in sized if len(shares) > 1][-MOST_COHORTS:]
    width = min(max((len(shares) for _, shares, _ in found), default=0), 13)
    if len(found) < 3 or width < 3:
        return None
    values = np.full((len(found), width - 1), np.nan)
    for row, (_, shares, _) in enumerate(found):
        later = shares[1:width]
        values[row, : len(later)] = later
    texts = [[look.voice.percent(cell, 0) if np.isfinite(cell) else "" for cell in row] for row in values]
    rows = [f"{look.voice.month(month)}: {look.voice.number(size)}" for month, _, size in found]
    title = look.voice("months after the month of the first order; on the left, that month and its new customers")
    grid = Grid(values, texts, rows, [str(after) for after in range(1, width)], title)
    return Figure(
        "cohorts",
        "Who comes back, by month of first order",
        to_svg(draw_grid(grid, cell_height=min(0.2, 2.5 / len(found)), fontsize=7 if len(found) < 16 else 6.5)),
        _cohort_reading(look, period.returning),
        "Heat map: share of each cohort that orders again.",
        "queries/period_cohorts.sql",
    )


def _cohort_reading(look: Look, returning: tuple[float, ...]) -> str:
    """The average share that orders again one month after the first, and in the last month that most cohorts reach."""
    return look.voice(
        "On average, {first} of new customers order again one month after their first order, and {last} in month {n}. "
        "The first month does not count: its customers may have ordered before the data begins.",
        first=look.voice.percent(returning[0], 0),
        last=look.voice.percent(returning[-1], 0),
        n=len(returning),
    )


def concentration(run: Run, look: Look) -> Figure | None:
    """Revenue collected by the best customers, best first."""
    curve = revenue_curve(run.customers["monetary"].to_numpy(float))
    if curve is None:
        return None
    share = np.linspace(0, 1, len(curve))
    thinned = np.unique(np.linspace(0, len(curve) - 1, 200).astype(int))
    figure, (axes,) = canvas(2.3)
    axes.plot(share[thinned], curve[thinned], color=COLOURS[0])
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=0.7)
    for best in (0.1, 0.5):
        _mark(axes, best, share_of_best(curve, best), look)
    axes.grid()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(1.02, float(curve.max()) + 0.02))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: look.voice.percent(value, 0))
    axes.set_xlabel(look.voice("share of the customers, best first; thin line: if all spent the same"))
    axes.set_ylabel(look.voice("share of the revenue"))
    tenth = look.voice.percent(share_of_best(curve, 0.1), 0)
    return Figure(
        "concentration",
        "How concentrated the revenue is",
        to_svg(figure),
        look.voice("The top 10% of customers bring in {tenth} of the revenue.", tenth=tenth),
        "Line chart: share of revenue by the best customers.",
        "customers.parquet: monetary",
    )


def _mark(axes: Axes, best: float, revenue: float, look: Look) -> None:
    axes.plot([best], [revenue], "o", color=COLOURS[1], markersize=4.5)
    text = look.voice(
        "{share} of customers: {revenue} of revenue",
        share=look.voice.percent(best, 0),
        revenue=look.voice.percent(revenue, 0),
    )
    ground = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}
    axes.annotate(text, (best, revenue), (8, -9), textcoords="offset points", fontsize=7.5, color=INK, bbox=ground)
