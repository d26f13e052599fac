"""Who moved since the run before, and whether the segments still fit their customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeGuard

from segmenter.report.alerts import by_line, judged, unseen
from segmenter.report.context.fit import tables, words
from segmenter.report.context.view import View, columns, parts, table, text
from segmenter.report.types import Cell, Part, Section, Table
from segmenter.runs.drivers import MOST, Drivers, drivers
from segmenter.runs.history import AlertCount, BridgeStep, Interval, Movement, SegmentChange
from segmenter.runs.narration import STEPS

OFFSET = 0.25  # of the largest part: a total below that was nearly cancelled out by another part
JUST_BEGUN = "Revenue in the last {days} days: {now}. The previous run covered fewer than {days} days, so the two cannot be compared."
SHARED = "{n} of the {days} days are in both figures."
PERIODS = (
    "Revenue now is that of the {days} days from {first_now} to {last_now}, revenue before that of the {days} days from "
    "{first_before} to {last_before}."
)
BY_CHANCE = "Chance alone can explain a difference of this size."
RANGES = (
    "The range after a change contains the true change in about 95 of 100 cases, for all segments together (bootstrap); "
    "where it includes zero, chance alone can explain the change. Beyond overall growth is the difference from what the "
    "segment would have if it had grown as all customers did. A segment has really changed in size only where chance "
    "explains neither of the two: one that nobody joins or leaves has not, nor has one that grows as all do. Where a "
    "few odd customers account for most of a change in revenue, the table says how many."
)


def moves(view: View) -> Section | None:
    """The chapter, None where there is no run to compare with and no reason to give for that."""
    history = view.run.history
    movement, fit = history.movement, history.fit(view.run.manifest.as_of)
    if movement is None and history.continuity is None and not history.sentences:
        return None
    if movement is not None:
        lead = " ".join(
            (view.voice("This run is compared with the previous one, customer by customer."), *_periods(view, movement))
        )
    else:
        lead = " ".join(history.sentences) or "There is no earlier run of the same customers to compare with."
    return Section(
        "moves",
        "Who moved?",
        lead,
        parts(
            Part("What changed", (*changed(view), *_alert_notes(view)) if movement else (), view.figures("moves")),
            Part("The money that moved with them", (), view.figures("moves-money")),
            Part("The money", (), view.figures("bridge")),
            Part("Segment by segment", (RANGES,) if movement else (), (), _changes(view, movement) if movement else ()),
            Part(
                "Do the segments still fit?",
                (
                    *(history.sentences if movement else ()),
                    *((*fit.sentences, *words(view, fit)) if fit else ()),
                ),
                (),
                tables(view, fit) if fit else (),
            ),
        ),
    )


def _periods(view: View, movement: Movement) -> tuple[str, ...]:
    """The two periods whose revenue is compared, and how many days are in both."""
    if movement.period_ends is None:
        return ()
    voice, length = view.voice, timedelta(days=movement.period_days - 1)
    days = {
        f"{name}_{side}": voice.date(day)
        for side, last in zip(("before", "now"), movement.period_ends, strict=True)
        for name, day in (("first", last - length), ("last", last))
    }
    return (voice(PERIODS, days=movement.period_days, **days), *_shared(view, movement))


def _shared(view: View, movement: Movement) -> tuple[str, ...]:
    """How many days count on both sides of a comparison of revenue, where any do."""
    if not movement.n_days_shared:
        return ()
    return (view.voice(SHARED, n=movement.n_days_shared, days=movement.period_days),)


def changed(view: View) -> tuple[str, ...]:
    """Sentences for the first page on what changed since the run before, or on why nothing can be said of it."""
    history = view.run.history
    if history.movement is None:
        return history.sentences
    news = _news(view, history.alerts) if _has_news(history.alerts) else ""
    movement = history.movement
    return tuple(filter(None, (movement.covers, _revenue(view, movement), *movement.sentences, news)))


def _has_news(alerts: AlertCount | None) -> TypeGuard[AlertCount]:
    return alerts is not None and not alerts.is_baseline


def _alert_notes(view: View) -> tuple[str, ...]:
    """What the first page has no room for: whom the threshold alone moved, and how many alerts were right."""
    alerts = view.run.history.alerts
    return (
        (*by_line(view.voice, alerts), *unseen(view.voice, alerts), *judged(view.voice, alerts))
        if _has_news(alerts)
        else ()
    )


def _revenue(view: View, movement: Movement) -> str:
    """Revenue of the period now and before, and where most of the difference comes from."""
    voice, before, now = view.voice, movement.money_before, movement.money_now
    money = {"now": voice.money_in_words(now), "before": voice.money_in_words(before)}
    if not movement.is_whole:
        return voice(JUST_BEGUN, days=movement.period_days, now=money["now"])
    if now == before:
        return voice(
            "Revenue in the last {days} days: {now}, as in the previous run.", days=movement.period_days, **money
        )
    if before <= 0:
        sentence = voice(
            "Revenue in the last {days} days: {now}, against {before} in the previous run.",
            days=movement.period_days,
            **money,
        )
        return " ".join((sentence, *_shared(view, movement), _reason(view, movement, drivers(view.run))))
    text = (
        "Revenue in the last {days} days: {now}, {share} more than in the previous run ({before})."
        if now > before
        else "Revenue in the last {days} days: {now}, {share} less than in the previous run ({before})."
    )
    sentence = voice(text, days=movement.period_days, share=voice.percent(abs(now / before - 1)), **money)
    driven = drivers(view.run)
    by_chance = driven is None and not movement.revenue.is_real
    reason = voice(BY_CHANCE) if by_chance else _reason(view, movement, driven)
    return " ".join((sentence, *_shared(view, movement), reason))


def _reason(view: View, movement: Movement, driven: Drivers | None) -> str:
    """What makes most of the difference: a few odd customers, or else the largest step of the bridge."""
    voice, total = view.voice, movement.money_now - movement.money_before
    if driven is not None:
        return voice(
            "Odd customers ({named}) account for {money} of the difference, all others for {rest}.",
            named=_named(view, driven),
            money=_signed(view, driven.amount),
            rest=_signed(view, total - driven.amount),
        )
    steps = sorted(movement.steps, key=lambda step: step.amount * total)
    against, step = steps[0], steps[-1]
    if abs(step.amount) > abs(total) and against.amount * total < 0:
        return voice(
            "Two parts almost cancel each other out: {who}, and {others}."
            if abs(total) < OFFSET * abs(step.amount)
            else "The largest parts of the difference: {who}, partly offset by {others}.",
            who=_part(view, step),
            others=_part(view, against),
        )
    return voice("The largest part of the difference: {who}.", who=_part(view, step))


def _named(view: View, driven: Drivers) -> str:
    """The first of the customers by name and the number of the others; only their number without `customer_rows`."""
    if not view.config.customer_rows:
        return view.voice.number(len(driven.customers))
    named, left = ", ".join(driven.customers[:MOST]), len(driven.customers) - MOST
    return view.voice("{customers} and {n} more", customers=named, n=view.voice.number(left)) if left > 0 else named


def _part(view: View, step: BridgeStep) -> str:
    """A step of the bridge with its number of customers and their money."""
    return view.voice(
        "{who} ({count}), {money}",
        who=view.voice(STEPS[step.kind].who),
        count=view.voice.number(step.customers),
        money=_signed(view, step.amount),
    )


def _signed(view: View, amount: float) -> str:
    return view.voice.gained(amount, view.voice.money_in_words)


def _news(view: View, alerts: AlertCount) -> str:
    """What became of the odd customers."""
    number = view.voice.number
    if not alerts.new + alerts.worsened + alerts.resolved:
        return view.voice("No customer is newly odd, worse or back to normal.")
    return view.voice(
        "Odd customers: {new} new, {worse} worse, {resolved} back to normal.",
        new=number(alerts.new),
        worse=number(alerts.worsened),
        resolved=number(alerts.resolved),
    )


def _changes(view: View, movement: Movement) -> tuple[Table, Table]:
    """Each segment's customers before and now, and its revenue."""
    sizes = [
        (
            Cell(each.name, each.name, each.number),
            view.number(each.customers_before),
            view.number(each.customers_now),
            _change(view, each.customers, view.voice.number),
            _change(view, each.beyond, view.voice.number) if each.beyond else text(""),
        )
        for each in movement.segments
    ]
    money = [
        (
            Cell(each.name, each.name, each.number),
            view.money(each.money_before),
            view.money(each.money_now),
            _money_change(view, each, movement),
        )
        for each in movement.segments
    ]
    heads = columns("Segment", "Customers before#", "Customers now#", "Change in size#", "Beyond overall growth#")
    of_money = columns("Segment", "Revenue before#", "Revenue now#", "Change#")
    date = view.voice.date(movement.previous_as_of)
    title = view.voice("Customers in the run of {date} and now", date=date)
    money_title = view.voice(
        "Revenue of {days} days in the run of {date} and now", days=movement.period_days, date=date
    )
    return (
        table("segment-changes", title, heads, sizes, "moves.parquet"),
        table("segment-money", money_title, of_money, money, "moves.parquet"),
    )


def _money_change(view: View, change: SegmentChange, movement: Movement) -> Cell:
    """The change of money; where it is not significant only because a few odd customers drive it, their number."""
    if not movement.is_whole:
        return Cell(view.voice("not comparable"), change.money.value)
    driven = None if change.money.is_real else drivers(view.run, change.name)
    note = view.voice("{count} odd", count=view.voice.number(len(driven.customers))) if driven else ""
    return _change(view, change.money, view.voice.money, note)


def _change(view: View, change: Interval, write: Callable[[float], str], note: str = "") -> Cell:
    """The change with its interval and the `note`, or that chance can explain it where it can."""
    if not (change.low or change.high):
        return Cell(write(0.0), 0.0)
    low, high = write(change.low), write(change.high)
    shown = view.voice("{change} ({low} to {high})", change=view.voice.gained(change.value, write), low=low, high=high)
    note = note or ("" if change.is_real else view.voice("within chance"))
    return Cell(", ".join(filter(None, (shown, note))), change.value)
