"""Charts of the value to come: what the forecast expected of a period held out, beside what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.analysis.lifetime_types import HoldoutCheck
from segmenter.report.charts.labels import name_ends
from segmenter.report.charts.style import Look, canvas, to_svg, wrapped
from segmenter.report.language import Voice
from segmenter.report.palette import COLOURS, MUTED, RULE
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDE = 20  # times the fewest orders of a class, from which on the scale is logarithmic


def held_out(run: Run, look: Look) -> Figure | None:
    """Orders expected and orders that came, by the orders a customer had placed before; a line for each class."""
    check = run.findings.lifetime.check if run.findings.lifetime else None
    if check is None:
        return None
    voice = look.voice
    return Figure(
        "held-out",
        voice("The forecast tested on the last {days} days", days=check.days),
        to_svg(_dots(check, voice)),
        _held_out_reading(check, voice),
        "Dots: expected and actual orders, by the number of orders a customer had placed before.",
        "run.json: lifetime, check",
    )


def _dots(check: HoldoutCheck, voice: Voice) -> Canvas:
    """A row per class that has customers, from the orders expected to those that came."""
    named = [
        (each, _class_name(place, len(check.classes))) for place, each in enumerate(check.classes) if each.customers
    ]
    classes, rows = [each for each, _ in named], range(len(named))
    figure, (axes,) = canvas(0.85 + 0.16 * len(classes))
    axes.hlines(rows, [each.expected for each in classes], [each.actual for each in classes], color=RULE, linewidth=3)
    axes.scatter([each.expected for each in classes], rows, color=MUTED, s=22, zorder=2)
    axes.scatter([each.actual for each in classes], rows, color=COLOURS[0], s=22, zorder=2)
    _scale(axes, check, voice)
    axes.set_ylim(len(classes) - 0.5, -0.6)
    axes.set_yticks(rows, [name for _, name in named])
    axes.set_ylabel(voice("orders before"))
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    texts = [f"{voice.number(each.expected)} → {voice.number(each.actual)}" for each in classes]
    head = wrapped(
        voice("expected (grey) → actual (blue)"), 16
    )  # of two lines or three, so that it stands on the first row
    placed = [(-0.6, head, "bottom"), *((row, text, "center") for row, text in enumerate(texts))]
    for row, text, va in placed:
        axes.text(1.02, row, text, transform=axes.get_yaxis_transform(), va=va, fontsize=7, color=MUTED)
    return figure


def _scale(axes: Axes, check: HoldoutCheck, voice: Voice) -> None:
    """A linear scale of orders, or a symmetric log scale where the largest class would squeeze all others."""
    orders = [number for each in check.classes if each.customers for number in (each.expected, each.actual)]
    label = "orders in the last {days} days"
    if max(orders) > WIDE * max(min(orders), 1.0):
        axes.set_xscale("symlog", linthresh=10)
        label = "orders in the last {days} days (logarithmic scale)"
    axes.set_xlim(left=0)
    axes.set_xlabel(voice(label, days=check.days))
    axes.xaxis.set_major_formatter(lambda value, _: voice.number(value))


def _class_name(place: int, n: int) -> str:
    return f"{place + 1}{'+' if place == n - 1 else ''}"


def _held_out_reading(check: HoldoutCheck, voice: Voice) -> str:
    """The two totals, and the class with the largest error."""
    worst = max(range(len(check.classes)), key=lambda at: abs(check.classes[at].expected - check.classes[at].actual))
    missed = check.classes[worst]
    totals = voice(
        "Based on the time before, it expected {expected} orders; {came} were placed.",
        expected=voice.number(check.orders_expected),
        came=voice.number(check.orders),
    )
    widest = voice(
        "The largest miss: customers with {orders} or more orders before were expected to place {missed} and placed {actual}."
        if worst == len(check.classes) - 1
        else "The largest miss: customers with one order before were expected to place {missed} and placed {actual}."
        if worst == 0
        else "The largest miss: customers with {orders} orders before were expected to place {missed} and placed {actual}.",
        orders=voice.number(worst + 1),
        missed=voice.number(missed.expected),
        actual=voice.number(missed.actual),
    )
    return f"{totals} {widest}"


def periods(run: Run, look: Look) -> Figure | None:
    """Orders expected and orders that came, by periods as long as the one to come."""
    found = run.findings.lifetime
    if found is None or found.check is None or len(found.check.period_orders) < 2:
        return None
    voice, check, (figure, (axes,)) = look.voice, found.check, canvas(1.4)
    numbers = range(1, len(check.period_orders) + 1)
    axes.plot(numbers, check.period_expected, color=MUTED, marker="o", markersize=3)
    axes.plot(numbers, check.period_orders, color=COLOURS[0], marker="o", markersize=3)
    ends = ((check.period_expected, "expected orders", MUTED), (check.period_orders, "actual orders", COLOURS[0]))
    axes.set_ylim(0, 1.12 * max(*check.period_orders, *check.period_expected, 1.0))
    name_ends(axes, numbers[-1], [(orders[-1], voice(name), colour) for orders, name, colour in ends], 1.4)
    axes.set_xticks(numbers)
    axes.set_ylabel(wrapped(voice("orders per period"), 16))
    axes.set_xlabel(voice("consecutive periods of {days} days", days=found.days))
    axes.grid(axis="y")
    axes.locator_params(axis="y", nbins=4)
    axes.yaxis.set_major_formatter(lambda value, _: voice.number(value))
    return Figure(
        "held-out-periods",
        voice("The same orders in periods of {days} days", days=found.days),
        to_svg(figure),
        _periods_reading(found.check, voice),
        "Line chart: expected and actual orders in consecutive periods.",
        "run.json: lifetime, check",
    )


def _periods_reading(check: HoldoutCheck, voice: Voice) -> str:
    """The period with the largest error."""
    pairs = list(zip(check.period_expected, check.period_orders, strict=True))
    worst = max(range(len(pairs)), key=lambda at: abs(pairs[at][1] - pairs[at][0]))
    expected, came = pairs[worst]
    return voice(
        "Furthest off in period {n}: {expected} orders expected, {came} placed. Several periods off in a row suggest "
        "a season or a change, which the forecast does not model.",
        n=worst + 1,
        expected=voice.number(expected),
        came=voice.number(came),
    )
