"""Charts of what happened between two runs: who moved where, and the money bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmenter.report.charts.grid import Grid, draw_grid
from segmenter.report.charts.style import Look, canvas, to_svg, wrapped
from segmenter.report.palette import COLOURS, INK, MUTED
from segmenter.report.types import Figure
from segmenter.runs.history import Movement
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORDS = {
    "new": "new", "returning": "back after a pause", "upgraded": "moved up", "same": "stayed",
    "downgraded": "moved down", "lapsed": "no order this time", "gone": "gone",
}  # fmt: skip
GAIN, LOSS = COLOURS[2], COLOURS[1]


def moves(run: Run, look: Look) -> Figure | None:
    """Customers by segment before (rows) and now (columns); the diagonal stayed."""
    found = run.history.movement
    if found is None:
        return None
    before, now = _segments(found, "before"), _segments(found, "now")
    rows, columns = [*before, None], [*now, None]
    counts = np.zeros((len(rows), len(columns)))
    for flow in found.flows:
        counts[rows.index(flow.before), columns.index(flow.now)] = flow.customers
    sizes = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = np.where(counts > 0, counts / sizes, np.nan)
    texts = [[look.voice.number(cell) if cell else "" for cell in row] for row in counts]
    absent = look.voice("not there before"), look.voice("not there now")
    grid = Grid(shown, texts, [*before, absent[0]], [*now, absent[1]])
    moved = sum(flow.customers for flow in found.flows if flow.before and flow.now and flow.before != flow.now)
    both = sum(flow.customers for flow in found.flows if flow.before and flow.now)
    return Figure(
        "moves",
        "From which segment to which",
        to_svg(draw_grid(grid)),
        look.voice(
            "Read a row from left to right: where its customers are now. {moved} of {both} customers who were there "
            "before are in another segment.",
            moved=look.voice.number(moved),
            both=look.voice.number(both),
        ),
        "Grid: customers by their segment in the run before and in this run.",
        "moves.parquet",
    )


def _segments(found: Movement, side: str) -> list[str]:
    """Names of the segments that had customers on one side, in the order of their numbers."""
    present = {getattr(flow, side) for flow in found.flows}
    return [change.name for change in found.segments if change.name in present]


def bridge(run: Run, look: Look) -> Figure | None:
    """The change of money between the two runs, step by step; the two totals stand in the title's line below."""
    found = run.history.movement
    if found is None:
        return None
    before, steps, now = found.bridge[0].amount, found.bridge[1:-1], found.bridge[-1].amount
    figure, (axes,) = canvas(2.2)
    reached = 0.0
    for at, step in enumerate(steps):
        _step(axes, at, (reached, reached + step.amount), GAIN if step.amount >= 0 else LOSS, look)
        reached += step.amount
        axes.plot((at + 0.31, at + 0.69), (reached, reached), color=MUTED, linewidth=0.8)
    _step(axes, len(steps), (0.0, now - before), MUTED, look)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    names = [f"{wrapped(look.voice(WORDS[step.kind]), 14)}\n({look.voice.number(step.customers)})" for step in steps]
    axes.set_xticks(range(len(steps) + 1), [*names, look.voice("in all")], color=INK)
    reaches = np.cumsum([0.0, *(step.amount for step in steps), 0.0])
    room = 0.16 * float(np.ptp(reaches)) or 1.0
    axes.set_ylim(float(reaches.min()) - room, float(reaches.max()) + room)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.money_short(value))
    axes.set_ylabel(look.in_currency("change of revenue"))
    axes.set_xlabel(look.voice("what customers did (how many)"))
    return Figure(
        "bridge",
        look.voice("Revenue of {n} days, from the run before to this one", n=found.period_days),
        to_svg(figure),
        look.voice(
            "From {before} before to {now} now, {change} in all; each step is the change that its customers made.",
            before=look.voice.money_in_words(before),
            now=look.voice.money_in_words(now),
            change=f"{'+' if now > before else ''}{look.voice.money_in_words(now - before)}",
        ),
        "Waterfall: what each kind of customer added to the revenue or took away, and the change in all.",
        "queries/period_revenue.sql",
    )


def _step(axes: Axes, at: int, ends: tuple[float, float], colour: str, look: Look) -> None:
    """A bar from one amount to another with the difference written at its far end."""
    start, end = ends
    axes.bar(at, end - start, bottom=start, width=0.62, color=colour)
    up = end >= start
    label = _signed(look, end - start)
    axes.annotate(label, (at, end), (0, 2 if up else -2), textcoords="offset points", ha="center",
                  va="bottom" if up else "top", fontsize=7.5, color=INK)  # fmt: skip


def _signed(look: Look, amount: float) -> str:
    return f"{'+' if amount > 0 else ''}{look.voice.money_short(amount)}"
