"""Which SQL, how many rows and which run every chart and table of a report comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segmenter.report.numbers import NUMBERS, numbers, queries
from segmenter.report.types import Figure, Section, Table
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


def sources(run: Run, chapters: Iterable[Section], opening: Iterable[Figure | Table] = ()) -> tuple[FigureSource, ...]:
    """Where the figures of `opening` and of `chapters` come from, in reading order."""
    items = (*opening, *(item for chapter in chapters for item in items_of(chapter)))
    return tuple(source_of(run, item) for item in items)


def items_of(chapter: Section) -> list[Figure | Table]:
    """The charts and tables of a chapter in reading order."""
    items: list[Figure | Table] = []
    for part in chapter.parts:
        items += [*part.figures, *part.tables]
    return items


def source_of(run: Run, item: Figure | Table) -> FigureSource:
    """Where one chart or table of the report of `run` comes from."""
    rows = len(item.rows) if isinstance(item, Table) else len(numbers(run, item.id)) if item.id in NUMBERS else 0
    return FigureSource(item.id, item.title, queries(run, item.id), item.source, rows, run.manifest.run_id)
