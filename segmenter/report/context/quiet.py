"""Regular customers who have gone quiet: whom to call first."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from segmenter.analysis.names import HABIT
from segmenter.analysis.silence import LATE, gone_quiet
from segmenter.report.context.listed import LISTED, listed, segment_named
from segmenter.report.context.view import View, code, columns, of_sample
from segmenter.report.types import Action, Cell, Part

QUIET = -2  # in the place of a segment's number
FIGURES = ("recency", "tenure", "mean_gap", "longest_gap", "monetary")
NAMED = 3  # customers, so that an action keeps to two lines
NOBODY = (
    "No regular customer has been silent for both more than {times} times their usual gap between orders and longer than "
    "ever before. Regular means orders on at least {days} days."
)
ONE = (
    "One regular customer has been silent for more than {times} times the usual gap between orders, and for longer than "
    "ever before, with {money} spent so far. Regular means orders on at least {days} days."
)
SEVERAL = (
    "{n} regular customers have been silent for more than {times} times their usual gap between orders, and for longer "
    "than ever before. Together they have spent {money}. Regular means orders on at least {days} days."
)
WHO = {  # by whether they are several, and whether those of a segment are left out
    (False, False): "One customer, silent for more than {times} times the usual gap.",
    (False, True): "One customer of another segment, silent for more than {times} times the usual gap.",
    (True, False): "{n} customers, silent for more than {times} times their usual gap.",
    (True, True): "{n} customers of other segments, silent for more than {times} times their usual gap.",
}


def quiet(view: View) -> pd.DataFrame:
    """The regular customers who have gone quiet and have spent money, those who spent most first."""
    customers, manifest = view.run.customers, view.run.manifest
    recency, tenure, mean_gap, longest_gap, spent = (customers[name].to_numpy(float) for name in FIGURES)
    unseen = max(manifest.period.age(manifest.as_of) - 1, 0)
    found = customers[gone_quiet(recency, tenure, mean_gap, longest_gap, unseen) & (spent > 0)]
    return found.sort_values(["monetary", "customer_id"], ascending=[False, True])


def part(view: View) -> Part:
    """How many they are, what they spent, and the first of them by name."""
    found, voice = quiet(view), view.voice
    words = voice(
        NOBODY if found.empty else ONE if len(found) == 1 else SEVERAL,
        n=voice.number(len(found)),
        times=voice.number(LATE),
        days=voice.number(HABIT),
        money=voice.money_in_words(float(found["monetary"].sum())),
    )
    is_divided = len(view.run.findings.cards) > 1
    heads = columns(
        "Customer",
        *(("Segment",) if is_divided else ()),
        *("Money#", "Orders#", "Days since the last order#", "Days between orders#"),
    )
    shown = found.head(LISTED if view.config.customer_rows else 0)
    rows = [_row(view, row, is_divided=is_divided) for _, row in shown.iterrows()]
    tables = listed(view, "quiet", "Whom to call first", heads, rows, len(found))
    return Part("Regular customers gone quiet", (words, *of_sample(view, len(view.run.customers))), (), tables)


def _row(view: View, row: pd.Series, *, is_divided: bool) -> tuple[Cell, ...]:
    figures = (view.number(row[name]) for name in ("frequency", "recency", "mean_gap"))
    named = (segment_named(view, row["segment_name"]),) if is_divided else ()
    return code(row["customer_id"]), *named, view.money(row["monetary"]), *figures


def action(view: View, called: Collection[int]) -> list[tuple[float, Action]]:
    """To call them, with the money that can be saved: all of it, as they are leaving. Empty where there is nobody.

    The segments `called` are left out, as another action is to call all of their customers.
    """
    everybody, voice = quiet(view), view.voice
    found = everybody[~everybody["segment"].isin(called)]
    if found.empty or view.run.drawn.is_sample:  # a sample's number and money would stand beside those of everybody
        return []
    total, is_rest = float(found["monetary"].sum()), len(found) < len(everybody)
    who = voice(
        WHO[len(found) > 1, is_rest],
        n=voice.number(len(found)),
        times=voice.number(LATE),
    )
    first = ", ".join(found["customer_id"].astype(str).head(NAMED)) if view.config.customer_rows else ""
    words = (
        voice("Call and ask what changed."),
        who,
        voice("Start with {customers}.", customers=first) if first else "",
    )
    money = voice("{money} of revenue", money=voice.money_in_words(total))
    return [(total, Action(QUIET, voice("Regular customers gone quiet"), " ".join(filter(None, words)), money))]
