"""The first page: what we know, what to do and the figures in one strip."""

from __future__ import annotations

import math

from segmenter.analysis.concentration import few_who_bring_half, revenue_curve, share_of_best
from segmenter.analysis.findings import SegmentCard
from segmenter.features import silence_warning
from segmenter.report.context import quiet
from segmenter.report.context.view import View, columns, table, text
from segmenter.report.types import Action, Stat, Table
from segmenter.runs.alerts import FRESH

FEW_ROWS = 0.02  # share of the rows below which a sentence leaves them out
MORE_THAN_WHOLE = 1.005  # share of the revenue that is shown as more than 100%
LEAST_SHARE = 0.0005  # share of the customers that is shown as more than 0%
KNOWN = 0.25  # share of the money involved that looking again at customers long known to be odd can move
NAMED = 4  # customers
SAME = 0.6  # least adjusted Rand index of two methods that find the same segments, borders aside

BEST = {  # by how many of the best bring half of the revenue, None where they are not few
    None: "The top 10% of customers bring in {tenth} of the revenue.",
    1: "The top 10% of customers bring in {tenth} of the revenue, and a single customer brings in {few}.",
}
NOTHING_LEFT = "They are divided into {count} segments. At least as much money was refunded as came in, so no segment has a share of the revenue."
OF_SAMPLE = "These shares are of a sample of {n} customers."
BEST_FEW = "The top 10% of customers bring in {tenth} of the revenue, and {n} customers alone bring in {few}."
MORE_THAN_ALL = "More than 100% is correct: other customers returned more than they bought."
WITHOUT_ORDER = {1: "One more customer has only cancelled orders or returns."}  # by number of customers
MANY_WITHOUT_ORDER = "{n} more customers have only cancelled orders or returns."
DOUBTS = {  # the most serious first
    "few": "There are too few customers to try another number of segments: treat the segments as a useful grouping, not as a fact.",
    "votes": "The criteria do not agree on the number of segments: treat the segments as a useful grouping, not as a fact.",
    "stability": (
        "The segments that most criteria favour change when the customers are resampled: treat the segments as a "
        "useful grouping, not as a fact."
    ),
    "reference": (
        "The number of segments that most criteria favour divides these customers hardly better than it would divide "
        "customers without any groups: treat the segments as a useful grouping, not as a fact."
    ),
    "crowd": (
        "The customers do not form clearly separate groups: one type blends into the next, as in a single crowd. "
        "Treat the segments as a useful grouping, not as a fact."
    ),
}


def sentences(view: View) -> tuple[str, ...]:
    """What we know, in at most five sentences."""
    return tuple(filter(None, (_who(view), _best(view), _concentration(view), _odd(view), _trust(view))))


def _who(view: View) -> str:
    period, voice = view.run.manifest.period, view.voice
    orders = voice(
        "On {first}, {customers} customers placed {orders} orders worth {money}, net of returns."
        if period.first_day == period.last_day
        else "Between {first} and {last}, {customers} customers placed {orders} orders worth {money}, net of returns.",
        first=voice.date(period.first_day),
        last=voice.date(period.last_day),
        customers=voice.number(period.n_customers - period.n_without_order),
        orders=voice.number(period.n_orders),
        money=voice.money_in_words(period.revenue),
    )
    n = period.n_without_order
    others = voice(WITHOUT_ORDER.get(n, MANY_WITHOUT_ORDER), n=voice.number(n)) if n else ""
    old = voice.translate(silence_warning(period, view.run.manifest.as_of))
    return " ".join(filter(None, (orders, others, old, _nameless(view))))


def _nameless(view: View) -> str:
    """The rows left out because they name no customer, where they are not few."""
    account, voice = view.run.manifest.account, view.voice
    line = next((line for line in account.lines if line.reason == "no_customer"), None)
    if line is None or line.rows < FEW_ROWS * account.rows_due:
        return ""
    share = voice.percent(line.rows / account.rows_due)
    if line.amount is None:
        return voice("Left out: {share} of the rows, which have no customer.", share=share)
    money = voice.money_in_words(float(line.amount))
    return voice("Left out: {share} of the rows, worth {money}, which have no customer.", share=share, money=money)


def _best(view: View) -> str:
    cards, voice = view.run.findings.cards, view.voice
    if len(cards) < 2:
        tried = view.run.findings.choice.points
        return voice(
            "They form a single group: no division into segments held up."
            if tried
            else "They form a single group: they are too few or too similar to divide."
        )
    if not any(card.revenue_share for card in cards):
        return voice(NOTHING_LEFT, count=voice.number(len(cards)))
    best = max(cards, key=lambda card: card.revenue)
    return voice(
        "They are divided into {count} segments; {name} make up {share} of the customers and bring in {revenue} of the revenue.",
        count=voice.number(len(cards)),
        name=best.name,
        share=voice.percent(best.customer_share),
        revenue=voice.percent(best.revenue_share),
    )


def _concentration(view: View) -> str:
    voice, once = view.voice, float((view.run.customers["frequency"] <= 1).mean())
    ordered_once = (
        voice("{share} of the customers have ordered no more than once.", share=voice.percent(once))
        if once >= LEAST_SHARE
        else ""
    )
    curve = revenue_curve(view.run.customers["monetary"].to_numpy(float))
    if curve is None:
        return ordered_once
    drawn = view.run.drawn
    few, tenth = None if drawn.is_sample else few_who_bring_half(curve), share_of_best(curve, 0.1)
    best = voice(
        BEST.get(few, BEST_FEW),
        tenth=voice.percent(tenth, 0),
        n=voice.number(few),
        few=voice.percent(float(curve[few or 0]), 0),
    )
    shares = (tenth, *(card.revenue_share for card in view.run.findings.cards))
    more = voice(MORE_THAN_ALL) if max(shares) > MORE_THAN_WHOLE else ""
    sample = voice(OF_SAMPLE, n=voice.number(len(drawn.ids))) if drawn.is_sample else ""
    return " ".join(filter(None, (best, more, ordered_once, sample)))


def _odd(view: View) -> str:
    odd = view.run.anomalies  # of everybody, where a sample was studied
    if odd.empty:
        return view.voice("No customer behaves differently enough to need a closer look.")
    stake = view.voice.money_in_words(float(odd["amount_at_stake"].sum()))
    if len(odd) == 1:
        return view.voice("One customer behaves like nobody else, with {money} involved.", money=stake)
    return view.voice(
        "{count} customers behave like nobody else, with {money} involved: the most that each spent, ordered or returned.",
        count=view.voice.number(len(odd)),
        money=stake,
    )


def _trust(view: View) -> str:
    choice = view.run.findings.choice
    if len(view.run.findings.cards) < 2:
        return ""
    if fit := view.run.history.fit(view.run.manifest.as_of):
        is_doubted = not (choice.is_clear or choice.is_pinned) and fit.challenger_n_clusters > 1
        return " ".join((fit.sentences[0], *((_doubt(view),) if is_doubted else ())))
    if choice.is_pinned:
        return view.voice("The number of segments, {n}, was set by hand.", n=choice.n_clusters)
    if choice.is_clear and (agreement := view.run.findings.comparison.agreement) < SAME:
        return view.voice(
            "The criteria agree on the number of segments, but other methods divide the customers differently "
            "(agreement {agreement} of 1): the segments are repeatable, but no proof of distinct types of customer.",
            agreement=view.voice.number(agreement, 2),
        )
    if choice.is_clear:
        return view.voice("The criteria agree on the number of segments, so you can rely on this division.")
    return _doubt(view)


def _doubt(view: View) -> str:
    """The most serious doubt about the number of segments."""
    doubts = view.run.findings.choice.doubts
    return view.voice(next((words for doubt, words in DOUBTS.items() if doubt in doubts), DOUBTS["votes"]))


def actions(view: View) -> tuple[Action, ...]:
    """The two segments whose money can be moved most, the odd customers and those gone quiet, by the money that can be moved.

    That is the money behind each times the share of it that the action can win or save.
    """
    movable = (card for card in view.run.findings.cards if card.action and card.movable)
    cards = sorted(movable, key=lambda card: -_weight(card))
    called = {card.label for card in cards[:2] if card.movable >= 1}
    single = [*_odd_ones(view), *quiet.action(view, called)]
    found = [(_weight(card), _for_segment(view, card)) for card in cards[: 2 if single else 3]]
    return tuple(action for _, action in sorted([*found, *single], key=lambda each: -each[0]))


def _weight(card: SegmentCard) -> float:
    return card.revenue * card.movable


def _for_segment(view: View, card: SegmentCard) -> Action:
    voice, recency = view.voice, view.feature("recency")
    ago = card.medians.get("recency", math.nan)
    text = card.action
    if recency is not None and math.isfinite(ago):
        days = voice.with_unit(recency, ago)
        who = (
            voice("One customer, last order {days} ago.", days=days)
            if card.customers == 1
            else voice(
                "{count} customers, last order typically {days} ago.", count=voice.number(card.customers), days=days
            )
        )
        text = f"{text} {who}"
    part = _movable(view, card.revenue, card.movable)
    return Action(card.label, card.name, text, voice("{money} of revenue", money=part))


def _movable(view: View, money: float, share: float) -> str:
    """The part of the money that an action can move, by which actions are ordered; a rough figure, so in two digits."""
    moved = money * share
    if not 0 < moved < money:
        return view.voice.money_in_words(money)
    rough = round(moved, 1 - math.floor(math.log10(moved)))
    write = view.voice.money_in_words
    return view.voice("about {part} of {money}", part=write(rough), money=write(money))


def _odd_ones(view: View) -> list[tuple[float, Action]]:
    """The odd customers with their weight: only those who are new or worse, where there are any.

    Empty where nobody is odd or all who are have a verdict.
    """
    odd, news = view.run.anomalies, view.run.history.alerts
    odd = odd[~odd["customer_id"].isin(_decided(view))]
    if odd.empty:
        return []
    fresh = odd[odd["customer_id"].isin(_newly_odd(view))]
    is_news = news is not None and not news.is_baseline and not fresh.empty
    shown, share = (fresh, 1.0) if is_news else (odd, KNOWN)
    stake = float(shown["amount_at_stake"].sum())
    name = view.voice("Odd customers, new or worse" if is_news else "Odd customers")
    money = view.voice("{money} involved", money=_movable(view, stake, share))
    return [(stake * share, Action(-1, name, _look_at(view, shown["customer_id"].astype(str).tolist()), money))]


def _newly_odd(view: View) -> list[str]:
    """Customers who are new or worse by the run's alerts."""
    alerts = view.run.alerts
    return [] if alerts is None else alerts.loc[alerts["state"].isin(FRESH), "customer_id"].tolist()


def _decided(view: View) -> list[str]:
    """Customers whose alerts are held back by a verdict."""
    alerts = view.run.alerts
    return [] if alerts is None else alerts.loc[alerts["verdict"].notna(), "customer_id"].tolist()


def _look_at(view: View, first: list[str]) -> str:
    look = view.voice("Check what stands out and decide: key account, error or misuse.")
    if not view.config.customer_rows:
        return look
    return f"{look} {view.voice('Start with {customers}.', customers=', '.join(first[:NAMED]))}"


def stats(view: View) -> tuple[Stat, ...]:
    """The strip of figures."""
    period, voice, cards = view.run.manifest.period, view.voice, view.run.findings.cards
    n_segments, n_odd = len(cards), sum(card.n_anomalies for card in cards)
    return (
        Stat(voice.number(period.n_customers), voice("customers")),
        Stat(voice.number(period.n_orders), voice("orders")),
        Stat(voice.money_in_words(period.revenue), voice("revenue, net")),
        Stat(voice.money_in_words(cards[0].overall.get("monetary")), voice("median per customer")),
        Stat(voice.number(n_segments), voice("segment" if n_segments == 1 else "segments")),
        Stat(voice.number(n_odd), voice("odd customer" if n_odd == 1 else "odd customers")),
    )


def strip_table(view: View) -> Table:
    """The strip of figures as a table, which has a source to ask for."""
    rows = [(text(stat.label), text(stat.value)) for stat in stats(view)]
    heads = columns("Figure", "Value#")
    return table("strip", "The figures of the first page", heads, rows, "run.json: period, cards")
