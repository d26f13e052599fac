"""Expands sources into files and recognises the kind of each by its content, not its name."""

from __future__ import annotations

import codecs
import glob
import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segmenter.errors import SourceError
from segmenter.intake.tally import HEAD, Tally, tally_of

Kind = Literal["csv", "json", "parquet", "workbook", "duckdb"]
SUFFIXES = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".jsonl", ".ndjson", ".json", ".xlsx", ".duckdb", ".db")
NOTES = ".txt"  # ignored in a folder that has other exports: probably notes
MOST_NAMED = 5  # unread files that a warning lists by name
NOT_READ = "Files in {folder} whose endings are not those of exports were not read: {names}."
GZIP = b"\x1f\x8b"
OTHERS = {
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ\0": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x04\x22\x4d\x18": "compressed with lz4",
    b"\x1f\x9d": "compressed with compress (.Z)",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls), or a workbook with a password",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF",
    rb"{\rtf": "a text document (RTF)",
    b"ARROW1\0\0": "an Arrow file (Feather)",
    b"Obj\x01": "an Avro file",
}
WIDE = (
    ((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "utf-32"),
    ((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-16"),
)
CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
MIN_TEXT = 0.95  # share of printable bytes above which a file with zero bytes is damaged text and not binary
MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|table|\?xml)\b", re.IGNORECASE)
JSON = re.compile(rb"(\xef\xbb\xbf)?\s*(\[\s*)?\{")


@dataclass(frozen=True)
class SourceFile:
    """One file of a source: its path, its kind, and the tally of its bytes."""

    path: Path
    kind: Kind
    is_gzip: bool
    tally: Tally

    @property
    def copy_name(self) -> str:
        """A short name for a copy of this file, unique even among files with the same content."""
        return hashlib.sha256(os.fsencode(self.path.absolute())).hexdigest()[:16]


def as_text(name: str) -> str:
    """A file name as valid text: bytes that are not UTF-8 become replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def literal_path(file: SourceFile, folder: Path) -> Path:
    """A path to `file` that DuckDB does not interpret as a glob: the file's own, or a symbolic link in `folder`."""
    if not glob.has_magic(str(file.path)) and as_text(str(file.path)) == str(file.path):
        return file.path
    link = folder / f"{file.copy_name}{file.path.suffix if file.path.suffix in SUFFIXES else ''}"
    if not link.is_symlink():
        link.symlink_to(file.path.absolute())
    return link


def expand(sources: Sequence[str | Path]) -> tuple[Path, ...]:
    """The files of `sources` (files, folders, globs) without duplicates, sorted by name within a folder or glob.

    Raises
    ------
    SourceError
        There is no source, a file is missing, or a folder holds no export.
    """
    found = [path for source in sources for path in _files(Path(source))]
    if not found:
        raise SourceError("No source is named. Give a file, a folder or a glob such as exports/*.csv.")
    return tuple(dict.fromkeys(found))


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        files, _ = _split(source)
        if not files:
            raise SourceError(f"The folder {source} holds no export ({', '.join(SUFFIXES)}). Name the right folder.")
        return files
    if source.is_file():
        return [source]
    if source.exists():
        raise SourceError(
            f"{source} is a pipe or a device, which cannot be read twice. Write it to a file and name that."
        )
    matches = sorted(Path(match) for match in glob.glob(str(source)) if Path(match).is_file())
    if not matches and re.match(r"\w{2,}:/", str(source)):
        raise SourceError(
            f"{without_password(str(source))} is not a file. Databases and the network are not read (but for a cluster's, with "
            'engine.kind = "spark"): export to a file and name that.'
        )
    if not matches:
        raise SourceError(f"There is no file {source}. Check the path, or quote a glob so that the shell leaves it.")
    return matches


def _split(folder: Path) -> tuple[list[Path], list[Path]]:
    """The exports in a folder and its other files, by suffix; hidden files and lock files are left out of both."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~")))
    exports = [path for path in files if path.suffix.lower() in SUFFIXES]
    tables = [path for path in exports if path.suffix.lower() != NOTES]
    read = set(tables or exports)
    return [path for path in files if path in read], [path for path in files if path not in read]


def unread_warnings(sources: Sequence[str | Path]) -> tuple[str, ...]:
    """A warning for each folder of `sources` with files that `expand` leaves out."""
    warnings = []
    for folder in (Path(source) for source in sources if Path(source).is_dir()):
        others = [as_text(path.name) for path in _split(folder)[1]]
        if others:
            more = [f"and {len(others) - MOST_NAMED} more"] if len(others) > MOST_NAMED else []
            names = ", ".join([*others[:MOST_NAMED], *more])
            warnings.append(NOT_READ.format(folder=as_text(str(folder)), names=names))
    return tuple(warnings)


def without_password(url: str) -> str:
    """`url` without user name, password or token; a path is returned unchanged."""
    bare = re.sub(r"(?<=:/)(/?)[^/\s]*@", r"\1", url)
    return re.sub(r"(token|password|secret)=[^;&\s]*", r"\1=...", bare) if "://" in url else bare


def examine(path: Path) -> SourceFile:
    """Read the file at `path` once and recognise its kind by its content.

    Raises
    ------
    SourceError
        The file is empty, cannot be read, or is neither text nor a known table format.
    """
    try:
        tally = tally_of(path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None
    if not tally.n_bytes:
        raise SourceError(f"{path} is empty. Export it again, or leave it out.")
    if not tally.head.startswith(GZIP):
        return SourceFile(path, _kind(path, tally.head), is_gzip=False, tally=tally)
    inner = _unpacked_head(path)
    if inner.startswith(GZIP) or _kind(path, inner) != "csv":
        raise SourceError(
            f"{path} is compressed and holds no CSV inside. Unpack it with gunzip and name what comes out."
        )
    return SourceFile(path, "csv", is_gzip=True, tally=tally)


def _unpacked_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(HEAD)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path} cannot be unpacked: {error}. Compress it again.") from None


def _kind(path: Path, head: bytes) -> Kind:
    what = next((what for magic, what in OTHERS.items() if head.startswith(magic)), None)
    if head[257:262] == b"ustar":
        what = "a tar archive"
    elif MARKUP.match(head):
        what = "a web page or XML"
    if what is not None:
        raise SourceError(f"{path} is {what}. Export it as CSV, Parquet, JSON lines or XLSX.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return "workbook"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if b"\x00" in head and wide_encoding(head) is None and len(head.translate(None, CONTROLS)) < MIN_TEXT * len(head):
        raise SourceError(
            f"{path} is a binary file (it holds zero bytes), not an export. Export it as CSV, Parquet, JSON lines or XLSX."
        )
    return "json" if JSON.match(head) else "csv"


def wide_encoding(head: bytes) -> str | None:
    """The UTF-16 or UTF-32 encoding of `head`, by its byte order mark or its zero bytes; None where it is neither."""
    for marks, name in WIDE:
        if head.startswith(marks):
            return name
    size, zeros = len(head), [head[place::4].count(0) for place in range(4)]
    if min(zeros[1:]) > 0.95 * size / 4 > zeros[0] * 20:
        return "utf-32-le"
    if min(zeros[:3]) > 0.95 * size / 4 > zeros[3] * 20:
        return "utf-32-be"
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(even, odd) > 0.4 * size / 2 and min(even, odd) < 0.05 * size / 2:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None
