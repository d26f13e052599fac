"""Names, actions and words for segments, derived from their profiles by a stated rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STABILITY = (
    (0.85, "highly stable: it comes back in nearly every resample"),
    (0.75, "valid: it comes back in most resamples"),
    (0.60, "a pattern: its core comes back, its edge does not"),
    (0.00, "unstable: resamples find it only in part; do not build on it alone"),
)


@dataclass(frozen=True)
class Standing:
    """Where a segment's typical customer stands among all customers, each from 0 (lowest) to 1 (highest).

    `recent` is 1 for the latest orders, `settled` 1 for the longest-standing customers; `orders` is the
    segment's median number of orders.
    """

    recent: float
    frequent: float
    valuable: float
    settled: float
    orders: float


@dataclass(frozen=True)
class Advice:
    """A segment's name and what follows from it."""

    name: str
    action: str
    avoid: str


BEST = Advice(
    "Best customers",
    "Thank them first: early access, a named contact, a say in the range.",
    "Discounts: they buy anyway.",
)
LOYAL = Advice(
    "Loyal regulars",
    "Reward the habit and suggest the next category up.",
    "Long silences from your side: the habit is the asset.",
)
BIG_BASKETS = Advice(
    "Recent big spenders",
    "Turn one large order into a second: follow up in person.",
    "Mass mail that ignores what they bought.",
)
NEW = Advice(
    "New customers",
    "Welcome them and make the second order easy within a month.",
    "Asking for loyalty before trust is there.",
)
OCCASIONAL = Advice(
    "Recent occasional buyers",
    "Offer a reason to come back: a bundle, a reminder, free delivery.",
    "Heavy discounts that only move the next order forward.",
)
DRIFTING = Advice(
    "Good customers drifting away",
    "Call or write now: ask what changed and make a personal offer.",
    "Waiting: each silent month costs most here.",
)
ONE_TIME = Advice(
    "One-time buyers, long gone",
    "One cheap win-back mail; take those who do not answer off the list.",
    "Expensive channels.",
)
FADED = Advice(
    "Faded occasional buyers",
    "Test a low-cost win-back offer on a part of them.",
    "Spending as much on them as on active customers.",
)
EVERYBODY = Advice(
    "All customers",
    "Treat customers as one group; the data shows no separate ones.",
    "Campaigns that presume segments.",
)


def advise(standing: Standing) -> Advice:
    """The first line that holds: value and frequency first, then recency, then how long they have been customers."""
    rules = (
        (standing.recent >= 0.45 and standing.valuable >= 0.7 and standing.frequent >= 0.7, BEST),
        (standing.recent >= 0.45 and standing.frequent >= 0.6, LOYAL),
        (standing.recent >= 0.45 and standing.settled <= 0.35, NEW),
        (standing.recent >= 0.45 and standing.valuable >= 0.6, BIG_BASKETS),
        (standing.recent >= 0.45, OCCASIONAL),
        (standing.valuable >= 0.5 and standing.frequent >= 0.45, DRIFTING),
        (standing.orders <= 1, ONE_TIME),
    )
    return next((advice for holds, advice in rules if holds), FADED)


def unique(
    names: Sequence[str], profiles: Sequence[Mapping[str, float]], words: Mapping[str, tuple[str, str]]
) -> list[str]:
    """`names` made unique: those who share one are told apart by the feature in which they differ most.

    `profiles` gives each segment's mean per feature in standard units, `words` what a high and a low
    value of a feature is called ("with large orders", "with small orders").
    """
    result = list(names)
    for name, count in Counter(names).items():
        if count > 1:
            members = [index for index, each in enumerate(names) if each == name]
            for index, suffix in zip(members, _suffixes([profiles[index] for index in members], words), strict=True):
                result[index] = f"{name}, {suffix}"
    return result


def _suffixes(profiles: Sequence[Mapping[str, float]], words: Mapping[str, tuple[str, str]]) -> list[str]:
    known = [feature for feature in profiles[0] if feature in words]
    if not known:
        return [f"group {number}" for number in range(1, len(profiles) + 1)]
    widest = max(known, key=lambda feature: _spread([profile[feature] for profile in profiles]))
    values = [profile[widest] for profile in profiles]
    middle = (max(values) + min(values)) / 2
    suffixes = [words[widest][value < middle] for value in values]
    rest = {feature: pair for feature, pair in words.items() if feature != widest}
    for suffix, count in Counter(suffixes).items():
        if count > 1:
            same = [index for index, each in enumerate(suffixes) if each == suffix]
            more = _suffixes([profiles[index] for index in same], rest)
            for index, extra in zip(same, more, strict=True):
                suffixes[index] = f"{suffix}, {extra}"
    return suffixes


def _spread(values: Sequence[float]) -> float:
    return max(values) - min(values)


def stability_words(stability: float | None) -> str:
    """Hennig's (2007) bands of the bootstrap Jaccard index in words."""
    if stability is None:
        return "not measured"
    return next(words for least, words in STABILITY if stability >= least)
