"""What to look at next, by the figure that makes a customer odd."""

from __future__ import annotations

import math

ORDER = "Check the order for a typing error; if it is right, call: a reseller, or a key account in the making."
RETURN = "Read what came back and why: a faulty product, a wrong delivery, or misuse of returns."
SILENCE = "Write or call: ask whether the customer will order again."
PAUSES = "Look at the pauses between the orders: if the last one still goes on, call; if not, see what brought the customer back."
TIMES = "Look at the times of the orders: a script, a shared account, or a reseller."
STEPS = {  # where the figure is high
    "monetary": "Treat it as a key account: call, and name somebody to look after it.",
    "frequency": TIMES,
    "largest_order": ORDER,
    "average_order_value": ORDER,
    "items_per_order": ORDER,
    "distinct_products": "See whether a reseller buys here, and offer terms of its own.",
    "largest_return": RETURN,
    "returned_lines": RETURN,
    "return_share": RETURN,
    "shared_orders": "Compare the two accounts: one buyer with two of them, or an order entered twice.",
    "burst": "Ask what the spell was for: a project that ends, or a customer who grows.",
    "spend_trend": "Call: find out what changed, and whether it will last.",
    "recency": SILENCE,
    "longest_gap": PAUSES,
    "mean_gap": PAUSES,
    "gap_variation": TIMES,
    "hour_spread": TIMES,
}
ANY = "Look at what stands out and decide: key account, error or misuse."
EITHER_WAY = {"spend_trend", "recency", "gap_variation", "hour_spread"}  # a low value asks for the same as a high one
NOTHING_STANDS = {"monetary", "frequency"}  # at zero or below all was given back
NO_PAUSE = {"longest_gap", "mean_gap"}


def next_step(feature: str, value: float = math.inf, typical: float = 0.0) -> str:
    """An English sentence that says what to look at where `feature` stands out most; a general one for other features.

    `value` is the customer's and `typical` a typical customer's, as a low value calls for another step than a high one.
    An unknown value (NaN), as of a customer who is odd by clustering alone, counts as high.
    """
    if feature in EITHER_WAY or not value < typical:
        return STEPS.get(feature, ANY)
    if feature in NOTHING_STANDS and value <= 0:
        return RETURN
    return TIMES if feature in NO_PAUSE else ANY
