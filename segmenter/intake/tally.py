"""One pass over a file's bytes: its hash, whether it is UTF-8, and a count of its records that owes nothing to any reader."""

from __future__ import annotations

import codecs
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 18  # stays in a core's cache
HEAD = 4096
LONGEST_LINE = 2_000_000  # bytes, what DuckDB reads as one line
FEED, QUOTE = 10, 34
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Tally:
    """What the bytes of a file tell.

    `n_lines` counts the lines; `n_records` those outside quotes that are not blank, the header's among them; `n_folded`
    the line feeds within quotes. They mean something for text only, and nothing where `is_endless`: a line is then
    longer than any record.
    """

    head: bytes
    sha256: str
    n_bytes: int
    is_utf8: bool
    has_nul: bool
    n_lines: int
    n_records: int
    n_folded: int
    is_endless: bool


def take(path: Path) -> Tally:
    """The tally of the file at `path`, read once.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    digest, head, n_bytes = hashlib.sha256(), b"", 0
    letters, lines = _Letters(), _Lines()
    with path.open("rb") as file, ThreadPoolExecutor(1) as hasher:
        while chunk := file.read(CHUNK):
            is_last = len(chunk) < CHUNK  # for which to begin a thread costs more than it spares
            hashing = None if is_last else hasher.submit(digest.update, chunk)  # takes as long as all the rest
            head = head or chunk[:HEAD]
            n_bytes += len(chunk)
            letters.read(chunk)
            lines.read(chunk)
            hashing.result() if hashing else digest.update(chunk)
    lines.end()
    return Tally(
        head, digest.hexdigest(), n_bytes, letters.are_utf8(), letters.has_nul,
        lines.n_lines, lines.n_records, lines.n_folded, lines.is_endless,
    )  # fmt: skip


def line_of_zero(path: Path) -> int:
    """The line, from 1, of the first zero byte of the file at `path`; that behind the last line where it has none."""
    line = 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            before, zero, _ = chunk.partition(b"\0")
            line += before.count(b"\n")
            if zero:
                break
    return line


@dataclass
class _Letters:
    """Whether the bytes read so far are UTF-8, and hold a zero."""

    has_nul: bool = False
    _is_valid: bool = True
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def read(self, chunk: bytes) -> None:
        self.has_nul = self.has_nul or b"\0" in chunk
        if not self._is_valid or (chunk.isascii() and not self._decoder.getstate()[0]):
            return
        try:
            self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self._is_valid = False

    def are_utf8(self) -> bool:
        return self._is_valid and not self._decoder.getstate()[0]


@dataclass
class _Lines:
    """Records and folded lines among the bytes read so far. A carriage return counts for nothing."""

    n_lines: int = 0
    n_records: int = 0
    n_folded: int = 0
    is_endless: bool = False
    _last: int = FEED
    _inside: int = 0
    _since_feed: int = 0

    def read(self, chunk: bytes) -> None:
        if self.is_endless:
            return
        data = np.frombuffer(chunk.replace(b"\r", b"") if b"\r" in chunk else chunk, dtype=np.uint8)
        if not len(data):
            return
        self._measure(chunk)
        feeds = data == FEED
        blank = np.empty_like(feeds)  # a feed right behind a feed ends a blank line
        blank[0] = feeds[0] and self._last == FEED
        np.logical_and(feeds[1:], feeds[:-1], out=blank[1:])
        n_feeds = int(np.count_nonzero(feeds))
        self.n_lines += n_feeds
        if self._inside or QUOTE in chunk:
            feeds = self._outside(data, feeds)
            n_feeds = int(np.count_nonzero(feeds))
        self.n_records += n_feeds - int(np.count_nonzero(feeds & blank))
        self._last = int(data[-1])

    def _outside(self, data: Bytes, feeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The feeds outside quotes; those within are counted as folded."""
        quotes, places = np.flatnonzero(data == QUOTE), np.flatnonzero(feeds)
        within = (np.searchsorted(quotes, places) + self._inside) & 1 == 1
        self._inside = (len(quotes) + self._inside) & 1
        self.n_folded += int(np.count_nonzero(within))
        feeds[places[within]] = False
        return feeds

    def _measure(self, chunk: bytes) -> None:
        """Find a line that is longer than the reader takes; a chunk itself is not as long as that."""
        first = chunk.find(b"\n")
        if first < 0:
            self._since_feed += len(chunk)
        else:
            self.is_endless = self._since_feed + first > LONGEST_LINE
            self._since_feed = len(chunk) - 1 - chunk.rfind(b"\n")
        self.is_endless = self.is_endless or self._since_feed > LONGEST_LINE

    def end(self) -> None:
        """Count the last line, if nothing ends it."""
        self.n_lines += self._last != FEED
        self.n_records += self._last != FEED
