"""What every chapter of the report is built from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from segmenter.analysis.findings import SegmentCard
from segmenter.config.report import ReportConfig
from segmenter.features.types import Feature
from segmenter.report.language import Voice
from segmenter.report.types import Cell, Column, Figure, Part, Table
from segmenter.runs.types import Run


@dataclass(frozen=True)
class View:
    """A run, how it is to be shown, and its charts by id."""

    run: Run
    config: ReportConfig
    voice: Voice
    charts: dict[str, Figure]

    def figures(self, *ids: str) -> tuple[Figure, ...]:
        """The charts of these ids that could be drawn."""
        return tuple(self.charts[name] for name in ids if name in self.charts)

    def feature(self, name: str) -> Feature | None:
        """The feature of this name."""
        return next((feature for feature in self.run.manifest.features if feature.name == name), None)

    def number(self, value: float | None, digits: int = 0) -> Cell:
        """A number as a cell."""
        if value is not None:
            value = round(value, digits) + 0.0  # no minus sign before a zero
        return Cell(self.voice.number(value, digits), _order(value))

    def money(self, value: float | None) -> Cell:
        """Money as a cell, whole."""
        return Cell(self.voice.money(value), _order(value))

    def amounts(self, values: Sequence[float | None]) -> tuple[Cell, ...]:
        """A column of amounts of money: with cents where all are below a hundred, else whole."""
        largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
        digits = 2 if 0 < largest < 100 else 0
        return tuple(Cell(self.voice.money(value, digits), _order(value)) for value in values)

    def share(self, value: float | None) -> Cell:
        """A share as a cell, with one decimal."""
        return Cell(self.voice.percent(value, 1), _order(value))


def _order(value: float | None) -> float | str:
    return float(value) if value is not None and math.isfinite(value) else ""


def text(value: object) -> Cell:
    """Text as a cell."""
    return Cell(str(value))


def code(value: object) -> Cell:
    """An identifier, a file or a setting as a cell: never translated."""
    return Cell(str(value), is_code=True)


def segment(card: SegmentCard) -> Cell:
    """A segment by its name, in its colour."""
    return Cell(card.name, card.name, card.label)


def columns(*labels: str) -> tuple[Column, ...]:
    """Columns by label; a label that ends in # holds numbers."""
    return tuple(Column(label.removesuffix("#"), "number" if label.endswith("#") else "text") for label in labels)


def of_sample(view: View, n: int) -> tuple[str, ...]:
    """A sentence on a table of `n` customers, where these are a sample; else none."""
    is_sample = n < sum(card.customers for card in view.run.findings.cards)
    return (
        (view.voice("The table covers the {n} customers in the sample.", n=view.voice.number(n)),) if is_sample else ()
    )


def parts(*candidates: Part) -> tuple[Part, ...]:
    """The parts that are not empty."""
    return tuple(part for part in candidates if part.sentences or part.figures or part.tables or part.cards)


def table(
    name: str,
    title: str,
    heads: tuple[Column, ...],
    rows: Iterable[tuple[Cell, ...]],
    source: str,
    *,
    filterable: bool = False,
) -> Table:
    """A table of these rows; `source` says where in the run's folder its numbers are."""
    return Table(name, title, heads, tuple(rows), source, filterable)
