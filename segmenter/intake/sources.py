"""Named sources -> files and what each of them is, told by content rather than by name."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segmenter.errors import SourceError
from segmenter.intake.tally import Tally, take

Kind = Literal["csv", "json", "parquet", "workbook", "duckdb"]
SUFFIXES = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".jsonl", ".ndjson", ".json", ".xlsx", ".duckdb", ".db")
JSON = re.compile(rb"(\xef\xbb\xbf)?\s*(\[\s*)?\{")


@dataclass(frozen=True)
class SourceFile:
    """One file of a source: where it is, what it is, and what its bytes tell."""

    path: Path
    kind: Kind
    is_gzip: bool
    tally: Tally

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes."""
        return self.tally.sha256

    @property
    def n_bytes(self) -> int:
        """The file's size."""
        return self.tally.n_bytes

    @property
    def name_aside(self) -> str:
        """A plain name for a copy of this file, its own also where another file has the same bytes."""
        return hashlib.sha256(os.fsencode(self.path.absolute())).hexdigest()[:16]


def plain_path(file: SourceFile, folder: Path) -> Path:
    """A path of `file` that DuckDB cannot take for a pattern of paths: its own, or a link in `folder`."""
    if not glob.has_magic(str(file.path)):
        return file.path
    link = folder / f"{file.name_aside}{file.path.suffix if file.path.suffix in SUFFIXES else ''}"
    link.symlink_to(file.path.absolute())
    return link


def expand(sources: Sequence[str | Path]) -> tuple[Path, ...]:
    """Files that `sources` (files, folders, globs) name, each once; within a folder or glob by name.

    Raises
    ------
    SourceError
        Nothing is named, a file is missing, or a folder holds no export.
    """
    found = [path for source in sources for path in _files(Path(source))]
    if not found:
        raise SourceError("No source is named. Give a file, a folder or a glob such as exports/*.csv.")
    return tuple(dict.fromkeys(found))


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        files = sorted(path for path in source.iterdir() if path.is_file() and _is_export(path))
        if not files:
            raise SourceError(f"The folder {source} holds no export ({', '.join(SUFFIXES)}). Name the right folder.")
        return files
    if source.is_file():
        return [source]
    matches = sorted(Path(match) for match in glob.glob(str(source)) if Path(match).is_file())
    if not matches:
        raise SourceError(f"There is no file {source}. Check the path, or quote a glob so that the shell leaves it.")
    return matches


def _is_export(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~"))


def examine(path: Path) -> SourceFile:
    """What the file at `path` is.

    Raises
    ------
    SourceError
        The file is empty, cannot be read, or is neither text nor a known table format.
    """
    try:
        tally = take(path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None
    if not tally.n_bytes:
        raise SourceError(f"{path} is empty. Export it again, or leave it out.")
    is_gzip = tally.head.startswith(b"\x1f\x8b")
    return SourceFile(path, "csv" if is_gzip else _kind(path, tally.head), is_gzip, tally)


def _kind(path: Path, head: bytes) -> Kind:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return "workbook"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if b"\x00" in head and not looks_utf16(head):
        raise SourceError(f"{path} is a binary file, not an export. Export it as CSV, Parquet, JSON lines or XLSX.")
    return "json" if JSON.match(head) else "csv"


def looks_utf16(head: bytes) -> bool:
    """True for a UTF-16 byte order mark, or where every second byte of Western text is zero."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) < 0.05 * len(head) / 2
