"""The numbers behind every chart and table of a report, with where they come from.

A report keeps beside it, in figures.json, what its page shows: each chart and table with its source, and the cells of the
tables. So one question draws no charts; for a run without that file the page is made anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from segmenter.config.report import ReportConfig
from segmenter.errors import UsageError
from segmenter.report.numbers import NUMBERS, numbers
from segmenter.report.sources import FigureSource, items_of, source_of
from segmenter.report.types import Figure, Page, Table
from segmenter.runs import archive
from segmenter.runs.seal import check, sealed
from segmenter.runs.types import Run

FILE = "figures.json"
Found = tuple[FigureSource, pd.DataFrame | None]  # None of a chart: its numbers are in the run's tables


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
    return tuple(source for source, _ in _anew(run))


def figure_data(folder: Path, figure: str) -> FigureData:
    """The numbers behind the chart or table `figure` of the run in `folder`.

    Raises
    ------
    UsageError
        The report of this run has no such figure; the message names those that it has.
    RunError, ReportError
        The run cannot be read, or its report not be made.
    """
    is_kept = FILE in sealed(folder)
    run = None if is_kept else archive.read(folder)
    if run is not None and (charts := _drawn(run, figure)):
        return FigureData(source_of(run, charts[0]), numbers(run, figure))
    found = _kept(folder) if run is None else _anew(run)
    for source, table in found:
        if source.id == figure:
            return FigureData(source, numbers(archive.read(folder), figure) if table is None else table)
    known = ", ".join(source.id for source, _ in found)
    raise UsageError(f"The report of {folder.name} has no figure {figure!r}. It has: {known}.")


def _drawn(run: Run, chart: str) -> tuple[Figure, ...]:
    """The chart of this id as the report shows it, without the others; none where there is no such chart."""
    from segmenter.report.context import view_of
    from segmenter.report.context.translated import translated_figures

    if chart not in NUMBERS:
        return ()
    view = view_of(run, _config(run), {chart})
    return translated_figures(view.figures(chart), view.voice)


def _config(run: Run) -> ReportConfig:
    return ReportConfig.model_validate(run.manifest.config["report"])


def keep_figures(run: Run, page: Page, folder: Path) -> None:
    """Write what `page` shows beside the report of `run`."""
    document = [
        {
            "source": asdict(source),
            "table": None if table is None else {"columns": [*table.columns], "data": table.to_numpy().tolist()},
        }
        for source, table in _shown(run, page)
    ]
    (folder / FILE).write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def _kept(folder: Path) -> list[Found]:
    """What a report kept of itself."""
    check(folder / FILE)
    document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    found: list[Found] = []
    for each in document:
        source = FigureSource(**{**each["source"], "queries": tuple(each["source"]["queries"])})
        found.append((source, None if each["table"] is None else pd.DataFrame(**each["table"])))
    return found


def _anew(run: Run) -> list[Found]:
    """The same from a page that is made for it."""
    from segmenter.report.context import build, view_of

    return _shown(run, build(view_of(run, _config(run))))


def _shown(run: Run, page: Page) -> list[Found]:
    """Every chart and table of the page with its source, a table with its cells as printed."""
    items = (*page.asides, *page.opening, *(item for chapter in page.sections for item in items_of(chapter)))
    return [(source_of(run, item), None if isinstance(item, Figure) else _cells(item)) for item in items]


def _cells(table: Table) -> pd.DataFrame:
    """The table as printed."""
    return pd.DataFrame(
        [[cell.text for cell in row] for row in table.rows], columns=[head.label for head in table.columns]
    )
