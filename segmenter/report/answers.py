"""The numbers behind every chart and table of a report, with where they come from.

What a report's page shows is written beside it into figures.json: each chart and table with its source, and the cells of
the tables. So no chart has to be drawn to ask for one figure; for a run without that file the page is built again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from segmenter.errors import UsageError
from segmenter.report.numbers import numbers
from segmenter.report.sources import FigureSource, source_of
from segmenter.report.types import Figure, Page, Table
from segmenter.runs import archive
from segmenter.runs.seal import check, sealed
from segmenter.runs.types import Run

FILE = "figures.json"
Shown = tuple[FigureSource, pd.DataFrame | None]  # None for a chart: its numbers are in the run's tables


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
    return tuple(source for source, _ in _built(run))


def figure_data(folder: Path, figure: str) -> FigureData:
    """The numbers behind the chart or table `figure` of the run in `folder`.

    Raises
    ------
    UsageError
        The report of this run has no such figure; the message names those that it has.
    RunError, ReportError
        The run cannot be read, or its report not be made.
    """
    shown = _read(folder) if FILE in sealed(folder) else _built(archive.read(folder))
    for source, table in shown:
        if source.id == figure:
            return FigureData(source, numbers(archive.read(folder), figure) if table is None else table)
    known = ", ".join(source.id for source, _ in shown)
    raise UsageError(f"The report of {folder.name} has no figure {figure!r}. It has: {known}.")


def write_figures(run: Run, page: Page, folder: Path) -> None:
    """Write figures.json for the report of `run`, whose page is `page`."""
    document = [
        {
            "source": asdict(source),
            "table": None if table is None else {"columns": [*table.columns], "data": table.to_numpy().tolist()},
        }
        for source, table in _shown(run, page)
    ]
    (folder / FILE).write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def _read(folder: Path) -> list[Shown]:
    """The charts and tables by figures.json."""
    check(folder / FILE)
    document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    shown: list[Shown] = []
    for each in document:
        source = FigureSource(**{**each["source"], "queries": tuple(each["source"]["queries"])})
        shown.append((source, None if each["table"] is None else pd.DataFrame(**each["table"])))
    return shown


def _built(run: Run) -> list[Shown]:
    """The same from a page that is built for it."""
    from segmenter.report.context import build, view_of

    config = run.manifest.settings.report
    return _shown(run, build(view_of(run, config)))


def _shown(run: Run, page: Page) -> list[Shown]:
    """Every chart and table of the page with its source, a table with its cells as printed."""
    items = (*page.asides, *page.opening, *(item for section in page.sections for item in section.items))
    return [(source_of(run, item), None if isinstance(item, Figure) else _cells(item)) for item in items]


def _cells(table: Table) -> pd.DataFrame:
    """The table as printed."""
    return pd.DataFrame(
        [[cell.text for cell in row] for row in table.rows], columns=[head.label for head in table.columns]
    )
