"""Alerts, the states of anomalies from run to run: new, worsened, ongoing, resolved or unseen; verdicts hold them back."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import pandas as pd

from segmenter.config.history import HistoryConfig
from segmenter.engine.drawn import within
from segmenter.runs.history import AlertCount
from segmenter.runs.line import moved_by_line
from segmenter.runs.types import Run, ids_of
from segmenter.runs.verdicts import Verdict, in_force, precision, read_verdicts

COLUMNS = (
    "customer_id", "state", "since", "changed", "cause", "severity", "told_severity", "amount_at_stake", "reason", "evidence",
    "verdict", "until",
)  # fmt: skip
# The cause of an alert's last change: the customer's figures, the redrawn line, or that only one of two runs could judge
CUSTOMER, LINE, SAMPLE = "customer", "line", "sample"
BY_LINE = (
    "The line between odd and ordinary is redrawn in every run; for that reason alone, not because of what they did: "
    "{n} more odd, {m} back to normal."
)
UNSEEN = "Odd before, but not in the sample of this run, and so not judged again: {n}."
NO_ONE: Mapping[str, str] = MappingProxyType({})
FRESH = ("new", "worsened")  # states that are news
OVER = ("resolved", "unseen")  # states in which the customer is not known to be odd
ORDER = {"new": 0, "worsened": 1, "ongoing": 2, "resolved": 3, "unseen": 4}
Row = dict[str, Any]


def alerts(
    anomalies: pd.DataFrame,
    before: pd.DataFrame | None,
    run_id: str,
    as_of: date,
    config: HistoryConfig,
    verdicts: Mapping[str, Verdict],
    quiet: Mapping[str, str] = NO_ONE,
) -> pd.DataFrame:
    """The alerts of a run, one row per customer, from its anomalies and the previous alerts (`before`; None: a baseline).

    new: not reported yet. worsened: more severe, by `config.worsened_by`, than when last reported. ongoing: reported
    before and not worse, also after being ordinary for at most `config.remember_days`. resolved: flagged before and
    ordinary now. unseen: flagged before, and not among those whom a run on a sample judges.

    Three kinds of alerts are no news. In a baseline all are ongoing. Those held back by one of the `verdicts` keep
    their state but count as not reported, so that they are news when the verdict ends. Those of customers in `quiet`
    have the cause that it gives, and are ongoing in place of new: these customers changed only because the line between
    ordinary and odd was redrawn (see `segmenter.runs.line`), or only one of two samples holds them.
    """
    known, held = {} if before is None else _rows(before), in_force(verdicts, as_of)
    flagged = _rows(anomalies)
    rows = [_flagged(row, known.get(customer), run_id, as_of, config) for customer, row in flagged.items()]
    rows = [_quietly(row, quiet[row["customer_id"]]) if row["customer_id"] in quiet else row for row in rows]
    rows = [row if row["customer_id"] in held else _as_told(row, is_baseline=before is None) for row in rows]
    rows += [_ordinary(row, as_of, quiet) for customer, row in known.items() if customer not in flagged]
    edge = as_of - timedelta(days=config.remember_days)
    kept = [row for row in rows if row["state"] not in OVER or date.fromisoformat(str(row["changed"])) >= edge]
    return with_verdicts(_ordered(pd.DataFrame(kept, columns=list(COLUMNS))), verdicts, as_of)


def of_run(
    state: sqlite3.Connection, run: Run, before: Run | None, config: HistoryConfig
) -> tuple[pd.DataFrame, AlertCount]:
    """The `alerts` of a run since the run `before`, and their counts, with the verdicts in the archive's `state`."""
    known, quiet = (before.alerts, _quiet(before, run)) if before else (None, NO_ONE)
    as_of = run.manifest.as_of
    table = alerts(run.anomalies, known, run.manifest.run_id, as_of, config, read_verdicts(state), quiet)
    return table, count(table, precision(state), as_of, is_baseline=known is None)


def _quiet(before: Run, now: Run) -> dict[str, str]:
    """The cause for each customer whose alert does not change by what they did."""
    causes = dict.fromkeys(moved_by_line(before, now), LINE)
    return causes if before.alerts is None else causes | dict.fromkeys(_apart(before, before.alerts, now), SAMPLE)


def _apart(before: Run, known: pd.DataFrame, now: Run) -> Iterator[str]:
    """Customers whom only one of two runs judged, as the other holds a sample without them.

    These are the odd customers of `now` beyond the sample of `before`, and those of the `known` alerts beyond the sample of
    `now`. Whoever is odd outside of the sample of `now` is among the farthest of all, and so is news if not known.
    """
    alarmed, held, odd = (ids_of(table) for table in (known, now.customers, now.anomalies))
    came, left = odd[np.isin(odd, held) & ~np.isin(odd, alarmed)], alarmed[~np.isin(alarmed, odd)]
    yield from came[~within(came, before.drawn.limit)].tolist()
    yield from left[~within(left, now.drawn.limit)].tolist()


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """What is new or worse before ongoing and resolved, the most severe first."""
    places = table.assign(place=table["state"].replace({"worsened": "new"}).map(ORDER))
    ordered = places.sort_values(["place", "severity", "customer_id"], ascending=[True, False, True], ignore_index=True)
    return ordered.drop(columns="place")


def _rows(table: pd.DataFrame) -> dict[str, Row]:
    return {str(row["customer_id"]): cast(Row, row) for row in table.to_dict("records")}


def _flagged(row: Row, known: Row | None, run_id: str, as_of: date, config: HistoryConfig) -> Row:
    """The alert of an odd customer; its told_severity, the severity when last reported, is NaN where it never was."""
    severity = float(row["severity"])
    told = math.nan if known is None else float(known["told_severity"])
    worse = severity >= told + config.worsened_by
    state = "new" if math.isnan(told) else "worsened" if worse else "ongoing"
    goes_on = known is not None and state == "ongoing" and known["state"] not in OVER
    same = {name: row[name] for name in ("customer_id", "amount_at_stake", "reason", "evidence")}
    return {
        **same,
        "state": state,
        "since": run_id if known is None else known["since"],
        "changed": known["changed"] if known is not None and goes_on else str(as_of),
        "cause": known["cause"] if known is not None and goes_on else CUSTOMER,
        "severity": severity,
        "told_severity": told,
    }


def _quietly(row: Row, cause: str) -> Row:
    """The alert of a customer who is odd only by the redrawn line or sample: ongoing in place of new, as if reported before."""
    if row["state"] != "new":
        return row
    return {**row, "state": "ongoing", "cause": cause, "told_severity": row["severity"]}


def _as_told(row: Row, *, is_baseline: bool) -> Row:
    """The alert after it was reported, with its present severity; in a baseline all are ongoing."""
    if row["state"] not in FRESH:
        return row
    return {**row, "told_severity": row["severity"], "state": "ongoing" if is_baseline else row["state"]}


def _ordinary(known: Row, as_of: date, quiet: Mapping[str, str]) -> Row:
    """The alert of a customer who is not flagged: resolved, or unseen where the run did not judge them."""
    cause = quiet.get(known["customer_id"], CUSTOMER)
    state = "unseen" if cause == SAMPLE else "resolved"
    if known["state"] in ("resolved", state):
        return known
    return {**known, "state": state, "changed": str(as_of), "cause": cause}


def with_verdicts(table: pd.DataFrame, verdicts: Mapping[str, Verdict], as_of: date) -> pd.DataFrame:
    """`table` with the verdicts that hold on `as_of` in the columns verdict and until, None elsewhere."""
    holds = in_force(verdicts, as_of)
    ids = table["customer_id"]
    said = [holds[customer].verdict if customer in holds else None for customer in ids]
    until = [str(holds[customer].until) if customer in holds else None for customer in ids]
    return table.assign(
        verdict=pd.Series(said, table.index, dtype="str"), until=pd.Series(until, table.index, dtype="str")
    )


def to_report(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The alerts to report, news and the most severe first.

    Left out are those held back by a verdict, those resolved in an earlier run or by the redrawn line alone, and those
    resolved before they were reported, and those unseen.
    """
    stale = (table["state"] == "resolved") & (
        (table["changed"].astype(str) != str(as_of)) | table["told_severity"].isna() | (table["cause"] == LINE)
    )
    return _ordered(table[~stale & (table["state"] != "unseen") & table["verdict"].isna()])


def count(table: pd.DataFrame, judged: tuple[int, int], as_of: date, *, is_baseline: bool) -> AlertCount:
    """Numbers of alerts per state, held back, changed by the redrawn line alone, and of `judged` and right ones."""
    states = to_report(table, as_of)["state"].value_counts()
    held = int((table["verdict"].notna() & ~table["state"].isin(OVER)).sum())
    unseen = int((table["state"] == "unseen").sum())
    numbers = {**{name: int(states.get(name, 0)) for name in ORDER}, "unseen": unseen}
    moved = table[(table["cause"] == LINE) & (table["changed"].astype(str) == str(as_of))]["state"]
    line_out = int((moved == "resolved").sum())
    return AlertCount(
        is_baseline, **numbers, held=held, judged=judged[0], right=judged[1],
        line_in=len(moved) - line_out, line_out=line_out,
    )  # fmt: skip
