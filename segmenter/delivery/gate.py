"""The content gate: what must not be sent as a success."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.delivery.content import files_of
from segmenter.errors import RunError

if TYPE_CHECKING:
    import pandas as pd

    from segmenter.runs.types import Run

WRONG = re.compile(r"^\s*(nan|inf|-inf|none|undefined|null|nat)\s*(%|[A-Z]{3})?\s*$", re.IGNORECASE)
UNFILLED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
MIN_TEXT = 200  # characters of text that any report has
ALWAYS_KNOWN = {
    "customers": ("recency", "frequency", "monetary", "segment", "anomaly_score", "severity"),
    "segments": ("customers", "customer_share", "revenue", "revenue_share"),
    "anomalies": ("severity", "anomaly_score", "amount_at_stake"),
}  # columns of a run's tables in which no number may be missing


def gate(folder: Path, formats: Collection[str] = ()) -> tuple[str, ...]:
    """Why the run in `folder` must not be sent as a success, a sentence each: none where all is well.

    Reasons are a file of `formats` that is missing or empty, a table that cannot be read or has a missing or infinite
    number, no customers, a chart in which nothing is drawn, NaN or None where a page should show a number, and an
    unfilled placeholder of a template. An undefined template variable fails the run itself.
    """
    from segmenter.runs.archive import read

    try:
        run = read(folder)
    except RunError as error:
        return (str(error),)
    found = ["The run has no customers."] if run.customers.empty or run.segments.empty else []
    rows = run.manifest.settings.report.customer_rows
    found += _missing(folder, {name: kind for kind in formats for name in files_of(kind, customer_rows=rows)})
    found += [
        f"The chart {path.stem} is empty."
        for path in sorted((folder / "charts").glob("*.svg"))
        if is_empty_chart(path.read_text(encoding="utf-8", errors="replace"))
    ]
    for name in ("customers", "segments", "anomalies"):
        found += _faults_of_table(name, getattr(run, name))
        if "csv" in formats and (folder / f"{name}.csv").is_file():
            found += _faults_of_csv(folder / f"{name}.csv", getattr(run, name))
    if (folder / "report.html").is_file():
        found += _faults_of_page((folder / "report.html").read_text(encoding="utf-8", errors="replace"), run)
    return tuple(found)


def _missing(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Files that are missing or incomplete; a PDF may be missing on a machine that cannot make one."""
    for name, kind in files.items():
        path = folder / name
        if kind == "pdf" and not path.is_file() and (folder / "report.html").is_file() and _cannot_make_pdf():
            continue
        if not path.is_file() or path.stat().st_size == 0:
            yield f"The file {name} was asked for and is not there."
        elif kind == "pdf" and not _is_whole_pdf(path.read_bytes()):
            yield f"The file {name} is not a whole PDF."


def _cannot_make_pdf() -> bool:
    from segmenter.report.paper import pdf_problem

    return pdf_problem() is not None


def _is_whole_pdf(raw: bytes) -> bool:
    return raw.startswith(b"%PDF-") and b"%%EOF" in raw[-1024:]


def _faults_of_table(name: str, table: pd.DataFrame) -> Iterator[str]:
    import numpy as np

    for column in table.select_dtypes("number"):
        values = table[column].to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(values).any():
            yield f"The column {column} of {name} contains an infinite value."
        if column in ALWAYS_KNOWN[name] and np.isnan(values).any():
            yield f"The column {column} of {name} has {int(np.isnan(values).sum()):,} missing value(s)."


def _faults_of_csv(path: Path, table: pd.DataFrame) -> Iterator[str]:
    """How a CSV file differs from `table`: in its number of rows, or by words where a number belongs."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))
    if len(rows) != len(table):
        yield f"The file {path.name} holds {len(rows):,} rows in place of {len(table):,}."
    for column in table.select_dtypes("number"):
        wrong = dict.fromkeys(row[column] for row in rows if WRONG.match(row.get(column) or ""))
        if wrong:
            yield f"The column {column} of {path.name} shows {next(iter(wrong))!r} where a number belongs."


def is_empty_chart(svg: str) -> bool:
    """Whether a chart has nothing but its background, axes, grid and text.

    Marks are an image, a circle, a dot, a curve, a line that is oblique or has more than two points, and a rectangle
    filled with another colour than white.
    """
    reader = _Marks()
    reader.feed(svg)
    return not reader.n_marks


def _faults_of_page(page: str, run: Run) -> list[str]:
    reader = _Page()
    reader.feed(page)
    text = " ".join("".join(reader.text).split())
    found = []
    if len(text) < MIN_TEXT:
        found.append(f"The page of the report holds {len(text)} letters of text, which is no report.")
    wrong = dict.fromkeys(cell.strip() for cell in reader.cells if WRONG.match(cell))
    found += [f"A table of the report shows {cell!r} where a number belongs." for cell in wrong]
    marks = dict.fromkeys(UNFILLED.findall(text))
    own = _texts_of_business(run) if marks else ""
    return found + [
        f"The page of the report shows {mark!r}, a place of its template that was not filled."
        for mark in marks
        if mark not in own
    ]


def _texts_of_business(run: Run) -> str:
    """All texts from the export and the configuration, such as a product with braces in its name."""
    tables = [run.customers, run.segments, run.anomalies, *([run.alerts] if run.alerts is not None else [])]
    cells = (
        str(cell) for table in tables for column in table.select_dtypes(exclude="number") for cell in table[column]
    )
    return " ".join(" ".join((repr((run.manifest, run.findings, run.history)), *cells)).split())


class _Page(HTMLParser):
    """Collects the text that a reader sees, and the cells of columns that hold numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.cells: list[str] = []
        self._in_number = False
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a cell, or what nobody sees."""
        self._hidden += tag in {"script", "style", "svg"}
        if tag == "td":
            self._in_number = "number" in (dict(attrs).get("class") or "").split()
            self.cells += [""] if self._in_number else []

    def handle_endtag(self, tag: str) -> None:
        """End a cell, or what nobody sees."""
        self._hidden -= tag in {"script", "style", "svg"}
        if tag == "td":
            self._in_number = False

    def handle_data(self, data: str) -> None:
        """Add to the text and to the cell that is open."""
        if self._hidden:
            return
        self.text.append(data)
        if self._in_number:
            self.cells[-1] += data


class _Marks(HTMLParser):
    """Counts the marks of data in a chart, without its background, axes, grid and text."""

    def __init__(self) -> None:
        super().__init__()
        self.n_marks = 0
        self._defined: set[str] = set()  # ids of definitions that are marks, such as the circle of a scatter plot
        self._in_defs = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count one shape if it is a mark."""
        found = {name: value or "" for name, value in attrs}
        if tag in {"defs", "clippath"}:
            self._in_defs += 1
        elif tag == "path" and self._in_defs and _is_shape(found.get("d", "")) and "-" not in found.get("id", "-"):
            self._defined.add(f"#{found['id']}")  # ids of glyphs have a hyphen, between font and code
        elif tag == "use":
            self.n_marks += found.get("xlink:href", found.get("href", "")) in self._defined
        elif not self._in_defs:
            self.n_marks += tag in {"image", "circle", "ellipse", "polygon"} or (tag == "path" and _is_mark(found))

    def handle_endtag(self, tag: str) -> None:
        """Leave the definitions."""
        if tag in {"defs", "clippath"}:
            self._in_defs -= 1


def _is_mark(path: dict[str, str]) -> bool:
    drawing, style = path.get("d", ""), f"{path.get('style', '')};fill: {path.get('fill', '')}".replace(" ", "").lower()
    is_background = re.search(r"fill:(none|#fff(fff)?|white)", style) is not None
    if re.search(r"[zZ]", drawing) and is_background and "stroke:#" not in style.replace("stroke:#fff", ""):
        return False  # a white or unfilled area without an edge
    return _is_shape(drawing) and not (is_background and _is_frame(drawing))


def _points(drawing: str) -> list[tuple[str, str]]:
    numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", re.sub(r"h0", "", drawing))
    return list(zip(numbers[::2], numbers[1::2], strict=False))


def _is_shape(drawing: str) -> bool:
    """Whether a path is more than one straight line along an axis: a tick, a spine, a line of the grid."""
    points = _points(drawing)
    if "h0" in drawing or re.search(r"[cCqQaAsStT]", drawing):
        return True
    if len(points) < 2:
        return False
    return len(points) > 2 or (points[0][0] != points[1][0] and points[0][1] != points[1][1])


def _is_frame(drawing: str) -> bool:
    """Whether a path is a rectangle: its points have two different x and two different y."""
    points = _points(drawing)
    return len({x for x, _ in points}) == 2 and len({y for _, y in points}) == 2 and len(points) >= 4
