"""Who moved since the run before, and whether the segments still fit their customers."""

from __future__ import annotations

from segmenter.report.context.view import View, columns, parts, table, text
from segmenter.report.types import Cell, Part, Section, Table
from segmenter.runs.history import Continuity, Interval, Movement

VERDICTS = {"steady": "steady", "shifted": "shifted", "drifted": "drifted: look"}


def moves(view: View) -> Section | None:
    """The chapter, None where there is no run to compare with and nothing to say of that."""
    history = view.run.history
    if history.movement is None and history.continuity is None and not history.sentences:
        return None
    lead = "This run is compared with the one before it on the same customers."
    if history.movement is None:
        lead = " ".join(history.sentences) or "There is no earlier run of the same customers to compare with."
    compared = history.movement is not None
    return Section(
        "moves",
        "Who moved?",
        lead,
        parts(
            Part("What changed", changed(view), view.figures("moves")),
            Part("The money", (), view.figures("bridge")),
            Part("Segment by segment", _reading(), (), (_changes(view, history.movement),) if history.movement else ()),
            Part(
                "Do the segments still fit?",
                (
                    *(history.sentences if compared else ()),
                    *(history.continuity.sentences if history.continuity else ()),
                ),
                (),
                (_fit(view, history.continuity), _drift(view, history.continuity)) if history.continuity else (),
            ),
        ),
    )


def changed(view: View) -> tuple[str, ...]:
    """What changed since the run before, in sentences: for the first page and the chapter."""
    history = view.run.history
    if history.movement is None:
        return ()
    alerts = history.alerts
    news: tuple[str, ...] = ()
    if alerts is not None and not alerts.is_baseline:
        news = (
            view.voice(
                "Odd customers since: {new} new, {worse} worse, {resolved} ordinary again.",
                new=view.voice.number(alerts.new),
                worse=view.voice.number(alerts.worsened),
                resolved=view.voice.number(alerts.resolved),
            ),
        )
    return (*history.movement.sentences, *news)


def _reading() -> tuple[str, ...]:
    return (
        "The range behind a change holds the true change in 95 of 100 cases, for all segments together (bootstrap); "
        "where it includes zero, the table says no real change.",
    )


def _changes(view: View, found: Movement) -> Table:
    heads = columns(
        "Segment", "Customers before#", "Customers now#", "Change#", "Revenue before#", "Revenue now#", "Change#"
    )
    rows = [
        (
            Cell(each.name, each.name, each.number),
            view.number(each.customers_before),
            view.number(each.customers_now),
            _change(view, each.customers, money=False),
            view.money(each.money_before),
            view.money(each.money_now),
            _change(view, each.money, money=True),
        )
        for each in found.segments
    ]
    title = view.voice(
        "Customers, and revenue of {days} days, in the run of {date} and now",
        days=found.period_days,
        date=view.voice.date(found.previous_as_of),
    )
    return table("segment-changes", title, heads, rows, "moves.parquet")


def _change(view: View, change: Interval, *, money: bool) -> Cell:
    """The change with its range, or that there is none."""
    if not change.is_real:
        return Cell(view.voice("no real change"), change.value)
    speak = view.voice.money if money else view.voice.number
    sign = "+" if change.value > 0 else ""
    low, high = speak(change.low), speak(change.high)
    shown = view.voice("{change} ({low} to {high})", change=f"{sign}{speak(change.value)}", low=low, high=high)
    return Cell(shown, change.value)


def _fit(view: View, found: Continuity) -> Table:
    rows = [
        ("Segments", view.number(found.n_clusters), view.number(found.challenger_n_clusters)),
        ("Mean silhouette when it was fitted", view.number(found.silhouette_then, 2), text("")),
        ("Mean silhouette now", view.number(found.silhouette_now, 2), view.number(found.challenger_silhouette, 2)),
        ("Customers who would move", text(""), view.number(found.n_would_move)),
        ("Agreement (adjusted Rand)", text(""), view.number(found.agreement, 2)),
    ]
    date = view.voice.date(found.accepted_as_of)
    title = view.voice("The accepted model of {date} beside segments found anew", date=date)
    heads = columns("", "Accepted#", "Found anew#")
    return table(
        "model-fit",
        title,
        heads,
        [(text(view.voice(label)), *cells) for label, *cells in rows],
        "model.json, challenger.json",
    )


def _drift(view: View, found: Continuity) -> Table:
    rows = []
    for each in found.drift:
        feature = view.feature(each.feature)
        medians = (
            Cell(view.voice.value(feature, value)) if feature else view.number(value, 1)
            for value in (each.median_then, each.median_now)
        )
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
    title = "How far the customers have drifted from those that the model was made of"
    return table("drift", title, heads, rows, "customers.parquet of both runs")
