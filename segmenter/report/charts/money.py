"""Where the money comes from: months, concentration and cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmenter.report.charts.canvas import Scene, sheet, ticks, to_svg
from segmenter.report.palette import ALARM, INK, MUTED, PAPER
from segmenter.report.types import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def months(scene: Scene) -> Figure | None:
    """Net revenue per month."""
    period, voice = scene.run.manifest.period, scene.voice
    if len(period.months) < 2:
        return None
    figure, (ax,) = sheet(2.3)
    ax.bar(range(len(period.months)), period.monthly_revenue, color=MUTED, width=0.72)
    every = max(1, -(-len(period.months) // 8))
    ax.set_xticks(
        range(0, len(period.months), every), [voice.month(month) for month in period.months[::every]], fontsize=7.5
    )
    ax.set_ylabel(voice("net revenue per month"))
    ax.grid(visible=False, axis="x")
    ticks(ax.yaxis, voice.money_short)
    best = max(range(len(period.months)), key=lambda month: period.monthly_revenue[month])
    return Figure(
        "months",
        voice("Revenue by month"),
        to_svg(figure, "months"),
        voice(
            "{month} was the strongest month, with {money}; the first and the last month may be incomplete.",
            month=voice.month(period.months[best]),
            money=voice.money(period.monthly_revenue[best]),
        ),
        voice("Bar chart of net revenue over {n} months.", n=len(period.months)),
        voice("Sales less returns of {n} transactions", n=voice.number(period.n_transactions)),
    )


def concentration(scene: Scene) -> Figure | None:
    """Share of the revenue that the best customers bring (a Lorenz curve from the top)."""
    import numpy as np

    voice = scene.voice
    money = np.sort(scene.run.customers["monetary"].fillna(0).to_numpy(dtype=float))[::-1]
    if len(money) < 10 or money.sum() <= 0:
        return None
    reached = np.concatenate([[0.0], np.cumsum(money) / money.sum()])
    customers = np.linspace(0, 1, len(reached))
    two_thirds = float(customers[np.argmax(reached >= 2 / 3)])
    figure, (ax,) = sheet(2.7)
    keep = np.unique(np.linspace(0, len(reached) - 1, 300).astype(int))
    ax.plot(customers[keep], reached[keep], color=INK, linewidth=1.6)
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=0.7, linestyle=":")
    ax.plot([two_thirds], [2 / 3], "o", color=ALARM, markersize=5)
    label = voice("{share} of customers: two thirds", share=voice.percent(two_thirds))
    ax.annotate(label, (two_thirds, 2 / 3), xytext=(8, -3), textcoords="offset points", va="top", color=ALARM)
    ax.set_xlabel(voice("share of customers, the best first"))
    ax.set_ylabel(voice("share of net revenue"))
    ticks(ax.xaxis, voice.percent)
    ticks(ax.yaxis, voice.percent)
    return Figure(
        "concentration",
        voice("How concentrated the revenue is"),
        to_svg(figure, "concentration"),
        voice("Two thirds of revenue comes from {share} of customers.", share=voice.percent(two_thirds)),
        voice("Curve of the cumulative share of revenue over customers, best first; the dotted line is an even split."),
        voice("Net revenue of {n} customers", n=voice.number(len(money))),
    )


def cohorts(scene: Scene) -> Figure | None:
    """Share of each month's new customers who order again, by months since their first order."""
    voice, found = scene.voice, scene.run.manifest.period.cohorts[-18:]
    width = min(max((len(shares) for _, shares in found), default=0), 18)
    if len(found) < 3 or width < 3:
        return None
    figure, (ax,) = sheet(1.0 + 0.2 * len(found))
    _cells(scene, ax, found, width)
    ax.set_yticks(range(len(found)), [voice.month(month) for month, _ in found], fontsize=7.5)
    ax.set_xticks(range(width - 1), [str(later) for later in range(1, width)])
    ax.set_xlabel(voice("months after the first order"))
    ax.set_ylabel(voice("first order in"))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    again = [shares[1] for _, shares in found if len(shares) > 1]
    return Figure(
        "cohorts",
        voice("Who comes back: cohorts"),
        to_svg(figure, "cohorts"),
        voice("On average {share} of new customers order again a month later.", share=voice.percent(sum(again) / len(again))),
        voice("Heat map: a row per month of the first order, a column per month after it, share of customers who order."),
        voice("Months in which customers ordered"),
    )


def _cells(scene: Scene, ax: Axes, found: tuple[Any, ...], width: int) -> None:
    """A cell per cohort and month, with its share written in."""
    grid = [[*shares[1:width], *[float("nan")] * (width - len(shares))][: width - 1] for _, shares in found]
    known = [share for row in grid for share in row if share == share]  # noqa: PLR0124 a NaN differs from itself
    limit = max(known, default=1.0) or 1.0
    ax.imshow(grid, cmap="Blues", vmin=0, vmax=limit, aspect="auto")
    for row, line in enumerate(grid):
        for column, share in enumerate(line):
            if share in known:
                colour = PAPER if share > 0.6 * limit else INK
                shown = scene.voice.percent(share)
                ax.text(column, row, shown, ha="center", va="center", fontsize=6.5, color=colour)
