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
from decimal import Decimal
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
SHORTEST_CUT = 12  # columns that a word keeps at least when it is cut
MARKS = "\u200e\u200f"  # direction marks, as in Hebrew amounts; unlike overrides they reorder no other text


class _LenientStream:
    """A stream for people, whose write errors (a closed terminal, a full disk) do not end the program."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write `text`, or drop it where that fails."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush the stream, or drop what is buffered where that fails."""
        self._try(self._stream.flush)

    def _try(self, operation: Callable[[], object]) -> None:
        try:
            operation()
        except OSError:
            _discard(self._stream)


def _discard(stream: TextIO) -> None:
    """Redirect `stream` to the null device, as flushing what is buffered at the end would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Terminal:
    """Standard error as a person reads it: of any width, with or without colour."""

    def __init__(self, quiet: bool = False) -> None:
        stream = cast("IO[str]", _LenientStream(sys.stderr)) if sys.stderr is not None else None
        self.console = Console(file=stream, stderr=True, highlight=False, quiet=quiet)

    def say(self, text: str, style: str = "") -> None:
        """Print one paragraph; `text` is no markup, and cannot start a line or move the cursor."""
        self.console.print(Text(printable(text), style=style), soft_wrap=not self.console.is_terminal)

    def lines(self, text: str) -> None:
        """Print lines that a person may copy, such as TOML: below a blank one and never broken."""
        for line in ("", *text.splitlines()) if text else ():
            self.console.print(Text(printable(line)), soft_wrap=True)

    @property
    def can_ask(self) -> bool:
        """Whether the terminal is interactive."""
        return self.console.is_terminal and sys.stdin.isatty()

    def ask(self, question: str) -> bool:
        """Whether a person says yes; everything else is no."""
        return self.console.input(Text(f"{question} [y/N] ")).strip().casefold() in {"y", "yes"}

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
        """Print rows under headings; the columns numbered in `right` are aligned to the right.

        Text breaks between words only. Where the longest words of all columns together are wider than the terminal,
        words in cells, such as paths and addresses, are cut in the middle; headings never are.
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
        """Show on a terminal that a task of a single stage is running; elsewhere nothing."""
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
            total = len(stages) if len(stages) > 1 else None  # None: progress within a single stage is not known
            task = bar.add_task("starting", total=total)

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
    for _ in range(room - sum(widths)):  # spare room goes to the column that lacks most
        neediest = max(range(len(widths)), key=lambda number: wanted[number] - widths[number])
        widths[neediest] += wanted[neediest] > widths[neediest]
    return widths


def _longest_word(texts: Sequence[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def _cut(text: str, width: int) -> str:
    """`text` with an ellipsis for the middle of every word longer than `width`."""
    return " ".join(_middle_cut(word, width) if cell_len(word) > width else word for word in text.split(" "))


def _middle_cut(word: str, width: int) -> str:
    end = (width - 1) // 2
    return f"{word[: width - 1 - end]}…{word[len(word) - end :]}"


def printable(text: str) -> str:
    """`text` without line ends, terminal escapes and other control characters, which file names may carry.

    Special spaces become plain ones, and direction marks stay: some languages write both in numbers.
    """
    return "".join(" " if unicodedata.category(each) == "Zs" else each if _is_harmless(each) else "�" for each in text)


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in MARKS


def print_json(document: Any) -> None:
    """Write `document` as one line of ASCII JSON, free of terminal escapes, on standard output.

    Raises
    ------
    ResourceError
        Standard output cannot be written.
    """
    text = json.dumps(document, default=_plain, allow_nan=False)
    if sys.stdout is None:
        return  # the caller closed it
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise  # the reader, such as head, has enough
        raise ResourceError(f"Standard output cannot be written: {error.strerror}. Send it elsewhere.") from None


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def shown(path: Path) -> str:
    """`path` relative to the working folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
