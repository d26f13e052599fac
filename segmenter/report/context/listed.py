"""Lists of single customers, those with most money first."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.report.context.view import View, table
from segmenter.report.types import Cell, Column, Table

LISTED = 20  # customers that a list shows


def segment_named(view: View, name: str) -> Cell:
    """A segment by its name, in its colour; without one where no segment of the run has the name."""
    return Cell(name, name, next((card.label for card in view.run.findings.cards if card.name == name), -1))


def listed(
    view: View, name: str, title: str, heads: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]], n: int
) -> tuple[Table, ...]:
    """A table of those of `n` customers who spent most, one per row; none where there are no rows."""
    if not rows:
        return ()
    if n > len(rows):
        first = view.voice("top {n} of {all} by money", n=len(rows), all=view.voice.number(n))
        title = f"{view.voice(title)} ({first})"
    return (table(name, title, heads, rows, "customers.parquet"),)
