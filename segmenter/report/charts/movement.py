"""Charts of what happened between two runs: who moved where, and the money bridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segmenter.report.charts.grid import Grid, draw_grid
from segmenter.report.charts.style import Look, canvas, to_svg, wrapped
from segmenter.report.palette import COLOURS, INK, MUTED, PAPER
from segmenter.report.types import Figure
from segmenter.runs.history import Movement
from segmenter.runs.narration import ABSENT, heading
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAIN, LOSS = COLOURS[2], COLOURS[1]


def moves(run: Run, look: Look) -> Figure | None:
    """Customers by segment before (rows) and now (columns); the diagonal stayed."""
    movement = run.history.movement
    if movement is None:
        return None
    counts, redrawn = _cells(movement, "customers"), _cells(movement, "by_cut_point")
    sizes = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = np.where(counts > 0, counts / sizes, np.nan)
    texts = _texts(partial(_count, look), counts, redrawn)
    reading = look.voice(
        "Each row shows where the customers of a segment are now. Of the {both} customers who were there before, "
        "{moved} are in another segment.",
        moved=look.voice.number(movement.n_moved),
        both=look.voice.number(movement.n_both),
    )
    star = (
        look.voice("Marked with a star: those who moved only because the segments were redrawn.")
        if redrawn.any()
        else ""
    )
    return Figure(
        "moves",
        "From which segment to which",
        to_svg(draw_grid(_grid(movement, look, shown, texts))),
        f"{reading} {star}".strip(),
        "Grid: customers by their segment in the previous run and in this one.",
        "moves.parquet",
    )


def _count(look: Look, customers: float, by_cut_point: float) -> str:
    """Customers of a cell, and how many of them moved only because the segments were redrawn."""
    if not customers:
        return ""
    redrawn = f" ({look.voice.number(by_cut_point)}*)" if by_cut_point else ""
    return f"{look.voice.number(customers)}{redrawn}"


def moved_money(run: Run, look: Look) -> Figure | None:
    """Revenue of the customers of each cell, before and now."""
    movement = run.history.movement
    if movement is None or not _has_money(movement):
        return None
    before, now = _cells(movement, "money_before"), _cells(movement, "money_now")
    there = _cells(movement, "customers") > 0
    texts = _texts(partial(_amounts, look), there, before, now)
    grid = _grid(movement, look, np.where(there, now - before, np.nan), texts)
    return Figure(
        "moves-money",
        look.voice("Revenue of {n} days by segment, before and now", n=movement.period_days),
        to_svg(draw_grid(grid, ends=(LOSS, GAIN), cell_height=0.42)),
        look.voice(
            "Above the arrow is the revenue of the cell's customers before, after it their revenue now. Each row adds "
            "up to its segment's revenue before, each column to its segment's revenue now. Green is more than before, "
            "orange is less."
        ),
        "Grid: revenue of the customers by their segment in the previous run and in this one.",
        "moves.parquet",
    )


def _amounts(look: Look, is_anybody: np.bool_, before: float, now: float) -> str:
    return f"{look.voice.money_short(before)}\n→ {look.voice.money_short(now)}" if is_anybody else ""


def _texts(write: Callable[..., str], *cells: NDArray[Any]) -> list[list[str]]:
    """The text that `write` makes of each cell's figures; all `cells` have the same shape."""
    return [[write(*cell) for cell in zip(*row, strict=True)] for row in zip(*cells, strict=True)]


def _cells(movement: Movement, name: str) -> NDArray[np.float64]:
    """A figure of the flows by segment before (rows) and now (columns), the absent last; 0 where there is no flow."""
    rows, columns = (_segments(movement, side) for side in ("before", "now"))
    cells = np.zeros((len(rows), len(columns)))
    for flow in movement.flows:
        cells[rows.index(flow.number_before), columns.index(flow.number_now)] += getattr(flow, name)
    return cells


def _grid(movement: Movement, look: Look, values: NDArray[np.float64], texts: Sequence[Sequence[str]]) -> Grid:
    names = {change.number: change.name for change in movement.segments}
    before, now = (
        [look.voice(absent) if number is None else names[number] for number in _segments(movement, side)]
        for side, absent in ABSENT.items()
    )
    return Grid(values, texts, before, now)


def _segments(movement: Movement, side: str) -> list[int | None]:
    """Numbers of the segments that had customers on one side, in order; None for those who were not there."""
    present = {getattr(flow, f"number_{side}") for flow in movement.flows}
    return [number for number in (*(change.number for change in movement.segments), None) if number in present]


def _has_money(movement: Movement) -> bool:
    """Whether anybody brought or cost money in either period."""
    return any(flow.money_before or flow.money_now for flow in movement.flows)


def bridge(run: Run, look: Look) -> Figure | None:
    """The change of money between the two runs, step by step."""
    movement = run.history.movement
    if movement is None or not _has_money(movement):
        return None
    figure, (axes,) = canvas(2.2)
    _waterfall(axes, movement, look)
    return Figure(
        "bridge",
        look.voice("Revenue of {n} days, from the previous run to this one", n=movement.period_days),
        to_svg(figure),
        look.voice(
            "From {before} before to {now} now, {change} in all. Each customer is counted in one step: those with "
            "revenue in only one of the two periods count there, wherever they moved.",
            before=look.voice.money_in_words(movement.money_before),
            now=look.voice.money_in_words(movement.money_now),
            change=look.voice.gained(movement.money_now - movement.money_before, look.voice.money_in_words),
        ),
        "Waterfall: what each group of customers added to the revenue or took away, and the total change.",
        "queries/period_revenue.sql",
    )


def _waterfall(axes: Axes, movement: Movement, look: Look) -> None:
    """A bar per step that begins where the one before ended, and a last one for the total change."""
    steps, reached = movement.steps, 0.0
    for at, step in enumerate(steps):
        _step(axes, at, (reached, reached + step.amount), GAIN if step.amount >= 0 else LOSS, look)
        reached += step.amount
        axes.plot((at + 0.31, at + 0.69), (reached, reached), color=MUTED, linewidth=0.8)
    _step(axes, len(steps), (0.0, movement.money_now - movement.money_before), MUTED, look)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    names = [f"{wrapped(look.voice(heading(step.kind)), 12)}\n({look.voice.number(step.customers)})" for step in steps]
    axes.set_xticks(range(len(steps) + 1), [*names, look.voice("in all")], color=INK, fontsize=7)
    reaches = np.cumsum([0.0, *(step.amount for step in steps), 0.0])
    room = 0.16 * float(np.ptp(reaches)) or 1.0
    axes.set_ylim(float(reaches.min()) - room, float(reaches.max()) + room)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.money_short(value))
    axes.set_ylabel(wrapped(look.in_currency("change of revenue"), 20))
    axes.set_xlabel(look.voice("what customers did (how many)"))


def _step(axes: Axes, at: int, ends: tuple[float, float], colour: str, look: Look) -> None:
    """A bar from one amount to another with the difference written at its far end."""
    start, end = ends
    axes.bar(at, end - start, bottom=start, width=0.62, color=colour)
    up = end >= start
    label = look.voice.gained(end - start, look.voice.money_short)
    ground = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6}  # the line at zero may pass behind it
    axes.annotate(label, (at, end), (0, 3 if up else -3), textcoords="offset points", ha="center",
                  va="bottom" if up else "top", fontsize=7.5, color=INK, bbox=ground, zorder=4)  # fmt: skip
