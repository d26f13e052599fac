"""What a person sees on a terminal: progress, tables and errors, all on standard error.

Standard output carries only the JSON document that ``--json`` asks for.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, TextIO, cast

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from segmenter.errors import ResourceError

Step = Callable[[str], None]
GAP = 2  # between two columns of a table
SHORTEST_CUT = 12  # a word that was cut is not shorter
MARKS = "\u200e\u200f"  # between letters of two directions, as in Hebrew's money; they turn nothing over


class _Heard:
    """A stream for people: that nobody hears it any more, as where a terminal was closed or a log's disk is full, ends no work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write what can be written."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what was written as far as it can be."""
        self._try(self._stream.flush)

    def _try(self, say: Callable[[], object]) -> None:
        try:
            say()
        except OSError:
            _let_go(self._stream)


def _let_go(stream: TextIO) -> None:
    """Let what is left to be written to `stream` go nowhere: the interpreter's end would fail at it once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Terminal:
    """Standard error as a person reads it: of any width, with or without colour."""

    def __init__(self, quiet: bool = False) -> None:
        stream = cast("IO[str]", _Heard(sys.stderr)) if sys.stderr is not None else None
        self.console = Console(file=stream, stderr=True, highlight=False, quiet=quiet)

    def say(self, text: str, style: str = "") -> None:
        """Print one paragraph; `text` is taken literally, and what it carries can neither start a line nor move the cursor."""
        self.console.print(Text(printable(text), style=style), soft_wrap=not self.console.is_terminal)

    @property
    def can_ask(self) -> bool:
        """Whether a person sits here who can be asked."""
        return self.console.is_terminal and sys.stdin.isatty()

    def ask(self, question: str) -> bool:
        """Whether a person says yes; everything else is no."""
        return self.console.input(Text(f"{question} [y/N] ")).strip().casefold() in {"y", "yes"}

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
        """Print rows under headings; the columns numbered in `right` are aligned to the right.

        Text breaks between words alone. Where the longest words of all columns are more than a terminal is wide, those
        that no heading holds, such as paths and addresses, are cut in their middle; elsewhere nothing is cut.
        """
        cells = [[printable(cell) for cell in row] for row in rows]
        columns = [[heading, *(row[number] for row in cells)] for number, heading in enumerate(headings)]
        room = self.console.width - GAP * (len(headings) - 1)
        widths = _widths(columns, room, may_cut=self.console.is_terminal)
        table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
        for number, (heading, width) in enumerate(zip(headings, widths, strict=True)):
            side: Literal["left", "right"] = "right" if number in right else "left"
            table.add_column(heading, justify=side, overflow="fold", width=width)
        for row in cells:
            table.add_row(*(Text(_cut(cell, width)) for cell, width in zip(row, widths, strict=True)))
        width, self.console.width = self.console.width, max(self.console.width, sum(widths) + GAP * len(headings))
        self.console.print(table, crop=False)
        self.console.width = width

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Show on a terminal that a task of one stage goes on; nothing elsewhere, where nobody waits for it."""
        if not self.console.is_terminal:
            yield
            return
        with self.progress((what,)) as step:
            step(what)
            yield

    @contextmanager
    def progress(self, stages: Sequence[str]) -> Iterator[Step]:
        """Yield a function that a stage calls with its name when it begins: a bar on a terminal, else a line each."""
        if not self.console.is_terminal:
            yield self.say
            return
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn(), console=self.console, transient=True
        )
        with bar:
            task = bar.add_task(
                "starting", total=len(stages) if len(stages) > 1 else None
            )  # None: how far is not known

            def step(stage: str) -> None:
                done = stages.index(stage) if stage in stages else None
                bar.update(task, description=stage.ljust(max(map(len, stages))), completed=done)

            yield step


def _widths(columns: Sequence[Sequence[str]], room: int, *, may_cut: bool) -> list[int]:
    """Widths of columns, each a heading and its cells, that together fit into `room` as far as words allow."""
    heads = [_longest_word(column[:1]) for column in columns]
    widths = [_longest_word(column) for column in columns]
    floors = [max(head, min(width, SHORTEST_CUT)) for head, width in zip(heads, widths, strict=True)]
    while may_cut and sum(widths) > room and widths != floors:
        widest = max(range(len(widths)), key=lambda number: (widths[number] > floors[number], widths[number]))
        widths[widest] -= 1
    wanted = [max(map(cell_len, column)) for column in columns]
    for _ in range(room - sum(widths)):  # what is left goes where most is wanted
        neediest = max(range(len(widths)), key=lambda number: wanted[number] - widths[number])
        widths[neediest] += wanted[neediest] > widths[neediest]
    return widths


def _longest_word(texts: Sequence[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def _cut(text: str, width: int) -> str:
    """`text` with the middle of every word that is longer than `width` left out."""
    return " ".join(_middle_cut(word, width) if cell_len(word) > width else word for word in text.split(" "))


def _middle_cut(word: str, width: int) -> str:
    end = (width - 1) // 2
    return f"{word[: width - 1 - end]}…{word[len(word) - end :]}"


def printable(text: str) -> str:
    """`text` without line ends, terminal escapes and other control characters, which file names may carry.

    What languages write in figures stays: spaces that do not break, as plain ones, and marks of direction.
    """
    return "".join(" " if unicodedata.category(each) == "Zs" else each if _is_harmless(each) else "�" for each in text)


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in MARKS


def print_json(document: Any) -> None:
    """Write `document` as one line of ASCII JSON on standard output: whatever it carries, no terminal obeys it.

    Raises
    ------
    ResourceError
        Where standard output leads cannot be written.
    """
    text = json.dumps(document, default=_plain, allow_nan=False)
    if sys.stdout is None:
        return  # closed by whoever called: nobody wants it
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        _let_go(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise  # who reads has heard enough
        raise ResourceError(f"Standard output cannot be written: {error.strerror}. Send it elsewhere.") from None


def _plain(value: Any) -> Any:
    return float(value) if hasattr(value, "as_tuple") else str(value)


def shown(path: Path) -> str:
    """`path` relative to the working folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
