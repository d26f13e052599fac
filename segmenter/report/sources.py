"""Every figure answers back: which SQL, how many rows and which run it comes from, and its numbers as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from segmenter.config.report import ReportConfig
from segmenter.errors import UsageError
from segmenter.report.numbers import NUMBERS, numbers, queries
from segmenter.report.types import Figure, Page, Section, Table
from segmenter.runs import archive
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from segmenter.report.context.view import View


@dataclass(frozen=True)
class FigureSource:
    """Where a chart or table comes from: `queries` are files of SQL, `stored` the place in the run's folder."""

    id: str
    title: str
    queries: tuple[str, ...]
    stored: str
    rows: int
    run: str


@dataclass(frozen=True)
class FigureData:
    """A chart's numbers, or a table's cells as printed, with where they come from."""

    source: FigureSource
    table: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """Headings of the columns."""
        return tuple(map(str, self.table.columns))

    @property
    def rows(self) -> list[list[Any]]:
        """The table row by row as plain values, None where one is missing."""
        plain = self.table.astype(object)
        return plain.where(plain.notna(), None).to_numpy().tolist()


def figures(run: Run) -> tuple[FigureSource, ...]:
    """The charts and tables of the run's report in reading order.

    Raises
    ------
    ReportError
        The report's locale or logo cannot be used.
    """
    return tuple(source for source, _ in _found(run))


def figure_data(folder: Path, figure: str) -> FigureData:
    """The numbers behind the chart or table `figure` of the run in `folder`.

    Raises
    ------
    UsageError
        The report of this run has no such figure; the message names those that it has.
    RunError, ReportError
        The run cannot be read, or its report not be made.
    """
    run = archive.read(folder)
    if charts := _drawn(run, figure):
        return FigureData(_source(run, charts[0]), numbers(run, figure))
    found = _found(run)
    for source, item in found:
        if source.id == figure and isinstance(item, Table):
            return FigureData(source, _cells(item))
    known = ", ".join(source.id for source, _ in found)
    raise UsageError(f"The report of {run.manifest.run_id} has no figure {figure!r}. It has: {known}.")


def sources(
    view: View, chapters: Iterable[Section], opening: Iterable[Figure | Table] = ()
) -> tuple[FigureSource, ...]:
    """Where the figures of `opening` and of `chapters` come from, in reading order."""
    items: list[Figure | Table] = [*opening, *(item for chapter in chapters for item in _items(chapter))]
    return tuple(_source(view.run, item) for item in items)


def _drawn(run: Run, chart: str) -> tuple[Figure, ...]:
    """The chart of this id as the report shows it, without the others; none where there is no such chart."""
    from segmenter.report.context import view_of
    from segmenter.report.context.spoken import spoken_figures

    if chart not in NUMBERS:
        return ()
    view = view_of(run, _config(run), {chart})
    return spoken_figures(view.figures(chart), view.voice)


def _config(run: Run) -> ReportConfig:
    return ReportConfig.model_validate(run.manifest.config["report"])


def _found(run: Run) -> list[tuple[FigureSource, Figure | Table]]:
    """Every chart and table of the report with its source."""
    from segmenter.report.context import build, view_of

    page: Page = build(view_of(run, _config(run)))
    items: list[Figure | Table] = [
        *page.asides,
        *page.opening,
        *(item for chapter in page.sections for item in _items(chapter)),
    ]
    return [(_source(run, item), item) for item in items]


def _items(chapter: Section) -> list[Figure | Table]:
    items: list[Figure | Table] = []
    for part in chapter.parts:
        items += [*part.figures, *part.tables]
    return items


def _source(run: Run, item: Figure | Table) -> FigureSource:
    rows = len(item.rows) if isinstance(item, Table) else len(numbers(run, item.id)) if item.id in NUMBERS else 0
    return FigureSource(item.id, item.title, queries(run, item.id), item.source, rows, run.manifest.run_id)


def _cells(table: Table) -> pd.DataFrame:
    """The table as printed."""
    return pd.DataFrame(
        [[cell.text for cell in row] for row in table.rows], columns=[head.label for head in table.columns]
    )
