"""Names, actions and words for segments, derived from their profiles by a stated rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NEARLY = 0.8
DISSOLVES = 0.6  # below it resamples do not find a segment again (Hennig 2007)
STABILITY = (
    (0.85, "highly stable: recurs in nearly every resample"),
    (0.75, "valid: recurs in most resamples"),
    (DISSOLVES, "a pattern: its core recurs, its edge does not"),
    (0.00, "unstable: resamples find it only in part; do not rely on it alone"),
)
NO_PROOF = {  # where no number of segments is clear: resamples find a cut through a single crowd again, too
    0.85: "a stable cut, no proof of a separate type: recurs in nearly every resample",
    0.75: "a fairly stable cut, no proof of a separate type: recurs in most resamples",
}


ON_TIME = 2.0  # silences up to twice the usual gap between orders are no sign of leaving
HABIT = 4  # orders; fewer are no habit yet
LARGE = 0.7  # rank of money per order above which orders are large: those of the best are often above 0.6
MIDDLE = 0.5  # everybody's rank where all are alike, which is no sign of a good customer
SOME = 0.2  # share of a segment that is on time from which on its name says so
MOSTLY = 0.8  # share of a segment that ordered once from which on its name says so
YOUNG, YOUNG_DAYS = 0.25, 180  # share of the time on record, and days at most, within which a customer is new
COMPARABLE = 0.5  # size of another segment, the own being 1, from which on the two are compared
CLEARLY = 1.5  # money per customer of another segment, the own being 1, above which it clearly brings more


@dataclass(frozen=True)
class Standing:
    """Where a segment's typical customer stands.

    `frequent`, `valuable` and `basket` (money per order) are ranks among all customers, from 0 (lowest)
    to 1 (highest); `lateness` is the time since the last order in usual gaps between
    orders, `age` the time since the first order as a share of the time on record, `days` that time, `orders` the number
    of orders, `once` the share of customers who have ordered no more than once, `on_time` that of those late at most
    `ON_TIME`.
    """

    frequent: float
    valuable: float
    basket: float
    lateness: float
    age: float
    days: float
    orders: float
    once: float
    on_time: float


@dataclass(frozen=True)
class Advice:
    """A segment's name and what follows from it.

    `movable` is the share of the segment's money that the action can win or save: a judgement, not a
    measurement. It is high for customers who are leaving and low for those who buy anyway.
    """

    name: str
    action: str
    avoid: str
    movable: float


BEST = Advice(
    "Best customers",
    "Reward them first: early access, a named contact, a say in the product range.",
    "Discounts; they buy anyway.",
    movable=0.1,
)
LOYAL = Advice(
    "Loyal regulars",
    "Reward their loyalty and suggest the next category up.",
    "Long gaps in contact; their habit is what makes them valuable.",
    movable=0.15,
)
BIG_BASKETS = Advice(
    "Big-basket customers",
    "Follow up large orders in person and propose the next one.",
    "Mass mailings that ignore what they bought.",
    movable=0.15,
)
NEW = Advice(
    "New customers",
    "Welcome them and make the next order easy.",
    "Asking for loyalty before they trust you.",
    movable=0.5,
)
STEADY = Advice(
    "Steady customers",
    "Remind them when their next order is due and show what goes with it.",
    "Discounts that teach them to wait.",
    movable=0.2,
)
RECENT_ONE_TIME = Advice(
    "Recent one-time buyers",
    "Make the second order easy: one relevant suggestion, soon.",
    "Heavy discounts that merely bring the next order forward.",
    movable=0.5,
)
OCCASIONAL = Advice(
    "Occasional buyers",
    "Offer a reason to come back sooner: a bundle, a reminder, free delivery.",
    "Heavy discounts that merely bring the next order forward.",
    movable=0.3,
)
DRIFTING = Advice(
    "Good customers drifting away",
    "Call or write now: ask what changed and make a personal offer.",
    "Waiting; here another month of silence costs you most.",
    movable=1.0,
)
ONE_TIME = Advice(
    "One-time buyers, long gone",
    "Send one low-cost win-back email and remove those who do not respond from the list.",
    "Expensive channels.",
    movable=0.1,
)
ONE_TIME_ALL = Advice(
    "One-time buyers, recent or long gone",
    "Suggest a second order to recent buyers; send the others one low-cost win-back email.",
    "Expensive channels.",
    movable=0.2,
)
FADED = Advice(
    "Faded occasional buyers",
    "Test a low-cost win-back offer on some of them.",
    "Spending as much on them as on active customers.",
    movable=0.2,
)
NO_ORDER = Advice(
    "Returns without an order",
    "Find out where these returns come from: orders before the data begins, or corrections by staff.",
    "Counting them as customers in a campaign.",
    movable=0.1,
)
EVERYBODY = Advice(
    "All customers",
    "Treat all customers as one group; the data shows no separate ones.",
    "Campaigns that assume separate segments.",
    movable=0.1,
)


NEW_HERE, ORDERING, GONE = "new", "ordering", "gone"  # the stages that customers go through
STAGES = {
    NEW_HERE: (NEW, RECENT_ONE_TIME),
    ORDERING: (BEST, LOYAL, BIG_BASKETS, STEADY, OCCASIONAL),
    GONE: (DRIFTING, ONE_TIME, FADED),
}


def stage(name: str) -> str:
    """The stage that a segment's name, with or without a suffix, stands for; empty where it stands for none."""
    found = (each for each, group in STAGES.items() if name.startswith(tuple(advice.name for advice in group)))
    return next(found, "")


def outspent(standings: Sequence[Standing], sizes: Sequence[float], money: Sequence[float]) -> tuple[bool, ...]:
    """Whether another segment brings clearly more per customer, so that a segment must not be called the best.

    `sizes` are customers, `money` is the mean per customer. The other segment has to be of comparable size, its customers
    have to be active, and its typical customer has to bring no less: one large customer does not decide a name.
    """
    each = list(zip(standings, sizes, money, strict=True))
    return tuple(
        any(
            other.lateness <= ON_TIME
            and other.valuable >= standing.valuable
            and many >= COMPARABLE * size
            and more > CLEARLY * max(mine, 0.0)
            for other, many, more in each
        )
        for standing, size, mine in each
    )


def advise(standing: Standing, *, is_outspent: bool = False) -> Advice:
    """The name and advice of the first rule that holds: whether they still order, then how long they have, then value and frequency.

    A segment that `is_outspent` may be loyal, but not the best.
    """
    active = standing.lateness <= ON_TIME
    rules = (
        (standing.orders < 1, NO_ORDER),
        (active and not is_outspent and _is_best(standing), BEST),
        (active and standing.age <= YOUNG and standing.days <= YOUNG_DAYS, NEW),
        (active and standing.frequent >= 0.6 and standing.orders >= HABIT, LOYAL),
        (active and standing.valuable >= 0.6 and standing.basket >= LARGE, BIG_BASKETS),
        (active and standing.once >= MOSTLY, RECENT_ONE_TIME),
        (active and standing.frequent >= 0.35, STEADY),
        (active, OCCASIONAL),
        (standing.valuable > MIDDLE and standing.frequent >= 0.45 and standing.orders >= 2, DRIFTING),
        (standing.once >= MOSTLY and standing.on_time >= SOME, ONE_TIME_ALL),
        (standing.once >= MOSTLY, ONE_TIME),
    )
    return next((advice for holds, advice in rules if holds), FADED)


def _is_best(standing: Standing) -> bool:
    return standing.valuable >= 0.7 and standing.frequent >= 0.7 and standing.orders >= 2


def unique(
    names: Sequence[str], profiles: Sequence[Mapping[str, float]], words: Mapping[str, tuple[str, str]]
) -> list[str]:
    """`names` made unique: segments that share a name are told apart by a feature in which they differ much.

    `profiles` gives each segment's mean per feature in standard units, `words` the texts for a high and a low value of a
    feature ("with large orders", "with small orders"), the plainest feature first. The first feature is taken in which the
    segments differ nearly as much as in the one in which they differ most.
    """
    result = list(names)
    for name, count in Counter(names).items():
        if count > 1:
            members = [index for index, each in enumerate(names) if each == name]
            for index, suffix in zip(members, _suffixes([profiles[index] for index in members], words), strict=True):
                result[index] = f"{name}, {suffix}"
    return result


def _suffixes(profiles: Sequence[Mapping[str, float]], words: Mapping[str, tuple[str, str]]) -> list[str]:
    """A text for each of the `profiles` that tells it apart from the others."""
    known = [feature for feature in words if feature in profiles[0]]
    if not known:
        return [f"group {number}" for number in range(1, len(profiles) + 1)]
    spreads = {feature: float(np.ptp([profile[feature] for profile in profiles])) for feature in known}
    chosen = next(feature for feature in known if spreads[feature] >= NEARLY * max(spreads.values()))
    values = [profile[chosen] for profile in profiles]
    middle = (max(values) + min(values)) / 2
    suffixes = [words[chosen][value < middle] for value in values]
    return unique(suffixes, profiles, {feature: pair for feature, pair in words.items() if feature != chosen})


def stability_words(stability: float | None, *, is_clear: bool) -> str:
    """Hennig's (2007) bands of the bootstrap Jaccard index in words; `is_clear` says whether the number of segments is."""
    if stability is None:
        return "not measured"
    least, words = next(band for band in STABILITY if stability >= band[0])
    return words if is_clear else NO_PROOF.get(least, words)
