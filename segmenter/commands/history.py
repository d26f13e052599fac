"""A run's history for a terminal or as JSON: movement, fit, alerts, and what an acceptance would change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from segmenter.console import Terminal
from segmenter.report.alerts import notes
from segmenter.report.language import Voice
from segmenter.runs.narration import ABSENT, heading

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from segmenter.runs.history import AlertCount, Continuity, Flow, History, Interval, Movement
    from segmenter.runs.proposal import Proposal


def changes(history: History) -> tuple[str, ...]:
    """What changed since the previous run, in sentences."""
    moved = _moved(history.movement) if history.movement else ()
    alerts = history.alerts
    if alerts is None or alerts.is_baseline:
        return (*history.sentences, *moved)
    return (*history.sentences, *moved, f"{alert_news(alerts)}.", *alert_notes(alerts))


def _moved(found: Movement) -> tuple[str, ...]:
    """The sentences on a movement, first of whom it is, where it is not of everybody."""
    return tuple(filter(None, (found.covers, *found.sentences)))


def alert_news(counts: AlertCount) -> str:
    """How many customers became newly odd, worse or ordinary since the previous run."""
    return f"{counts.new:,} newly odd, {counts.worsened:,} worse, {counts.resolved:,} back to normal"


def alert_notes(counts: AlertCount) -> tuple[str, ...]:
    """Notes on alerts that only the redrawn line changed, on alerts held back by verdicts, and on their precision so far."""
    return notes(Voice("en"), counts)


def show_history(terminal: Terminal, history: History, as_of: date) -> None:
    """Show what changed since the previous run, and how the accepted model fits the customers as of `as_of`."""
    for sentence in changes(history):
        terminal.say(sentence)
    if fit := history.fit(as_of):
        terminal.say("")
        terminal.say(f"Placed by the model of {fit.accepted_run}", style="bold")
        show_fit(terminal, fit)


def plain(value: Any) -> Any:
    """`value` with None for NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def records(table: pd.DataFrame) -> Any:
    """The rows of `table` as JSON; missing values are null."""
    return plain(table.astype(object).where(table.notna(), None).to_dict("records"))


def show_movement(terminal: Terminal, found: Movement) -> None:
    """Show the moves between two runs: each segment's change, the flows between segments, and the money bridge."""
    for sentence in _moved(found):
        terminal.say(sentence)
    changed = [
        (
            each.name,
            f"{each.customers_before:,}",
            f"{each.customers_now:,}",
            _change(each.customers),
            _change(each.beyond) if each.beyond else "",
            _change(each.money) if found.is_whole else "not comparable",
        )
        for each in found.segments
    ]
    heads = ("segment", "before", "now", "change in size", "beyond overall growth", "change of money")
    _table(terminal, heads, changed, right=(1, 2, 3, 4, 5))
    _table(
        terminal,
        ("from", "to", "customers", "by cut point", "money before", "money now"),
        _flows(found.flows),
        right=(2, 3, 4, 5),
    )
    steps = [(heading(step.kind), f"{step.customers:,}", f"{step.amount:,.0f}") for step in found.bridge]
    _table(terminal, ("money bridge", "customers", "money"), steps, right=(1, 2))


def _flows(flows: Iterable[Flow]) -> list[tuple[str, ...]]:
    """Rows of the flows from one segment to another, the largest first."""
    moved = sorted((each for each in flows if each.number_before != each.number_now), key=lambda each: -each.customers)
    return [
        (
            each.before or ABSENT["before"],
            each.now or ABSENT["now"],
            f"{each.customers:,}",
            f"{each.by_cut_point:,}",
            f"{each.money_before:,.0f}",
            f"{each.money_now:,.0f}",
        )
        for each in moved
    ]


def show_movers(terminal: Terminal, moves: pd.DataFrame, limit: int) -> None:
    """Show at most `limit` of the customers who moved; a segment column with a single value is left out."""
    sides = [side for side in ("before", "now") if len(moves[f"segment_{side}"].unique()) > 1]
    rows = [
        (
            str(each["customer_id"]),
            *(_name(each[f"segment_{side}"], side) for side in sides),
            f"{each['money_before']:,.0f}",
            f"{each['money_now']:,.0f}",
            heading(each["state"]),
            _name(each["cause"], ""),
        )
        for each in moves.head(limit).to_dict("records")
    ]
    at = 1 + len(sides)
    headings = ("customer", *({"before": "from", "now": "to"}[side] for side in sides), "money before", "money now")
    _table(terminal, (*headings, "state", "moved by"), rows, right=(at, at + 1))
    left = len(moves) - len(rows)
    terminal.say("")
    terminal.say(f"{len(moves):,} customers" + (f"; the other {left:,} are written with --to FILE" if left else ""))


def _name(value: Any, side: str) -> str:
    return value if isinstance(value, str) else ABSENT.get(side, "")


def _table(terminal: Terminal, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    """Print an empty line and a table, unless it has no rows."""
    if rows:
        terminal.say("")
        terminal.table(headings, rows, right=right)


def _change(interval: Interval) -> str:
    """A change with its interval, and whether chance can explain it."""
    if not (interval.low or interval.high):
        return "0"
    by_chance = "" if interval.is_real else ", within chance"
    return f"{interval.value:+,.0f} ({interval.low:+,.0f} to {interval.high:+,.0f}){by_chance}"


def show_fit(terminal: Terminal, found: Continuity) -> None:
    """Show the accepted model beside a fresh fit: how well each fits, and how far each feature has drifted."""
    for sentence in found.sentences:
        terminal.say(sentence)
    rows = [
        ("segments", f"{found.n_clusters:,}", f"{found.challenger_n_clusters:,}"),
        ("silhouette when accepted", _number(found.silhouette_then), ""),
        ("silhouette on these customers", _number(found.silhouette_now), _number(found.challenger_silhouette)),
        ("agreement (adjusted Rand)", "", _number(found.agreement)),
        ("customers who would move", "", f"{found.n_would_move:,}"),
    ]
    _table(terminal, ("", "accepted", "fresh fit"), rows, right=(1, 2))
    drifts = [(each.feature, _number(each.psi), _number(each.wasserstein), each.verdict) for each in found.drift]
    _table(terminal, ("feature", "stability index", "distance", "verdict"), drifts, right=(1, 2))


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "not measured"


def show_proposal(terminal: Terminal, found: Proposal) -> None:
    """Show a run's fresh fit beside the accepted model, and who would move."""
    if found.continuity is None:
        terminal.say(found.why)
        return
    terminal.say(
        f"The segments of {found.run_id} compared with the accepted model of {found.continuity.accepted_run}, on its "
        f"{found.n_customers:,} customers",
        style="bold",
    )
    show_fit(terminal, found.continuity)
    rows = [(each["from"], each["to"], f"{each['customers']:,}") for each in _moves(found)]
    _table(terminal, ("from", "to", "customers"), rows, right=(2,))


def proposal_document(found: Proposal) -> dict[str, Any]:
    """A proposal as JSON."""
    beside = found.continuity
    return {
        "run": found.run_id,
        "would_move": None if beside is None else len(found.moves),
        "why_not_compared": found.why,
        "agreement": None if beside is None else beside.agreement,
        "fit": None if beside is None else plain(asdict(beside)),
        "moves": _moves(found),
    }


def _moves(found: Proposal) -> list[dict[str, Any]]:
    """Number of customers who would move, per pair of segments, the largest first."""
    counts = found.moves.groupby(["segment_before", "segment_now"], as_index=False).size()
    ordered = counts.sort_values(["size", "segment_before", "segment_now"], ascending=[False, True, True])
    return [{"from": before, "to": now, "customers": int(n)} for before, now, n in ordered.itertuples(index=False)]
