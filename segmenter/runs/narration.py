"""What happened between two runs, in sentences that the report translates into the reader's language.

Lists of segments are separated by semicolons, as names may contain commas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from segmenter.runs.history import Interval, Match, SegmentChange
from segmenter.words import in_percent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Step:
    """What a customer did between two runs, in words.

    `heading` labels a row or a bar; `who` names those customers in a sentence; `counted` follows their number, and is
    empty where they are counted by direction instead, as in the matrix.
    """

    heading: str
    who: str
    counted: str = ""


STEPS = {  # in the order of the bridge; each customer is in one of them
    "new": Step("new", "new customers", "new"),
    "returning": Step(
        "revenue now only",
        "customers with revenue now but none before",
        "with revenue in the last {days} days but none in the {days} before the earlier run",
    ),
    "back": Step(
        "back without revenue", "customers back in the export without revenue", "back in the export without revenue"
    ),
    "upgraded": Step("moved up", "customers who moved to a better segment"),
    "same": Step("stayed", "customers who stayed in their segment"),
    "downgraded": Step("moved down", "customers who moved to a weaker segment"),
    "lapsed": Step(
        "revenue before only",
        "customers with revenue before but none now",
        "with revenue in the {days} days before the earlier run but none in the last {days}",
    ),
    "gone": Step("gone", "customers no longer in the export", "no longer in the export"),
}
ABSENT = {"before": "not there before", "now": "not there now"}  # in the place of a segment, by run
MOVES = {"up": "moved to a better segment", "down": "moved to a weaker segment"}  # by direction, whatever the step
IDLE = "Whoever moved without ordering since did so because time passed, or because goods came back."

SINCE = {
    "split": "{before} was split into: {parts}.",
    "new": "{name} is a new segment ({size}).",
    "merged": "These were merged into {name} ({size}): {before}.",
    "vanished": "{name} is no longer a segment ({size} would be in it today).",
}


def heading(kind: str) -> str:
    """The heading of a step of the bridge; of its two ends, before and after, the same word."""
    return STEPS[kind].heading if kind in STEPS else kind


def sentences(
    moves: pd.DataFrame,
    segments: Sequence[SegmentChange],
    matches: Iterable[Match] | None,
    since: date,
    money: tuple[int, str],
) -> tuple[str, ...]:
    """Sentences on how segments were redrawn, on their real changes, and on customers who moved.

    `matches` are None where one model placed both runs; `money` is the number of days of a period, and the currency, which
    may be empty.
    """
    redrawn = []
    if matches is not None:
        redrawn = [
            "Another model has been accepted since then, so the segments were redrawn.",
            *stories(matches, SINCE),
        ]
    return (*redrawn, *_changes(segments, since, *money), *_counts(moves, money[0]), *_cut_point(moves))


def _changes(segments: Sequence[SegmentChange], since: date, days: int, currency: str) -> Iterable[str]:
    """Sentences on real changes of segments; none where there is only one, whose changes are those of all customers."""
    if len(segments) < 2:
        return
    then, now = (max(sum(getattr(each, f"customers_{side}") for each in segments), 1) for side in ("before", "now"))
    sizes = [
        f"{each.name} ({each.customers_now - each.customers_before:+,}: "
        f"{_from_to(each.customers_before / then, each.customers_now / now)} of the customers)"
        for each in segments
        if each.is_resized
    ]
    money = [f"{each.name} ({_signed(each.money)} {currency}".rstrip() + ")" for each in segments if each.money.is_real]
    yield (
        f"Since {since}, these segments changed in size by more than chance and overall customer growth explain: "
        f"{'; '.join(sizes)}."
        if sizes
        else f"No segment has really changed in size since {since}: all differences are within chance or overall customer growth."
    )
    if money:
        yield f"Revenue over {days} days really changed in these segments: {'; '.join(money)}."


def _from_to(before: float, now: float) -> str:
    """Two shares of 0 to 1, with as many decimals as distinguish them, at most two."""
    one, other = in_percent(before), in_percent(now)
    for digits in (1, 2):
        if one == other:
            one, other = f"{before:.{digits}%}", f"{now:.{digits}%}"
    return f"from {one} to {other}"


def _signed(change: Interval) -> str:
    return f"{change.value:+,.0f}"


def _counts(moves: pd.DataFrame, days: int) -> Iterable[str]:
    states = {kind: step.counted.format(days=days) for kind, step in STEPS.items() if step.counted}
    counts = moves["state"].value_counts()
    counted = [f"{counts[kind]:,} {phrase}" for kind, phrase in states.items() if counts.get(kind)]
    idle = moves[~moves["ordered"] & (moves["cause"] != "cut point")]["direction"].value_counts()
    moved = [*_moved(moves["direction"].value_counts(), idle)]
    if counted:
        yield f"Of {len(moves):,} customers: {', '.join(counted)}."
    if moved:
        both = int(moves[["number_before", "number_now"]].notna().all(axis=1).sum())
        yield f"Of the {both:,} customers of both runs: {', '.join(moved)}."
    if len(idle):
        yield IDLE


def _moved(counts: Mapping[str, int], idle: Mapping[str, int]) -> Iterator[str]:
    """How many moved in each direction, and how many of them ordered nothing since the previous run."""
    for kind, phrase in MOVES.items():
        if counts.get(kind):
            without = f" ({idle[kind]:,} of them without an order since)" if idle.get(kind) else ""
            yield f"{counts[kind]:,} {phrase}{without}"


def _cut_point(moves: pd.DataFrame) -> Iterable[str]:
    if redrawn := int((moves["cause"] == "cut point").sum()):
        yield f"{redrawn:,} changed segment only because the segments were redrawn, not because of what they did."


def stories(matches: Iterable[Match], words: Mapping[str, str]) -> Iterator[str]:
    """Sentences on what became of the segments, by the templates `words` per kind; none on segments that were kept."""
    found = [match for match in matches if match.customers]
    split = [match for match in found if match.kind == "split"]
    merged = {name for match in found if match.kind == "merged" for name in match.before}
    for origin in sorted({match.before for match in split}):
        parts = "; ".join(f"{match.name}, {_size(match)}" for match in split if match.before == origin)
        yield words["split"].format(before="; ".join(origin), parts=parts)
    for match in found:
        if match.kind in {"new", "merged"} or (match.kind == "vanished" and match.name not in merged):
            before = "; ".join(match.before)
            yield words[match.kind].format(before=before, name=match.name, size=_size(match))


def _size(match: Match) -> str:
    return f"{match.customers:,} customer{'' if match.customers == 1 else 's'}"
