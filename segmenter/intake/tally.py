"""One pass over a file's bytes: its hash, whether it is UTF-8, and a record count that is independent of DuckDB."""

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
FEED, RETURN, QUOTE = 10, 13, 34
Words = NDArray[np.uint64]  # a bit mask over the bytes of the file, 64 bytes a word, the first byte in the lowest bit
ONE, TOP = np.uint64(1), np.uint64(63)
NO_BITS, ALL_BITS = np.uint64(0), ~np.uint64(0)
SHIFTS = tuple(np.uint64(1 << power) for power in range(6))


@dataclass(frozen=True)
class Tally:
    """Facts about the bytes of a file.

    `n_lines` counts the lines, `n_records` those outside quotes that are not blank, header included, and `n_folded` the line
    feeds within quotes. `has_even_ends` says whether all lines end in LF or all in CR LF. These are meaningful only for text,
    and not if `is_endless`, where a line is longer than any record.
    """

    head: bytes
    sha256: str
    n_bytes: int
    is_utf8: bool
    has_nul: bool
    n_lines: int
    n_records: int
    n_folded: int
    has_even_ends: bool
    is_endless: bool


def tally_of(path: Path) -> Tally:
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
            is_last = len(chunk) < CHUNK  # a thread costs more than it saves here
            hashing = None if is_last else hasher.submit(digest.update, chunk)  # takes as long as everything else
            head = head or chunk[:HEAD]
            n_bytes += len(chunk)
            letters.read(chunk)
            lines.read(chunk)
            hashing.result() if hashing else digest.update(chunk)
    lines.end()
    return Tally(
        head, digest.hexdigest(), n_bytes, letters.are_utf8(), letters.has_nul,
        lines.n_lines, lines.n_records, lines.n_folded, lines.has_even_ends, lines.is_endless,
    )  # fmt: skip


def line_of_zero(path: Path) -> int:
    """The line, from 1, of the first zero byte of the file at `path`; the line after the last one where there is none."""
    line = 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            before, zero, _ = chunk.partition(b"\0")
            line += before.count(b"\n")
            if zero:
                break
    return line


def _bits(marks: NDArray[np.bool_]) -> Words:
    words = np.zeros(-(-len(marks) // 64), dtype="<u8")
    words.view(np.uint8)[: -(-len(marks) // 8)] = np.packbits(marks, bitorder="little")
    return words


def _count(bits: Words) -> int:
    return int(np.bitwise_count(bits).sum())


def _behind(bits: Words, before: bool) -> Words:
    """The mask shifted to the following bytes; `before` is the bit of the byte before the first one."""
    behind = bits << ONE
    behind[1:] |= bits[:-1] >> TOP
    behind[0] |= before
    return behind


@dataclass
class _Letters:
    """Whether the bytes read so far are UTF-8, and whether they include a zero."""

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
    """Counts of lines and records in the bytes read so far. A carriage return matters only at the end of a line."""

    n_lines: int = 0
    n_records: int = 0
    n_folded: int = 0
    has_even_ends: bool = True
    is_endless: bool = False
    _last: int = FEED
    _inside: int = 0
    _since_feed: int = 0
    _n_bare: int = 0  # carriage returns without a line feed after them
    _n_crlf: int = 0  # records that end in CR LF
    _has_return: bool = False  # whether the last byte is a carriage return, whose line feed may follow

    def read(self, chunk: bytes) -> None:
        if self.is_endless:
            return
        behind_return = self._behind_return(chunk)
        data = np.frombuffer(chunk.replace(b"\r", b"") if b"\r" in chunk else chunk, dtype=np.uint8)
        if not len(data):
            return
        self._measure(chunk)
        feeds = _bits(data == FEED)
        blank = feeds & _behind(feeds, self._last == FEED)
        self.n_lines += _count(feeds)
        if self._inside or QUOTE in chunk:
            within = feeds & self._within(_bits(data == QUOTE))
            self.n_folded += _count(within)
            feeds ^= within
        self.n_records += _count(feeds & ~blank)
        self._n_crlf += _count(feeds & behind_return)
        self._last = int(data[-1])

    def _behind_return(self, chunk: bytes) -> Words | np.uint64:
        """A mask over the bytes without carriage returns: which line feeds follow a return (other bits are arbitrary)."""
        before, self._has_return = self._has_return, chunk.endswith(b"\r")
        if not before and b"\r" not in chunk:
            return NO_BITS
        data = np.frombuffer(chunk, dtype=np.uint8)
        is_return = data == RETURN
        returns, feeds = _bits(is_return), _bits(data == FEED)
        behind = _behind(returns, before)
        n_paired = _count(feeds & behind)
        self._n_bare += before + _count(returns) - self._has_return - n_paired
        if n_paired in {0, _count(feeds)}:  # in nearly all files
            return ALL_BITS if n_paired else NO_BITS
        return _bits(np.append(before, is_return[:-1])[~is_return])

    def _within(self, quotes: Words) -> Words:
        """The bytes with an odd number of quotes up to them: a prefix XOR by doubling within words, then across words."""
        for shift in SHIFTS:
            quotes ^= quotes << shift
        odd = np.bitwise_xor.accumulate(quotes >> TOP) ^ np.uint64(self._inside)
        before = np.empty_like(odd)
        before[0], before[1:] = self._inside, odd[:-1]
        self._inside = int(odd[-1])
        return quotes ^ -before  # inverts all bits of a word that begins within quotes

    def _measure(self, chunk: bytes) -> None:
        """Notice a line that is longer than DuckDB accepts; a chunk is shorter than that."""
        first = chunk.find(b"\n")
        if first < 0:
            self._since_feed += len(chunk)
        else:
            self.is_endless = self._since_feed + first > LONGEST_LINE
            self._since_feed = len(chunk) - 1 - chunk.rfind(b"\n")
        self.is_endless = self.is_endless or self._since_feed > LONGEST_LINE

    def end(self) -> None:
        """Count the last line if no line feed ends it, and compare the ends of the others."""
        self.has_even_ends = not self._n_bare + self._has_return and self._n_crlf in {0, self.n_lines - self.n_folded}
        self.n_lines += self._last != FEED
        self.n_records += self._last != FEED
