"""What a page is made of: display values, formatted so that a template has nothing to compute."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from segmenter.report.steps import ANY

AlertState = Literal["new", "worsened", "ongoing", "resolved"]
FEW = 2  # sentences that stay on the page of the drawing or table after them
MOST_LETTERS = 24  # up to which a longer text makes its column wider; a longer one takes several lines
TALL = 0.25  # height by width of a drawing that with its heading and text fills a third of a page


@dataclass(frozen=True)
class Figure:
    """A chart with its texts. `svg` is the drawing as SVG text, `reading` what to take away from it.

    `alt` describes the drawing for those who cannot see it; `source` says where in the run's folder its numbers are.
    """

    id: str
    title: str
    svg: str
    reading: str
    alt: str
    source: str

    @property
    def is_tall(self) -> bool:
        """Whether it is too tall to be kept on one page with the heading before it."""
        size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', self.svg)
        return size is not None and float(size[2]) / float(size[1]) > TALL


@dataclass(frozen=True)
class Column:
    """A column's heading; `kind` decides alignment and how a browser sorts it."""

    label: str
    kind: Literal["text", "number"] = "text"


@dataclass(frozen=True)
class Cell:
    """A value as shown; `order` sorts a number in a browser, empty where it is not known.

    `segment` is the colour class of a segment, -1 for none. `detail` is further evidence, folded on screen and on paper
    shown in the first rows only. `is_code` marks what is the same in every language (an identifier, a file, a setting):
    never translated, and left to right.
    """

    text: str
    order: float | str = ""
    segment: int = -1
    detail: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class Table:
    """A table; `filterable` gives it a search field where scripts run."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str
    filterable: bool = False

    @property
    def letters(self) -> tuple[int, ...]:
        """The letters of each column's longest text, up to `MOST_LETTERS`, by which paper gives it its width."""
        texts = zip(*((cell.text for cell in row) for row in self.rows), strict=True)
        longest = [max(map(len, column)) for column in texts] or [0] * len(self.columns)
        return tuple(
            min(MOST_LETTERS, max(len(column.label), most)) for column, most in zip(self.columns, longest, strict=True)
        )

    @property
    def is_prose(self) -> bool:
        """Whether a narrow screen shows it as a list, row by row: it has several columns of text or a long cell."""
        texts = [column for column in self.columns if column.kind == "text"]
        return len(texts) > 2 or any(cell.detail or len(cell.text) > 40 for row in self.rows for cell in row)

    @property
    def is_even(self) -> bool:
        """Whether it is names with several short numbers each, so that all columns of numbers can have the same width."""
        kinds = [column.kind for column in self.columns]
        is_short = all(len(cell.text) < 12 for row in self.rows for cell in row[1:])
        return len(kinds) > 4 and kinds[0] == "text" and set(kinds[1:]) == {"number"} and is_short


@dataclass(frozen=True)
class Stat:
    """One figure of the strip: a value and what it counts."""

    value: str
    label: str


@dataclass(frozen=True)
class Action:
    """A recommendation: for whom, what, and the money behind it.

    `segment` -1 stands for the odd customers, -2 for regular customers who have gone quiet.
    """

    segment: int
    name: str
    text: str
    money: str


@dataclass(frozen=True)
class Card:
    """A segment in display values; `facts` are (label, the segment's median, everybody's median)."""

    label: int
    name: str
    summary: str
    stats: tuple[Stat, ...]
    facts: tuple[tuple[str, str, str], ...]
    action: str
    avoid: str
    rule: str
    trust: str
    apart: str = ""  # the figures that set the segment apart
    file: str = ""  # in the run's folder, with the list of its customers


@dataclass(frozen=True)
class Part:
    """A piece of a chapter: its heading, sentences, figures, tables and segments' cards in reading order.

    `command` is a line for a terminal, to be copied whole; it follows the sentences.
    """

    title: str
    sentences: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    command: str = ""
    cards: tuple[Card, ...] = ()

    @property
    def is_loose(self) -> bool:
        """Whether on paper its sentences may be on the page before its first drawing, as both together are too tall."""
        return bool(self.figures) and (self.figures[0].is_tall or len(self.sentences) > FEW)

    @property
    def is_wordy(self) -> bool:
        """Whether on paper its first sentences may be on the page before its table, as they are too many to keep together."""
        return not self.figures and len(self.sentences) > FEW


@dataclass(frozen=True)
class Section:
    """A chapter of the report: its heading, what it says in one paragraph, and its parts."""

    id: str
    title: str
    lead: str
    parts: tuple[Part, ...] = ()

    @property
    def items(self) -> tuple[Figure | Table, ...]:
        """The charts and tables in reading order."""
        items: list[Figure | Table] = []
        for part in self.parts:
            items += [*part.figures, *part.tables]
        return tuple(items)


@dataclass(frozen=True)
class Page:
    """Everything that report.html can use, in reading order."""

    title: str
    company: str
    subtitle: str
    period: str
    run_id: str
    language: str
    direction: Literal["ltr", "rtl"]
    accent: str
    logo: str
    paper: str
    colours: dict[int, str]  # by segment number
    sentences: tuple[str, ...]
    actions: tuple[Action, ...]
    stats: tuple[Stat, ...]
    opening: tuple[Figure, ...]
    segments: Section
    differences: Section
    map: Section
    oddities: Section
    certainty: Section
    data: Section
    method: Section
    asides: tuple[Table, ...] = ()  # the strip and the cards as tables, which the page itself does not show
    note: str = ""  # on the figures of the strip
    changed: tuple[str, ...] = ()  # since the run before
    moves: Section | None = None  # None: nothing to compare with
    to_come: Section | None = None  # None: the run holds no forecast

    @property
    def sections(self) -> tuple[Section, ...]:
        """The chapters in reading order, for the contents."""
        return (
            self.segments,
            self.differences,
            self.map,
            *filter(None, (self.moves, self.to_come)),
            self.oddities,
            self.certainty,
            self.data,
            self.method,
        )


@dataclass(frozen=True)
class AlertLine:
    """An anomaly in an alert; `amount` is in the run's currency, `step` says what to look at next."""

    customer_id: str
    state: AlertState
    severity: float
    amount: float | None
    reason: str
    evidence: str = ""
    step: str = ANY


@dataclass(frozen=True)
class AlertRow:
    """A customer of an alert as shown; `step` says what to look at next, `evidence_label` is the heading of `evidence`."""

    customer_id: str
    severity: str
    amount: str
    reason: str
    evidence: str
    step: str = ""
    evidence_label: str = ""


@dataclass(frozen=True)
class AlertGroup:
    """The customers of one state; `more` names or counts those without a row, `is_news` tells new and worse from the rest."""

    heading: str
    meaning: str
    rows: tuple[AlertRow, ...]
    more: str = ""
    is_news: bool = False


@dataclass(frozen=True)
class AlertPage:
    """Everything that alerts.html can use."""

    title: str
    company: str
    date: str
    language: str
    direction: Literal["ltr", "rtl"]
    accent: str
    headline: str
    stats: tuple[Stat, ...]
    groups: tuple[AlertGroup, ...] = ()
    notes: tuple[str, ...] = ()
