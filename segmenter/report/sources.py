"""Which SQL, how many rows and which run every chart and table of a report comes from."""

from __future__ import annotations

from dataclasses import dataclass

from segmenter.report.numbers import NUMBERS, numbers, queries
from segmenter.report.types import Figure, Table
from segmenter.runs.types import Run


@dataclass(frozen=True)
class FigureSource:
    """Where a chart or table comes from: `queries` are files of SQL, `stored` the place in the run's folder."""

    id: str
    title: str
    queries: tuple[str, ...]
    stored: str
    rows: int
    run: str


def source_of(run: Run, item: Figure | Table) -> FigureSource:
    """Where one chart or table of the report of `run` comes from."""
    rows = len(item.rows) if isinstance(item, Table) else len(numbers(run, item.id)) if item.id in NUMBERS else 0
    return FigureSource(item.id, item.title, queries(run, item.id), item.source, rows, run.manifest.run_id)
