"""Typed records of files that were read before, by their content: a folder that grows is not parsed anew each time.

One Parquet file per export file, named ``<key>.<hash>.parquet``. The key tells what decides the result (the export's
bytes, the sections [source] and [rules], the reader itself), the hash is of the Parquet file's own bytes, so that a damaged one is
known. Safe to delete at any time. One row is a record as in ``lines``, or a rejected record; the column ``part`` tells.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from segmenter.assets import asset, query
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.intake.formats import Evidence
from segmenter.intake.meaning import Meaning, Understood
from segmenter.intake.raw import Layout
from segmenter.intake.sources import SourceFile, as_text

if TYPE_CHECKING:
    from pydantic import TypeAdapter

UNUSED_DAYS = 90
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A file that was read before: how, and where its records lie; `source` is where the export lay then."""

    layout: Layout
    dialect: str
    meaning: Meaning
    evidence: Evidence
    n_rejected: int
    source: str = field(default="", compare=False)
    path: Path = field(default=Path(), compare=False)


@dataclass(frozen=True)
class Cache:
    """The folder of a cache, for exports read under `source` and `rules`."""

    folder: Path
    source: SourceConfig
    rules: RulesConfig

    @cached_property
    def _settings(self) -> str:
        return self.source.model_dump_json(exclude={"paths"}) + self.rules.model_dump_json() + _reader()

    def _key(self, file: SourceFile) -> str:
        return hashlib.sha256(f"{file.sha256} {file.kind} {self._settings}".encode()).hexdigest()

    def find(self, connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> dict[int, Entry]:
        """Entries by the number of the file in `files`; one whose bytes are not what they were is removed."""
        kept = {path.name.partition(".")[0]: path for path in sorted(self.folder.glob("*.parquet"))}
        wanted = {number: kept.get(self._key(file)) for number, file in enumerate(files)}
        sound = {number: path for number, path in wanted.items() if path and _is_sound(path)}
        for path in sound.values():
            path.touch()
        return _entries(connection, sound)

    def keep(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[SourceFile],
        dialects: Mapping[int, str],
        understood: Understood,
    ) -> None:
        """Write the files that `dialects` names by number, which have just been added to ``lines``; nothing is lost where that fails."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            rejected = dict(connection.execute("SELECT file, count(*) FROM rejected GROUP BY file").fetchall())
            for number, dialect in dialects.items():
                evidence = understood.evidence.get(number, Evidence())
                n_rejected, source = rejected.get(number, 0), as_text(str(files[number].path.absolute()))
                entry = Entry(understood.layout, dialect, understood.meaning, evidence, n_rejected, source)
                _write(connection, self.folder / self._key(files[number]), number, entry)
            _prune(self.folder)
        except (OSError, duckdb.IOException) as error:
            log.warning("What was read could not be kept in %s: %s. The next run reads it again.", self.folder, error)


def append(connection: duckdb.DuckDBPyConnection, entries: Mapping[int, Entry]) -> None:
    """Append the records of `entries`, by the number of their file, to ``lines`` and ``rejected``."""
    left = dict(entries)
    while left:
        once = {entry.path: number for number, entry in left.items()}  # a file may be there twice, under two names
        for part, some in (("lines", once), ("rejected", {path: n for path, n in once.items() if left[n].n_rejected})):
            if some:
                asked = {"paths": [str(path) for path in some], "numbers": list(some.values())}
                connection.execute(query(f"intake_kept_{part}"), asked)
        left = {number: entry for number, entry in left.items() if number not in once.values()}


@cache
def _reader() -> str:
    """What reads: this package, its queries and DuckDB, as a hash."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for path in (*sorted(Path(__file__).parent.glob("*.py")), *sorted(asset("queries").glob("intake_*.sql"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_sound(path: Path) -> bool:
    """True where the file's bytes are those that were written; else it is removed."""
    if hashlib.sha256(path.read_bytes()).hexdigest() == path.name.split(".")[1]:
        return True
    log.warning("%s is damaged; it is removed, and what it holds is read from the export again.", path)
    path.unlink(missing_ok=True)
    return False


def _entries(connection: duckdb.DuckDBPyConnection, paths: Mapping[int, Path]) -> dict[int, Entry]:
    if not paths:
        return {}
    found = connection.execute(
        "SELECT file_name, decode(value) FROM parquet_kv_metadata($paths) WHERE key = 'entry'",
        {"paths": sorted({str(path) for path in paths.values()})},
    ).fetchall()
    documents = dict(found)
    return {n: replace(_document().validate_json(documents[str(path)]), path=path) for n, path in paths.items()}


@cache
def _document() -> TypeAdapter[Entry]:
    from pydantic import TypeAdapter

    return TypeAdapter(Entry)


def _write(connection: duckdb.DuckDBPyConnection, stem: Path, number: int, entry: Entry) -> None:
    """Write one file's entry aside, hash it, and give it its name."""
    aside = stem.with_name(f".{stem.name}-{os.getpid()}")
    document = _document().dump_json(entry, exclude={"path"}).decode()
    try:
        connection.execute(query("intake_keep"), {"file": number, "path": str(aside), "entry": document})
        aside.chmod(0o600)
        aside.rename(stem.with_name(f"{stem.name}.{hashlib.sha256(aside.read_bytes()).hexdigest()}.parquet"))
    finally:
        aside.unlink(missing_ok=True)


def _prune(folder: Path) -> None:
    """Remove what no run has used for a long time, and what a writer that died left."""
    for path in folder.iterdir():
        days = (time.time() - path.stat().st_mtime) / 86400
        if days > (1 if path.name.startswith(".") else UNUSED_DAYS):
            path.unlink(missing_ok=True)


def drop_orphans(folder: Path) -> int:
    """Remove the entries whose export is not where it was read any more, and what cannot be told; returns how many."""
    paths = sorted(folder.glob("*.parquet"))
    gone = [path for path in paths if not _has_source(path)]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _has_source(path: Path) -> bool:
    with duckdb.connect(config={"autoload_known_extensions": False}) as connection:
        try:
            source = _entries(connection, {0: path})[0].source
        except (duckdb.Error, ValueError, KeyError):
            return False
    return bool(source) and Path(source).is_file()
