"""Charts of what happened between two runs: who moved where, and the money bridge."""

from __future__ import annotations

import numpy as np

from segmenter.report.charts.grid import Grid, draw_grid
from segmenter.report.charts.style import Look, canvas, to_svg, wrapped
from segmenter.report.palette import COLOURS, INK, MUTED, RULE
from segmenter.report.types import Figure
from segmenter.runs.history import Movement
from segmenter.runs.types import Run

WORDS = {
    "before": "before", "new": "new", "returning": "back again", "upgraded": "moved up", "same": "stayed",
    "downgraded": "moved down", "lapsed": "no order", "gone": "gone", "after": "now",
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
    """Money of the period before, step by step to the money of the period now."""
    found = run.history.movement
    if found is None:
        return None
    amounts = [step.amount for step in found.bridge]
    tops = np.cumsum(amounts[:-1])
    starts = [0.0, *(tops[at] for at in range(len(amounts) - 2)), 0.0]
    ends = [*tops, amounts[-1]]
    figure, (axes,) = canvas(2.3)
    for at, (step, start, end) in enumerate(zip(found.bridge, starts, ends, strict=True)):
        is_total = step.kind in {"before", "after"}
        colour = MUTED if is_total else GAIN if end >= start else LOSS
        axes.bar(at, end - start, bottom=start, width=0.62, color=colour)
        money = look.voice.money_short(step.amount)
        axes.text(at, max(start, end), f"+{money}" if step.amount > 0 and not is_total else money,
                  ha="center", va="bottom", fontsize=7.5, color=INK)  # fmt: skip
        if at < len(amounts) - 1:
            axes.plot((at + 0.31, at + 0.69), (end, end), color=RULE, linewidth=0.8)
    axes.set_xticks(range(len(amounts)), [wrapped(look.voice(WORDS[step.kind]), 12) for step in found.bridge])
    axes.margins(y=0.12)
    axes.grid(axis="y")
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_major_formatter(lambda value, _: look.voice.money_short(value))
    axes.set_ylabel(look.in_currency("revenue"))
    return Figure(
        "bridge",
        look.voice("Revenue of {n} days, from the run before to this one", n=found.period_days),
        to_svg(figure),
        look.voice(
            "From {before} before to {now} now; each step is the change that its customers made.",
            before=look.voice.money_in_words(amounts[0]),
            now=look.voice.money_in_words(amounts[-1]),
        ),
        "Waterfall: revenue before, what each kind of customer added or took away, revenue now.",
        "queries/period_revenue.sql",
    )
