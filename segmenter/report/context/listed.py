"""Lists of single customers, those with most money first."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segmenter.report.context.view import View, table
from segmenter.report.types import Cell, Column, Table

LISTED = 20  # customers that a list shows


def richest(customers: pd.DataFrame, most: int = LISTED) -> pd.DataFrame:
    """The rows of `customers`, which are in the order of their ids, with most money, the most first, at most `most` of them."""
    return customers.nlargest(most, "monetary")


def segment_cell(row: pd.Series, column: str, view: View) -> Cell:
    """A segment that a column of the customers' table names."""
    name = str(row[column])
    return Cell(name, name, next((card.label for card in view.run.findings.cards if card.name == name), -1))


def listed(
    name: str, title: str, heads: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]], n: int, view: View
) -> tuple[Table, ...]:
    """A table of the first of `n` customers, none where there is nobody."""
    if not rows:
        return ()
    if n > len(rows):
        first = view.voice("top {n} of {all} by money", n=len(rows), all=view.voice.number(n))
        title = f"{view.voice(title)} ({first})"
    return (table(name, title, heads, rows, "customers.parquet"),)
