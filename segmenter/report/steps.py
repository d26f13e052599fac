"""What to look at next, by the figure that makes a customer odd."""

from __future__ import annotations

import math

ORDER = "Check the order for a typing error; if it is correct, call: this may be a reseller or a future key account."
RETURN = "Check what was returned and why: a faulty product, a wrong delivery or misuse of returns."
TAKEN_BACK = (
    "An order was taken back whole: ask whether it was a typing error, a test or a change of mind, and whether anything is "
    "still wanted."
)
SILENCE = "Write or call: ask whether the customer will order again."
PAUSES = "Look at the gaps between orders: if the last one is still open, call; if not, find out what brought the customer back."
TIMES = "Check the order times: this may be a script, a shared account or a reseller."
STEPS = {  # where the figure is high
    "monetary": "Treat it as a key account: call, and assign someone to look after it.",
    "frequency": TIMES,
    "largest_order": ORDER,
    "average_order_value": ORDER,
    "items_per_order": ORDER,
    "distinct_products": "Find out whether this is a reseller, and offer suitable terms.",
    "largest_return": RETURN,
    "returned_lines": RETURN,
    "return_share": RETURN,
    "shared_orders": "Compare the two accounts: one buyer may have both, or an order was entered twice.",
    "burst": "Ask what the busy period was for: a one-off project, or a customer who is growing.",
    "spend_trend": "Call: find out what changed, and whether it will last.",
    "recency": SILENCE,
    "longest_gap": PAUSES,
    "mean_gap": PAUSES,
    "gap_variation": TIMES,
    "hour_spread": TIMES,
}
ANY = "Check what stands out and decide: key account, error or misuse."
EITHER_WAY = {"spend_trend", "recency", "gap_variation", "hour_spread"}  # a low value asks for the same as a high one
NOTHING_STANDS = {"monetary", "frequency"}  # at zero or below all was given back
NO_PAUSE = {"longest_gap", "mean_gap"}
WHOLE = 0.99  # share of the largest order that a line taken back has to have for the order to be taken back whole


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


def fitting(step: str, largest_order: float, largest_return: float) -> str:
    """`step`, but where it is about an order or a return and the largest order was taken back whole, what fits that.

    The amounts are those of the customer's largest order and of the largest line returned or cancelled.
    """
    return TAKEN_BACK if step in {ORDER, RETURN} and largest_return >= WHOLE * largest_order > 0 else step
