"""Who moved between two runs of the same customers, and the money that moved with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from segmenter.runs.changes import ABSENT, numbers_of, segment_changes
from segmenter.runs.history import BridgeStep, Flow, Interval, Match, Movement
from segmenter.runs.identity import became
from segmenter.runs.model import number_again, place_again
from segmenter.runs.narration import STEPS, sentences
from segmenter.runs.types import Model, Run

WHOLE = 0.9  # share of a period that a run's record must hold for its money to be that of the period


@dataclass(frozen=True)
class Side:
    """What movement needs of one run: its customers, its model, and the worth of its segments."""

    run_id: str
    as_of: date
    customers: pd.DataFrame  # customer_id, segment, segment_name, period_revenue and the features
    model: Model
    worth: Mapping[int, float]  # median money per segment number
    currency: str = ""
    since: date = date.min  # first day on record


def side(run: Run) -> Side:
    """The `Side` of a run."""
    worth = {card.label: card.medians.get("monetary", 0.0) for card in run.findings.cards}
    manifest = run.manifest
    return Side(
        manifest.run_id, manifest.as_of, run.customers, run.model, worth, manifest.currency, manifest.period.first_day
    )


def movement(
    before: Side, now: Side, period_days: int, seed: int, seen: Collection[str] = ()
) -> tuple[Movement, pd.DataFrame]:
    """Movement from `before` to `now`, and the table of moves with one row per customer of either run.

    Customers and money add up: the flows to the runs' totals on either side, the bridge's steps to the difference of the
    two. Money is each run's own period revenue. `seen` are customers of runs before the two, who are not new where only
    `now` has them. No change of money is real where the record of `before` did not cover its whole period.
    """
    is_whole = (before.as_of - before.since).days >= WHOLE * period_days
    names = _names(before, now)
    moves = _moves(before, now, names, seen)
    segments, revenue = segment_changes(moves, names, seed)
    if not is_whole:
        segments = tuple(replace(each, money=_doubtful(each.money)) for each in segments)
        revenue = _doubtful(revenue)
    matches = _redrawn(before, now, names)
    found = Movement(
        previous_run=before.run_id,
        previous_as_of=before.as_of,
        period_days=period_days,
        flows=_flows(moves, names),
        bridge=_bridge(moves),
        segments=segments,
        n_by_customer=int(moves["cause"].isin(["customer", "both"]).sum()),
        n_by_cut_point=int(moves["cause"].isin(["cut point", "both"]).sum()),
        is_real=any(change.is_resized or change.money.is_real for change in segments),
        sentences=sentences(moves, segments, matches, before.as_of, (period_days, now.currency)),
        redrawn=matches is not None,
        matches=matches or (),
        revenue=revenue,
        is_whole=is_whole,
    )
    return found, moves


def _doubtful(change: Interval) -> Interval:
    """`change` with a range that includes zero."""
    return Interval(change.value, min(change.low, 0.0), max(change.high, 0.0))


def _names(before: Side, now: Side) -> dict[int, str]:
    """The name of each segment number of either run, in order of number; the newer name where both have it."""
    names: dict[int, str] = {}
    for each in (before, now):
        pairs = each.customers[["segment", "segment_name"]].drop_duplicates()
        names |= dict(zip(pairs["segment"].astype(int), pairs["segment_name"], strict=True))
    return dict(sorted(names.items()))


def _moves(before: Side, now: Side, names: Mapping[int, str], seen: Collection[str]) -> pd.DataFrame:
    columns = ["customer_id", "segment", "period_revenue"]
    both = before.customers[columns].merge(
        now.customers[columns], on="customer_id", how="outer", suffixes=("_before", "_now"), sort=True
    )
    table = both[["customer_id"]].copy()
    for side in ("before", "now"):
        table[f"number_{side}"] = both[f"segment_{side}"].astype("Int64")
        table[f"segment_{side}"] = both[f"segment_{side}"].map(names).astype("str")
    for side in ("before", "now"):
        table[f"money_{side}"] = both[f"period_revenue_{side}"].fillna(0.0)
    table["direction"] = _directions(table, {**before.worth, **now.worth})
    table["state"] = _states(table, seen)
    table["cause"] = _causes(table, before, now)
    table["ordered"] = _ordered(table["customer_id"], before, now)
    return table


def _ordered(ids: pd.Series, before: Side, now: Side) -> np.ndarray:
    """Whether each customer's last order is later than the last one that `before` knew."""
    last = {}
    for side, each in (("before", before), ("now", now)):
        days = each.as_of.toordinal() - each.customers["recency"].where(each.customers["frequency"] > 0)
        last[side] = days.set_axis(each.customers["customer_id"]).reindex(ids).to_numpy(float, na_value=np.nan)
    found: np.ndarray = last["now"] > np.nan_to_num(last["before"], nan=-np.inf)
    return found


def _directions(table: pd.DataFrame, worth: Mapping[int, float]) -> np.ndarray:
    """``up`` where a customer of both runs is in a segment that is worth more than before, ``down`` in another one."""
    value_before, value_now = (table[name].map(worth).to_numpy(float) for name in ("number_before", "number_now"))
    were, are = numbers_of(table)
    moved = (were != ABSENT) & (are != ABSENT) & (were != are)
    found = np.full(len(table), None, dtype=object)
    found[moved] = np.where(value_now[moved] > value_before[moved], "up", "down")
    return found


def _states(table: pd.DataFrame, seen: Collection[str]) -> np.ndarray:
    """The step of the bridge that each customer is in: the first whose rule holds.

    Steps by money (net of returns, and none of absent customers) come before steps by segment. Customers who were absent
    and come back without money are ``back``.
    """
    earned, earns = table["money_before"].to_numpy() > 0, table["money_now"].to_numpy() > 0
    were, are = numbers_of(table)
    absent = were == ABSENT
    known = np.isin(table["customer_id"].to_numpy(dtype=np.str_), np.array([*seen], dtype=np.str_))
    rules = {
        "new": absent & ~known,
        "gone": are == ABSENT,
        "lapsed": earned & ~earns,
        "returning": earns & ~earned,
        "back": absent,
        "upgraded": (table["direction"] == "up").to_numpy(),
        "downgraded": (table["direction"] == "down").to_numpy(),
    }
    return np.select(list(rules.values()), list(rules), default="same")


def _causes(table: pd.DataFrame, before: Side, now: Side) -> np.ndarray:
    """Why a customer of both runs is in another segment, found by scoring both runs with both models.

    customer: under both models the customer's figures change segment; cut point: under neither, so that only the change of
    model moved the customer; both: under one of the two.
    """
    cause = np.full(len(table), None, dtype=object)
    were, are = numbers_of(table)
    moved = (were != ABSENT) & (are != ABSENT) & (were != are)
    ids = table.loc[moved, "customer_id"]
    if not len(ids):
        return cause
    old_sees = number_again(before.model, _rows_of(now, ids)) != were[moved]
    new_sees = number_again(now.model, _rows_of(before, ids)) != are[moved]
    cause[moved] = np.select([old_sees & new_sees, ~old_sees & ~new_sees], ["customer", "cut point"], default="both")
    return cause


def _rows_of(each: Side, ids: pd.Series) -> pd.DataFrame:
    return each.customers.set_index("customer_id").loc[ids].reset_index()


def _redrawn(before: Side, now: Side, names: Mapping[int, str]) -> tuple[Match, ...] | None:
    """What became of the segments, judged on the customers of `now`; None where one model placed both runs."""
    if before.model == now.model:
        return None
    old, new = (_called(each.model, names) for each in (before, now))
    return became(old, place_again(old, now.customers), new, place_again(new, now.customers))


def _called(model: Model, names: Mapping[int, str]) -> Model:
    """`model` with the present names of its segments."""
    pairs = zip(model.numbers, model.names, strict=True)
    return replace(model, names=tuple(names.get(number, name) for number, name in pairs))


def _flows(moves: pd.DataFrame, names: Mapping[int, str]) -> tuple[Flow, ...]:
    grouped = moves.assign(
        by_customer=moves["cause"].isin(["customer", "both"]), by_cut_point=moves["cause"].isin(["cut point", "both"])
    ).groupby(["number_before", "number_now"], dropna=False, sort=True)
    table = grouped.agg(
        customers=("customer_id", "size"),
        money_before=("money_before", "sum"),
        money_now=("money_now", "sum"),
        by_customer=("by_customer", "sum"),
        by_cut_point=("by_cut_point", "sum"),
    )
    found = []
    for pair, (n, earned, earns, own, cut) in zip(table.index, table.to_numpy(), strict=True):
        before, now = (None if pd.isna(number) else int(number) for number in pair)
        called = [None if number is None else names[number] for number in (before, now)]
        money = float(earned), float(earns)
        found.append(Flow(called[0], called[1], int(n), *money, int(own), int(cut), before, now))
    return tuple(found)


def _bridge(moves: pd.DataFrame) -> tuple[BridgeStep, ...]:
    difference = moves["money_now"] - moves["money_before"]
    steps = [
        BridgeStep(kind, int(mine.sum()), float(difference[mine].sum()))
        for kind in STEPS
        if (mine := moves["state"] == kind).any()
    ]
    start = BridgeStep("before", int(moves["number_before"].count()), float(moves["money_before"].sum()))
    end = BridgeStep("after", int(moves["number_now"].count()), float(moves["money_now"].sum()))
    return (start, *steps, end)
