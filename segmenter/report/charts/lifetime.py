"""The chart of the value to come: what the forecast expected of a time held out, beside what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.report.charts.labels import name_ends
from segmenter.report.charts.style import Look, canvas, to_svg
from segmenter.report.language import Voice
from segmenter.report.palette import COLOURS, INK, MUTED
from segmenter.report.types import Figure
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def held_out(run: Run, look: Look) -> Figure | None:
    """Orders expected and orders that came, by the orders a customer had placed before."""
    check = run.findings.lifetime.check if run.findings.lifetime else None
    if check is None:
        return None
    voice, (figure, (axes,)) = look.voice, canvas(1.5)
    _bars(axes, -0.2, [each.expected for each in check.classes], (voice("orders expected"), MUTED), voice)
    _bars(axes, 0.2, [each.actual for each in check.classes], (voice("orders that came"), COLOURS[0]), voice)
    last = len(check.classes) - 1
    axes.set_xticks(range(last + 1), [f"{place + 1}{'+' if place == last else ''}" for place in range(last + 1)])
    axes.set_xlabel(voice("orders that a customer had placed before the last {days} days", days=check.days))
    axes.set_yticks([])  # every bar says its number
    axes.margins(y=0.12)
    axes.spines["left"].set_visible(False)
    axes.legend(frameon=False, loc="upper center", ncols=2, fontsize=8)
    return Figure(
        "held-out",
        voice("The forecast tried on the last {days} days", days=check.days),
        to_svg(figure),
        voice(
            "Made from the time before, it expected {expected} orders; {came} came.",
            expected=voice.number(check.orders_expected),
            came=voice.number(check.orders),
        ),
        "Bars: orders expected and orders that came, by the orders a customer had placed before.",
        "run.json: lifetime, check",
    )


def periods(run: Run, look: Look) -> Figure | None:
    """Orders expected and orders that came, by periods as long as the one to come."""
    found = run.findings.lifetime
    if found is None or found.check is None or len(found.check.period_orders) < 2:
        return None
    voice, check, (figure, (axes,)) = look.voice, found.check, canvas(1.4)
    numbers = range(1, len(check.period_orders) + 1)
    axes.plot(numbers, check.period_expected, color=MUTED, marker="o", markersize=3)
    axes.plot(numbers, check.period_orders, color=COLOURS[0], marker="o", markersize=3)
    ends = ((check.period_expected, "orders expected", MUTED), (check.period_orders, "orders that came", COLOURS[0]))
    name_ends(axes, numbers[-1], [(orders[-1], voice(name), colour) for orders, name, colour in ends], 1.4)
    axes.set_ylim(bottom=0)
    axes.set_xticks(numbers)
    axes.set_xlabel(voice("periods of {days} days, one after the other", days=found.days))
    axes.grid(axis="y")
    axes.locator_params(axis="y", nbins=4)
    axes.yaxis.set_major_formatter(lambda value, _: voice.number(value))
    return Figure(
        "held-out-periods",
        voice("The same orders by periods of {days} days", days=found.days),
        to_svg(figure),
        "Where the blue line leaves the grey one there was a season, or a change.",
        "Line chart: orders expected and orders that came in successive periods.",
        "run.json: lifetime, check",
    )


def _bars(axes: Axes, aside: float, orders: list[float], name_and_colour: tuple[str, str], voice: Voice) -> None:
    name, colour = name_and_colour
    places = [place + aside for place in range(len(orders))]
    axes.bar(places, orders, width=0.38, color=colour, label=name)
    for place, number in zip(places, orders, strict=True):
        axes.text(place, number, voice.number(number), ha="center", va="bottom", fontsize=7, color=INK)
