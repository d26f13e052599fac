"""The first page: what we know, what to do and the figures in one strip."""

from __future__ import annotations

from segmenter.report.concentration import revenue_curve, share_of_best
from segmenter.report.context.view import View
from segmenter.report.types import Action, Stat


def sentences(view: View) -> tuple[str, ...]:
    """What we know, in at most five sentences."""
    return tuple(filter(None, (_who(view), _best(view), _concentration(view), _odd(view), _trust(view))))


def _who(view: View) -> str:
    period, voice = view.run.manifest.period, view.voice
    return (
        f"Between {voice.date(period.first_day)} and {voice.date(period.last_day)}, "
        f"{voice.number(period.n_customers)} customers placed {voice.number(period.n_orders)} orders "
        f"worth {voice.money_in_words(period.revenue)}, net of returns."
    )


def _best(view: View) -> str:
    cards, voice = view.run.findings.cards, view.voice
    if len(cards) < 2:
        return "They form a single group: no way of dividing them held up."
    best = max(cards, key=lambda card: card.revenue)
    return (
        f"They fall into {voice.number(len(cards))} segments; {best.name}, "
        f"{voice.percent(best.customer_share)} of the customers, bring {voice.percent(best.revenue_share)} of the revenue."
    )


def _concentration(view: View) -> str:
    once = view.voice.percent(float((view.run.customers["frequency"] <= 1).mean()), 0)
    curve = revenue_curve(view.run.customers["monetary"])
    if curve is None:
        return f"{once} of the customers have ordered no more than once."
    tenth = view.voice.percent(share_of_best(curve, 0.1), 0)
    return f"The best tenth of the customers brings {tenth} of the revenue; {once} have ordered no more than once."


def _odd(view: View) -> str:
    odd = view.run.customers["is_anomaly"].astype(bool)
    if not odd.any():
        return "No customer behaves so unlike the others that somebody should look."
    spent = float(view.run.customers.loc[odd, "monetary"].sum())
    count = int(odd.sum())
    what = "customer behaves" if count == 1 else "customers behave"
    return (
        f"{view.voice.number(count)} {what} like nobody else; together they spent {view.voice.money_in_words(spent)}."
    )


def _trust(view: View) -> str:
    choice = view.run.findings.choice
    if len(view.run.findings.cards) < 2:
        return ""
    if view.run.history.continuity is not None:
        return view.run.history.continuity.sentences[0]
    if choice.is_pinned:
        return f"The number of segments, {choice.n_clusters}, was set by hand."
    if choice.is_clear:
        return "The criteria agree on the number of segments, so the division can be relied on."
    return "The criteria do not agree on one number of segments: take the division as a useful cut, not as a fact."


def actions(view: View) -> tuple[Action, ...]:
    """What to do for the two segments with the most money behind them and for the odd customers, most money first."""
    cards = sorted((card for card in view.run.findings.cards if card.action), key=lambda card: -card.revenue)
    found = [(card.revenue, card.label, card.name, card.action) for card in cards]
    odd = view.run.anomalies
    if not odd.empty:
        stake = float(odd["amount_at_stake"].sum())
        found = [*found[:2], (stake, -1, "Odd customers", _look_at(view, odd["customer_id"].head(3).tolist()))]
    largest = sorted(found[:3], key=lambda action: -action[0])
    return tuple(Action(label, name, text, view.voice.money_in_words(money)) for money, label, name, text in largest)


def _look_at(view: View, first: list[object]) -> str:
    start = f" Start with {', '.join(map(str, first))}." if view.config.customer_rows else ""
    return f"Look at what stands out and decide: key account, error or misuse.{start}"


def stats(view: View) -> tuple[Stat, ...]:
    """The strip of figures."""
    period, voice, customers = view.run.manifest.period, view.voice, view.run.customers
    return (
        Stat(voice.number(period.n_customers), "customers"),
        Stat(voice.number(period.n_orders), "orders"),
        Stat(voice.money_in_words(period.revenue), "revenue, net"),
        Stat(voice.cents(float(customers["monetary"].median())), "median per customer"),
        Stat(voice.number(len(view.run.findings.cards)), "segments"),
        Stat(voice.number(int(customers["is_anomaly"].sum())), "odd customers"),
    )
