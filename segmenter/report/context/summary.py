"""The first page: what we know, what to do and the figures in one strip."""

from __future__ import annotations

from segmenter.report.concentration import revenue_curve, share_of_best
from segmenter.report.context.view import View
from segmenter.report.types import Action, Stat

DOUBTS = {  # the gravest first
    "few": "The customers are too few to try another number of segments: take the division as a useful cut, not as a fact.",
    "votes": "The criteria do not agree on one number of segments: take the division as a useful cut, not as a fact.",
    "stability": (
        "The number of segments that most criteria ask for does not come back when customers are drawn anew: take the division "
        "as a useful cut, not as a fact."
    ),
    "reference": (
        "The number of segments that most criteria ask for would separate customers without any groups as well: take the "
        "division as a useful cut, not as a fact."
    ),
}


def sentences(view: View) -> tuple[str, ...]:
    """What we know, in at most five sentences."""
    return tuple(filter(None, (_who(view), _best(view), _concentration(view), _odd(view), _trust(view))))


def _who(view: View) -> str:
    period, voice = view.run.manifest.period, view.voice
    return voice(
        "Between {first} and {last}, {customers} customers placed {orders} orders worth {money}, net of returns.",
        first=voice.date(period.first_day),
        last=voice.date(period.last_day),
        customers=voice.number(period.n_customers),
        orders=voice.number(period.n_orders),
        money=voice.money_in_words(period.revenue),
    )


def _best(view: View) -> str:
    cards, voice = view.run.findings.cards, view.voice
    if len(cards) < 2:
        tried = view.run.findings.choice.points
        return voice(
            "They form a single group: no way of dividing them held up."
            if tried
            else "They form a single group: they are too few, or too much alike, to be divided."
        )
    best = max(cards, key=lambda card: card.revenue)
    return voice(
        "They fall into {count} segments; {name}, {share} of the customers, bring {revenue} of the revenue.",
        count=voice.number(len(cards)),
        name=best.name,
        share=voice.percent(best.customer_share),
        revenue=voice.percent(best.revenue_share),
    )


def _concentration(view: View) -> str:
    once = view.voice.percent(float((view.run.customers["frequency"] <= 1).mean()), 0)
    curve = revenue_curve(view.run.customers["monetary"])
    if curve is None:
        return view.voice("{share} of the customers have ordered no more than once.", share=once)
    return view.voice(
        "The best tenth of the customers brings {tenth} of the revenue; {once} have ordered no more than once.",
        tenth=view.voice.percent(share_of_best(curve, 0.1), 0),
        once=once,
    )


def _odd(view: View) -> str:
    odd = view.run.customers["is_anomaly"].astype(bool)
    if not odd.any():
        return view.voice("No customer behaves so unlike the others that somebody should look.")
    spent = view.voice.money_in_words(float(view.run.customers.loc[odd, "monetary"].sum()))
    if (count := int(odd.sum())) == 1:
        return view.voice("One customer, who spent {money}, behaves like nobody else.", money=spent)
    return view.voice(
        "{count} customers behave like nobody else; together they spent {money}.",
        count=view.voice.number(count),
        money=spent,
    )


def _trust(view: View) -> str:
    choice = view.run.findings.choice
    if len(view.run.findings.cards) < 2:
        return ""
    if view.run.history.continuity is not None:
        return view.run.history.continuity.sentences[0]
    if choice.is_pinned:
        return view.voice("The number of segments, {n}, was set by hand.", n=choice.n_clusters)
    if choice.is_clear:
        return view.voice("The criteria agree on the number of segments, so the division can be relied on.")
    return view.voice(next((words for doubt, words in DOUBTS.items() if doubt in choice.doubts), DOUBTS["votes"]))


def actions(view: View) -> tuple[Action, ...]:
    """What to do for the two segments with the most money behind them and for the odd customers, most money first."""
    cards = sorted((card for card in view.run.findings.cards if card.action), key=lambda card: -card.revenue)
    found = [(card.revenue, card.label, card.name, card.action) for card in cards]
    odd = view.run.anomalies
    if not odd.empty:
        stake = float(odd["amount_at_stake"].sum())
        found = [
            *found[:2],
            (stake, -1, view.voice("Odd customers"), _look_at(view, odd["customer_id"].head(3).tolist())),
        ]
    largest = sorted(found[:3], key=lambda action: -action[0])
    return tuple(Action(label, name, text, view.voice.money_in_words(money)) for money, label, name, text in largest)


def _look_at(view: View, first: list[object]) -> str:
    look = view.voice("Look at what stands out and decide: key account, error or misuse.")
    if not view.config.customer_rows:
        return look
    return f"{look} {view.voice('Start with {customers}.', customers=', '.join(map(str, first)))}"


def stats(view: View) -> tuple[Stat, ...]:
    """The strip of figures."""
    period, voice, customers = view.run.manifest.period, view.voice, view.run.customers
    n_segments, n_odd = len(view.run.findings.cards), int(customers["is_anomaly"].sum())
    return (
        Stat(voice.number(period.n_customers), "customers"),
        Stat(voice.number(period.n_orders), "orders"),
        Stat(voice.money_in_words(period.revenue), "revenue, net"),
        Stat(voice.cents(float(customers["monetary"].median())), "median per customer"),
        Stat(voice.number(n_segments), "segment" if n_segments == 1 else "segments"),
        Stat(voice.number(n_odd), "odd customer" if n_odd == 1 else "odd customers"),
    )
