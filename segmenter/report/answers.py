"""Every figure answers back: its numbers as a table, with where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from segmenter.config.report import ReportConfig
from segmenter.errors import UsageError
from segmenter.report.numbers import NUMBERS, numbers
from segmenter.report.sources import FigureSource, items_of, source_of
from segmenter.report.types import Figure, Table
from segmenter.runs import archive
from segmenter.runs.types import Run


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
        return FigureData(source_of(run, charts[0]), numbers(run, figure))
    found = _found(run)
    for source, item in found:
        if source.id == figure and isinstance(item, Table):
            return FigureData(source, _cells(item))
    known = ", ".join(source.id for source, _ in found)
    raise UsageError(f"The report of {run.manifest.run_id} has no figure {figure!r}. It has: {known}.")


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

    page = build(view_of(run, _config(run)))
    items = (*page.asides, *page.opening, *(item for chapter in page.sections for item in items_of(chapter)))
    return [(source_of(run, item), item) for item in items]


def _cells(table: Table) -> pd.DataFrame:
    """The table as printed."""
    return pd.DataFrame(
        [[cell.text for cell in row] for row in table.rows], columns=[head.label for head in table.columns]
    )
