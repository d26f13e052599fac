"""The content gate: what must not be sent as a success."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from segmenter.errors import RunError
from segmenter.runs.archive import read

WRONG = re.compile(r"^\s*(nan|inf|-inf|none|undefined|null|nat)\s*(%|[A-Z]{3})?\s*$", re.IGNORECASE)
EMPTY_CHART = 400  # characters of SVG below which nothing can have been drawn


def gate(folder: Path) -> tuple[str, ...]:
    """Why the run in `folder` must not be sent as a success, a sentence each: none where all is well.

    A table of the run that cannot be read, no customers, an empty chart, and NaN or None where a number belongs are
    each a reason. A template variable that is undefined fails the run itself.
    """
    try:
        run = read(folder)
    except RunError as error:
        return (str(error),)
    found = []
    if run.customers.empty or run.segments.empty:
        found.append("The run has no customers.")
    charts = sorted((folder / "charts").glob("*.svg")) if (folder / "charts").is_dir() else []
    found += [f"The chart {path.stem} is empty." for path in charts if _is_empty(path.read_text(encoding="utf-8"))]
    page = folder / "report.html"
    if page.is_file():
        found += _faults_of(page.read_text(encoding="utf-8"))
    return tuple(found)


def _is_empty(svg: str) -> bool:
    drawn = re.findall(r"<(?:path|use|text|rect|circle|image)\b", svg)
    return len(svg) < EMPTY_CHART or not drawn


def _faults_of(page: str) -> list[str]:
    reader = _Numbers()
    reader.feed(page)
    wrong = dict.fromkeys(cell.strip() for cell in reader.cells if WRONG.match(cell))
    return [f"A table of the report shows {cell!r} where a number belongs." for cell in wrong]


class _Numbers(HTMLParser):
    """Collects the cells of columns that hold numbers; text of the business is not ours to judge."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a cell."""
        if tag == "td":
            self._inside = "number" in (dict(attrs).get("class") or "").split()
            self.cells += [""] if self._inside else []

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag == "td":
            self._inside = False

    def handle_data(self, data: str) -> None:
        """Add to the cell that is open."""
        if self._inside:
            self.cells[-1] += data
