"""The first page: what we know, what to do and the figures in one strip."""

from __future__ import annotations

import numpy as np

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
    spent = np.sort(view.run.customers["monetary"].dropna().to_numpy(float))[::-1]
    if len(spent) < 10 or spent.sum() <= 0:
        return ""
    share = spent[: len(spent) // 10].sum() / spent.sum()
    once = float((view.run.customers["frequency"] <= 1).mean())
    return (
        f"The best tenth of the customers brings {view.voice.percent(share, 0)} of the revenue; "
        f"{view.voice.percent(once, 0)} have ordered no more than once."
    )


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
    if choice.is_pinned:
        return f"The number of segments, {choice.n_clusters}, was set by hand."
    if choice.is_clear:
        return "The criteria agree on the number of segments, so the division can be relied on."
    return "The criteria do not agree on one number of segments: take the division as a useful cut, not as a fact."


def actions(view: View) -> tuple[Action, ...]:
    """The segments whose action has the most money behind it, and a look at the odd customers: three in all."""
    odd = _look_at_odd(view)
    cards = [card for card in view.run.findings.cards if card.action]
    largest = sorted(cards, key=lambda card: -card.revenue)[: 3 - len(odd)]
    found = (Action(card.label, card.name, card.action, view.voice.money_in_words(card.revenue)) for card in largest)
    return (*found, *odd)


def _look_at_odd(view: View) -> tuple[Action, ...]:
    odd = view.run.anomalies
    if odd.empty:
        return ()
    first = ", ".join(str(customer) for customer in odd["customer_id"].head(3))
    start = f" Start with {first}." if view.config.customer_rows else ""
    text = f"Look at what stands out and decide: key account, error or misuse.{start}"
    return (Action(-1, "Odd customers", text, view.voice.money_in_words(float(odd["amount_at_stake"].sum()))),)


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
