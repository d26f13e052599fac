"""Who moved since the run before, and whether the segments still fit their customers."""

from __future__ import annotations

from typing import TypeGuard

from segmenter.report.alerts import by_line, judged, unseen
from segmenter.report.context.view import View, columns, parts, table, text
from segmenter.report.types import Cell, Part, Section, Table
from segmenter.runs.drift import DRIFTED, FAR, FEWEST, SHIFTED
from segmenter.runs.drivers import MOST, Drivers, drivers
from segmenter.runs.history import AlertCount, BridgeStep, Continuity, Interval, Movement, SegmentChange
from segmenter.runs.narration import STEPS

OFFSET = 0.25  # of the largest part: a total below that was nearly cancelled out by another part
JUST_BEGUN = "Revenue in the last {days} days: {now}. The previous run covered fewer than {days} days, so the two cannot be compared."
BY_CHANCE = "Chance alone can explain a difference of this size."
RANGES = (
    "A change in size is shown only where neither chance nor overall customer growth explains it: a segment that "
    "nobody joins or leaves has not changed, nor has one that grows as all do. The range after a change contains the "
    "true change in about 95 of 100 cases, for all segments together (bootstrap); for a change in size it also covers "
    "the change beyond overall growth. Where the range includes zero, the table says no real change. Where a few odd "
    "customers account for most of a change in revenue, the table says how many."
)
AGEING = "As time passes, every customer's history gets longer: days since the first order are compared as shares of the longest."
VERDICTS = {"steady": "steady", "shifted": "shifted", "drifted": "drifted: check", "too few": "too few to tell"}


def moves(view: View) -> Section | None:
    """The chapter, None where there is no run to compare with and no reason to give for that."""
    history = view.run.history
    movement, fit = history.movement, history.fit(view.run.manifest.as_of)
    if movement is None and history.continuity is None and not history.sentences:
        return None
    lead = "This run is compared with the previous one, customer by customer."
    if movement is None:
        lead = " ".join(history.sentences) or "There is no earlier run of the same customers to compare with."
    return Section(
        "moves",
        "Who moved?",
        lead,
        parts(
            Part("What changed", (*changed(view), *_alert_notes(view)) if movement else (), view.figures("moves")),
            Part("The money that moved with them", (), view.figures("moves-money")),
            Part("The money", (), view.figures("bridge")),
            Part(
                "Segment by segment", (RANGES,) if movement else (), (), (_changes(view, movement),) if movement else ()
            ),
            Part(
                "Do the segments still fit?",
                (*(history.sentences if movement else ()), *((*fit.sentences, _drift_words(view)) if fit else ())),
                (),
                (_fit(view, fit), _drift(view, fit)) if fit else (),
            ),
        ),
    )


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
        return f"{sentence} {_reason(view, movement, drivers(view.run))}"
    text = (
        "Revenue in the last {days} days: {now}, {share} more than in the previous run ({before})."
        if now > before
        else "Revenue in the last {days} days: {now}, {share} less than in the previous run ({before})."
    )
    sentence = voice(text, days=movement.period_days, share=voice.percent(abs(now / before - 1)), **money)
    driven = drivers(view.run)
    by_chance = driven is None and not movement.revenue.is_real
    return f"{sentence} {voice(BY_CHANCE) if by_chance else _reason(view, movement, driven)}"


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


def _changes(view: View, movement: Movement) -> Table:
    heads = columns(
        "Segment",
        "Customers before#",
        "Customers now#",
        "Change in size#",
        "Revenue before#",
        "Revenue now#",
        "Change#",
    )
    rows = [
        (
            Cell(each.name, each.name, each.number),
            view.number(each.customers_before),
            view.number(each.customers_now),
            _change(view, each.customers, money=False),
            view.money(each.money_before),
            view.money(each.money_now),
            _carried(view, each) or _change(view, each.money, money=True),
        )
        for each in movement.segments
    ]
    title = view.voice(
        "Customers, and revenue of {days} days, in the run of {date} and now",
        days=movement.period_days,
        date=view.voice.date(movement.previous_as_of),
    )
    return table("segment-changes", title, heads, rows, "moves.parquet")


def _carried(view: View, change: SegmentChange) -> Cell | None:
    """A change of money that is not significant only because a few odd customers drive it; None for any other change."""
    driven = None if change.money.is_real else drivers(view.run, change.name)
    if driven is None:
        return None
    count, money = view.voice.number(len(driven.customers)), _signed(view, change.money.value)
    return Cell(view.voice("{money} ({count} odd)", money=money, count=count), change.money.value)


def _change(view: View, change: Interval, *, money: bool) -> Cell:
    """The change with its interval, or that there is no real one."""
    if not change.is_real:
        return Cell(view.voice("no real change"), change.value)
    write = view.voice.money if money else view.voice.number
    low, high = write(change.low), write(change.high)
    shown = view.voice("{change} ({low} to {high})", change=view.voice.gained(change.value, write), low=low, high=high)
    return Cell(shown, change.value)


def _fit(view: View, fit: Continuity) -> Table:
    rows = [
        ("Segments", view.number(fit.n_clusters), view.number(fit.challenger_n_clusters)),
        ("Mean silhouette when it was fitted", view.number(fit.silhouette_then, 2), text("")),
        (
            "Mean silhouette now, in the units of the fresh fit",
            view.number(fit.silhouette_now, 2),
            view.number(fit.challenger_silhouette, 2),
        ),
        ("Customers who would move", text(""), view.number(fit.n_would_move)),
        ("Agreement (adjusted Rand)", text(""), view.number(fit.agreement, 2)),
    ]
    date = view.voice.date(fit.accepted_as_of)
    title = view.voice("The accepted model of {date} and a fresh fit", date=date)
    heads = columns("", "Accepted#", "Fresh fit#")
    return table(
        "model-fit",
        title,
        heads,
        [(text(view.voice(label)), *cells) for label, *cells in rows],
        "model.json, challenger.json",
    )


def _drift_words(view: View) -> str:
    gloss = view.voice(
        "The population stability index compares how a feature is distributed now and was then. The verdict counts "
        "only what exceeds the index that chance alone gives for this many customers: shifted from {shifted} above "
        "it, drifted from {drifted}; with fewer than {fewest} customers nothing can be said. The distance says how "
        "far values have moved on average, relative to the range of the middle half of the customers then; from "
        "{far}, and beyond chance, a feature has shifted, too.",
        shifted=view.voice.number(SHIFTED, 1),
        drifted=view.voice.number(DRIFTED, 2),
        fewest=view.voice.number(FEWEST),
        far=view.voice.number(FAR, 2),
    )
    return f"{gloss} {view.voice(AGEING)}"


def _drift(view: View, fit: Continuity) -> Table:
    rows = []
    for each in fit.drift:
        feature = view.feature(each.feature)
        pair = (each.median_then, each.median_now)
        medians = map(text, view.voice.values(feature, pair)) if feature else (view.number(value, 1) for value in pair)
        label = text(feature.label if feature else each.feature)
        rows.append(
            (
                label,
                *medians,
                view.number(each.psi, 2),
                view.number(each.wasserstein, 2),
                text(view.voice(VERDICTS[each.verdict])),
            )
        )
    heads = columns("Feature", "Median then#", "Median now#", "Stability index#", "Distance#", "Verdict")
    title = "How far the customers have drifted from those the model was fitted to"
    return table("drift", title, heads, rows, "customers.parquet of both runs")
