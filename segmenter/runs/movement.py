"""Who moved between two runs of the same customers, and the money that moved with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from segmenter.analysis.types import Floats, Ints
from segmenter.runs.history import BridgeStep, Flow, Interval, Movement, SegmentChange
from segmenter.runs.model import place_again
from segmenter.runs.types import Model, Run

GROUPS = 1000  # customers are resampled in so many random groups, so that the cost does not grow with them
RESAMPLES = 2000
LEVEL = 0.05
STEPS = ("new", "returning", "upgraded", "same", "downgraded", "lapsed", "gone")


@dataclass(frozen=True)
class Side:
    """One run as movement sees it: its customers by id, its model, and where its segments stand in value."""

    run_id: str
    as_of: date
    customers: pd.DataFrame  # customer_id, segment, segment_name, period_revenue and the features
    model: Model
    worth: Mapping[int, float]  # median money per segment number


def side(run: Run) -> Side:
    """What `movement` needs of a run.

    Raises
    ------
    ValueError
        The run has no model.
    """
    if run.model is None:
        raise ValueError("a run without a model cannot be compared")
    worth = {card.label: card.medians.get("monetary", 0.0) for card in run.findings.cards}
    return Side(run.manifest.run_id, run.manifest.as_of, run.customers, run.model, worth)


def movement(before: Side, now: Side, period_days: int, seed: int) -> tuple[Movement, pd.DataFrame]:
    """Movement from `before` to `now`, and the table of moves with one row per customer of either run.

    Customers and money add up: the flows' to the runs' totals on either side, the bridge's steps to
    the difference of the two. Money is each run's own period revenue.
    """
    moves = _moves(before, now)
    numbers = _numbers(before, now)
    segments = _segment_changes(moves, numbers, seed)
    real = any(change.customers.is_real or change.money.is_real for change in segments)
    shown = moves.drop(columns=["number_before", "number_now"])
    found = Movement(
        previous_run=before.run_id,
        previous_as_of=before.as_of,
        period_days=period_days,
        flows=_flows(moves),
        bridge=_bridge(moves),
        segments=segments,
        n_by_customer=int(moves["cause"].isin(["customer", "both"]).sum()),
        n_by_cut_point=int(moves["cause"].isin(["cut point", "both"]).sum()),
        is_real=real,
        sentences=_sentences(moves, segments, before.as_of),
    )
    return found, shown


def _moves(before: Side, now: Side) -> pd.DataFrame:
    columns = ["customer_id", "segment", "segment_name", "period_revenue"]
    both = before.customers[columns].merge(
        now.customers[columns], on="customer_id", how="outer", suffixes=("_before", "_now"), sort=True
    )
    table = pd.DataFrame(
        {
            "customer_id": both["customer_id"],
            "segment_before": both["segment_name_before"],
            "segment_now": both["segment_name_now"],
            "number_before": both["segment_before"].fillna(-1).astype(np.int64),
            "number_now": both["segment_now"].fillna(-1).astype(np.int64),
            "money_before": both["period_revenue_before"].fillna(0.0),
            "money_now": both["period_revenue_now"].fillna(0.0),
        }
    )
    table["state"] = _states(table, {**before.worth, **now.worth})
    table["cause"] = _causes(table, before, now)
    return table


def _states(table: pd.DataFrame, worth: Mapping[int, float]) -> np.ndarray:
    """The one state of each customer; the first that holds of: new, gone, lapsed, returning, then by the segments."""
    value_before, value_now = (table[name].map(worth).to_numpy(float) for name in ("number_before", "number_now"))
    earned, earns = table["money_before"].to_numpy() > 0, table["money_now"].to_numpy() > 0
    absent, gone = table["number_before"].to_numpy() < 0, table["number_now"].to_numpy() < 0
    moved = (table["number_before"] != table["number_now"]).to_numpy()
    rules = {
        "new": absent,
        "gone": gone,
        "lapsed": earned & ~earns,
        "returning": earns & ~earned,
        "upgraded": moved & (value_now > value_before),
        "downgraded": moved,
    }
    return np.select(list(rules.values()), list(rules), default="same")


def _causes(table: pd.DataFrame, before: Side, now: Side) -> np.ndarray:
    """Why a customer of both runs is in another segment: by scoring both runs with both models.

    customer: both models see the customer's figures move; cut point: neither does, so that the
    model alone moved the customer; both: one of the two does.
    """
    cause = np.full(len(table), None, dtype=object)
    were, are = table["number_before"].to_numpy(), table["number_now"].to_numpy()
    moved = (were >= 0) & (are >= 0) & (were != are)
    ids = table.loc[moved, "customer_id"]
    if not len(ids):
        return cause
    old_sees = place_again(before.model, _rows_of(now, ids)) != were[moved]
    new_sees = place_again(now.model, _rows_of(before, ids)) != are[moved]
    cause[moved] = np.select([old_sees & new_sees, ~old_sees & ~new_sees], ["customer", "cut point"], default="both")
    return cause


def _rows_of(each: Side, ids: pd.Series) -> pd.DataFrame:
    return each.customers.set_index("customer_id").loc[ids].reset_index()


def _numbers(before: Side, now: Side) -> dict[int, str]:
    """Name of every segment number of either run, in order of number; the newer name where both have it."""
    names: dict[int, str] = {}
    for each in (before, now):
        pairs = each.customers[["segment", "segment_name"]].drop_duplicates()
        names |= dict(zip(pairs["segment"].astype(int), pairs["segment_name"], strict=True))
    return dict(sorted(names.items()))


def _flows(moves: pd.DataFrame) -> tuple[Flow, ...]:
    grouped = moves.assign(
        by_customer=moves["cause"].isin(["customer", "both"]), by_cut_point=moves["cause"].isin(["cut point", "both"])
    ).groupby(["segment_before", "segment_now"], dropna=False, sort=True)
    table = grouped.agg(
        customers=("customer_id", "size"),
        money_before=("money_before", "sum"),
        money_now=("money_now", "sum"),
        by_customer=("by_customer", "sum"),
        by_cut_point=("by_cut_point", "sum"),
    )
    return tuple(
        Flow(_name(before), _name(now), int(n), float(earned), float(earns), int(own), int(cut))
        for (before, now), (n, earned, earns, own, cut) in zip(table.index, table.to_numpy(), strict=True)
    )


def _name(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _bridge(moves: pd.DataFrame) -> tuple[BridgeStep, ...]:
    difference = moves["money_now"] - moves["money_before"]
    steps = [
        BridgeStep(kind, int(mine.sum()), float(difference[mine].sum()))
        for kind in STEPS
        if (mine := moves["state"] == kind).any()
    ]
    start = BridgeStep("before", int((moves["number_before"] >= 0).sum()), float(moves["money_before"].sum()))
    end = BridgeStep("after", int((moves["number_now"] >= 0).sum()), float(moves["money_now"].sum()))
    return (start, *steps, end)


def _segment_changes(moves: pd.DataFrame, names: Mapping[int, str], seed: int) -> tuple[SegmentChange, ...]:
    before, now = moves["number_before"].to_numpy(), moves["number_now"].to_numpy()
    money_before, money_now = moves["money_before"].to_numpy(), moves["money_now"].to_numpy()
    were, are = (np.array([side == number for number in names], dtype=float).T for side in (before, now))
    changes = np.hstack([are - were, are * money_now[:, None] - were * money_before[:, None]])
    intervals = _intervals(changes, seed)
    return tuple(
        SegmentChange(
            number=number,
            name=name,
            customers_before=int(were[:, at].sum()),
            customers_now=int(are[:, at].sum()),
            customers=intervals[at],
            money_before=float((were[:, at] * money_before).sum()),
            money_now=float((are[:, at] * money_now).sum()),
            money=intervals[at + len(names)],
        )
        for at, (number, name) in enumerate(names.items())
    )


def _intervals(changes: Floats, seed: int) -> list[Interval]:
    """Bootstrap percentile intervals (Efron 1979) of the column sums of `changes` (n, m), 95 % for all together.

    Customers are put into at most 1,000 random groups and the groups are resampled. Each interval is
    taken at 5 % / m (Bonferroni), so that among many segments chance does not call one of them changed.
    """
    generator = np.random.default_rng(seed)
    n, m = changes.shape
    groups = min(n, GROUPS)
    member: Ints = generator.permutation(n) % max(groups, 1)
    sums = np.zeros((groups, m))
    np.add.at(sums, member, changes)
    weights = generator.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)
    drawn = weights @ sums
    low, high = np.quantile(drawn, [LEVEL / m / 2, 1 - LEVEL / m / 2], axis=0)
    return [Interval(*map(float, each)) for each in zip(changes.sum(axis=0), low, high, strict=True)]


def _sentences(moves: pd.DataFrame, segments: Iterable[SegmentChange], since: date) -> tuple[str, ...]:
    """What happened in words, the segments' sure changes first."""
    counts = moves["state"].value_counts()
    sure = [change for change in segments if change.customers.is_real]
    grown = [f"{each.name} ({each.customers.value:+,.0f})" for each in sure]
    first = (
        f"Since {since} these segments changed by more than chance explains: {', '.join(grown)}."
        if grown
        else f"No segment's size has really changed since {since}: what differs is within chance."
    )
    words = {
        "new": "new", "returning": "back after a pause", "upgraded": "moved to a better segment",
        "downgraded": "moved to a weaker segment", "lapsed": "without an order this time",
        "gone": "no longer in the export",
    }  # fmt: skip
    told = [f"{counts[state]:,} {word}" for state, word in words.items() if counts.get(state)]
    redrawn = int((moves["cause"] == "cut point").sum())
    sentences = [first]
    if told:
        sentences.append(f"Of {len(moves):,} customers: {', '.join(told)}.")
    if redrawn:
        sentences.append(f"{redrawn:,} changed segment only because the segments were redrawn, not by what they did.")
    return tuple(sentences)
