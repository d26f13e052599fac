"""When a forecast is withheld, and why, in words: each answer is a sentence, or empty where the gate is open."""

from __future__ import annotations

from math import log, sqrt

from segmenter.analysis.chance import CHANCE
from segmenter.analysis.lifetime_types import BgNbd, GammaGamma, HoldoutCheck

MIN_REPEATERS = 100  # customers with a repeat order before the time held out
MAX_ERROR = 0.25  # of the orders and of the money that came in the time held out
MAX_MISSED = 0.35  # of the customers who ordered, across tenths of the chance that they would
MAX_CORRELATION = 0.3  # of the number of orders with their value, by ranks
KEEPS_EVERYBODY = (
    "The model sees no customer leave for good: it reads silence as a slow rhythm, so no chance is given that a customer is "
    "still active."
)
STEADY = 1e-3  # below this mean chance to leave after an order, nobody is seen to leave


def too_thin(held_out: int, days: int, n_repeat: int) -> str:
    """Why the past cannot carry a forecast of `days` days: the days `held_out` are fewer, or who came again too few."""
    if held_out < days:
        return (
            f"A forecast of the next {days} days cannot be checked: a third of the time since the first order is "
            f"{held_out} days. That needs an export of {3 * days} days, or a shorter history.period_days."
        )
    if n_repeat < MIN_REPEATERS:
        return (
            f"Customers who ordered again in the first two thirds of the time: {n_repeat}. With fewer than "
            f"{MIN_REPEATERS} a forecast would be guesswork."
        )
    return ""


def orders_wrong(check: HoldoutCheck) -> str:
    """Why the check of the orders forbids a forecast."""
    if check.error <= MAX_ERROR:
        return ""
    return f"{_tried(check)}; above {MAX_ERROR:.0%} no forecast is given."


def ordering_wrong(check: HoldoutCheck, days: int) -> str:
    """Why orders can be forecast, but not how many customers place them in `days` days, nor who, nor who has left."""
    if abs(check.ordering_expected - check.ordering) <= MAX_ERROR * check.ordering:
        return _chances_wrong(check, days)
    error = (
        f"Tested on {days} days, the forecast expected {check.ordering_expected:,.0f} customers to order and "
        f"{check.ordering:,.0f} did; above {MAX_ERROR:.0%} the report does not say how many or who will order, or who has left."
    )
    if check.ordering < check.ordering_expected:
        return error
    return f"{error} Orders at fixed intervals, as with subscriptions, come from more customers than the model assumes."


def _chances_wrong(check: HoldoutCheck, days: int) -> str:
    """Why the number of customers who order came out, but not who they are: misses of both signs cancel in it."""
    if check.ordering_error <= max(MAX_MISSED, check.ordering_chance):
        return ""
    return (
        f"Tested on {days} days, the chances of an order were off by {check.ordering_error:.0%}, across groups of customers with "
        f"similar chances; above {MAX_MISSED:.0%} the report does not say how many or who will order, or who has left. Orders at "
        "even intervals, as with subscriptions, can be the cause."
    )


def money_wrong(check: HoldoutCheck, correlation: float, model: GammaGamma | None) -> str:
    """Why orders can be forecast, but not their money."""
    if model is None or check.revenue <= 0:
        return f"Fewer than {MIN_REPEATERS} customers paid for an order; no revenue forecast is given."
    if abs(correlation) > MAX_CORRELATION:
        return (
            f"Customers who order more often spend {'more' if correlation > 0 else 'less'} per order (rank correlation "
            f"{correlation:.2f}), but the model of order values assumes the two are unrelated; above {MAX_CORRELATION} "
            "no revenue forecast is given."
        )
    if model.q <= 1:
        return "Order values vary so widely that they have no mean to expect; no revenue forecast is given."
    if abs(check.revenue_expected - check.revenue) > MAX_ERROR * check.revenue:
        off = _off(check.revenue_expected / check.revenue - 1)
        return f"Tested on the last {check.days} days, the revenue forecast was {off}; above {MAX_ERROR:.0%} no revenue forecast is given."
    return ""


def season(year_ago: tuple[int, int], customers: int, days: int) -> str:
    """Orders of these `days` a year ago, from so many `customers`, and how they differed from those of the days before.

    The latter only where the forecast would have missed it: where they differ by more than a forecast may be off, and by
    more than two counts do by chance (95 %). Empty where the record does not hold these days.
    """
    before, after = year_ago
    if after < 1:
        return ""
    brought = f"The same {days} days 52 weeks before brought {after:,} orders from {customers:,} customers, new ones among them."
    if before < 1 or abs(after / before - 1) <= MAX_ERROR:
        return brought
    if abs(log(after / before)) <= CHANCE * sqrt(1 / before + 1 / after):
        return brought
    more = "more" if after > before else "fewer"
    return (
        f"{brought} A year ago the {days} days from this date on brought {abs(after / before - 1):.0%} {more} orders than the {days} "
        "before them: the forecast does not model seasons."
    )


def keeps_everybody(model: BgNbd) -> bool:
    """Whether the model finds practically no customer who leaves, so that its chance of being active says nothing."""
    return model.a < STEADY * (model.a + model.b)


def lately_off(expected: float, came: float, days: int, orders: float) -> str:
    """How far the orders that `came` in the newest `days` are from those `expected`, and what that makes of the next `orders`.

    Told where it is above the error that a forecast may have, and above what two counts differ by by chance (95 %). In the
    whole time held out such a difference may cancel with one of the other sign.
    """
    gap = abs(expected - came)
    if gap <= MAX_ERROR * came or gap <= CHANCE * sqrt(expected + came):
        return ""
    more, many = ("more", "many") if came > expected else ("fewer", "few")
    ratio = came / max(expected, 1.0)
    return (
        f"The last {days} days brought {abs(ratio - 1):.0%} {more} orders than the model expects of them ({came:,.0f}, not "
        f"{expected:,.0f}). If a season or a change is behind that and goes on, the next {days} days may bring as {many} as "
        f"{orders * ratio:,.0f} orders, and the other figures here may be as far off."
    )


def notes(check: HoldoutCheck, model: BgNbd, days: int, *, of_customers: bool, of_money: bool) -> tuple[str, ...]:
    """Notes on the forecast of `days` days; `of_customers` and `of_money` where these figures are given, too."""
    customers = (_ordered(check, days),) if of_customers else ()
    money = (_paid(check),) if of_money else ()
    tried = (f"{_tried(check)}.", *_ranged(check), *customers, *money, "The forecast does not model seasons.")
    return (*tried, KEEPS_EVERYBODY) if keeps_everybody(model) else tried


def _ranged(check: HoldoutCheck) -> tuple[str, ...]:
    """How far single periods were off, where there are several."""
    pairs = zip(check.period_expected, check.period_orders, strict=True)
    errors = [expected / came - 1 for expected, came in pairs if came > 0]
    if len(errors) < 2:
        return ()
    low, high = min(errors), max(errors)
    return (
        f"In {len(errors)} past periods of the same length it was between {_off(low)} and {_off(high)}: this one may "
        "be as far off, either way.",
    )


def _ordered(check: HoldoutCheck, days: int) -> str:
    return (
        f"In the first {days} of these days it expected {check.ordering_expected:,.0f} customers to order, and "
        f"{check.ordering:,.0f} did."
    )


def _paid(check: HoldoutCheck) -> str:
    off = _off(check.revenue_expected / check.revenue - 1)
    return f"Its revenue was {off} over those days; over a single period, in which a few large orders weigh more, it may be further off."


def _off(error: float) -> str:
    return f"{abs(error):.0%} too {'low' if error < 0 else 'high'}"


def _tried(check: HoldoutCheck) -> str:
    tried = f"Tested on the last {check.days} days, the forecast expected {check.orders_expected:,.0f} orders and "
    if check.orders == 0:
        return f"{tried}none came"
    return f"{tried}{check.orders:,.0f} came; across customer groups it was off by {check.error:.0%}"
