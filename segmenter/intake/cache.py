"""Typed records of files that were read before, by their content: a folder that grows is not parsed anew each time.

One Parquet file per export file, named ``<key>.<hash>.parquet``. The key tells what decides the result (the export's
bytes, the [source] section, the reader itself), the hash is of the Parquet file's own bytes, so that a damaged one is
known. Safe to delete at any time. One row is a record as in ``lines``, a rejected record, or one of the first
records as text, from which columns are recognised; the column ``part`` tells which.
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
from segmenter.config.source import SourceConfig
from segmenter.intake.formats import Evidence
from segmenter.intake.meaning import SAMPLE, Meaning, Rows, Understood
from segmenter.intake.readers import Layout, RawTable
from segmenter.intake.sources import SourceFile

if TYPE_CHECKING:
    from pydantic import TypeAdapter

UNUSED_DAYS = 90
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A file that was read before: how, and where its records lie."""

    layout: Layout
    dialect: str
    meaning: Meaning
    evidence: Evidence
    n_rejected: int
    path: Path = field(default=Path(), compare=False)

    def head(self, connection: duckdb.DuckDBPyConnection, n_rows: int) -> Rows:
        """Its first `n_rows` records as text, at most as many as are kept."""
        columns = ", ".join(f"c{index}" for index in range(len(self.layout.header)))
        return connection.execute(
            f"SELECT {columns} FROM read_parquet($path) WHERE part = 'sample' ORDER BY line LIMIT {n_rows}",  # noqa: S608 - our names
            {"path": str(self.path)},
        ).fetchall()


@dataclass(frozen=True)
class Cache:
    """The folder of a cache, for exports read under `source`."""

    folder: Path
    source: SourceConfig

    @cached_property
    def _settings(self) -> str:
        return self.source.model_dump_json(exclude={"paths"}) + _reader()

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
        table: RawTable,
        understood: Understood,
    ) -> None:
        """Write the files of `table`, which has just been added to ``lines``; nothing is lost where that fails."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            rejected = dict(connection.execute("SELECT file, count(*) FROM rejected GROUP BY file").fetchall())
            for number, dialect in table.dialects.items():
                evidence = understood.evidence.get(number, Evidence())
                entry = Entry(understood.layout, dialect, understood.meaning, evidence, rejected.get(number, 0))
                _write(connection, self.folder / self._key(files[number]), number, table, entry)
            _prune(self.folder)
        except (OSError, duckdb.IOException) as error:
            log.warning("What was read could not be kept in %s: %s. The next run reads it again.", self.folder, error)


def append(connection: duckdb.DuckDBPyConnection, entries: Mapping[int, Entry]) -> None:
    """Append the records of `entries`, by the number of their file, to ``lines`` and ``rejected``."""
    if not entries:
        return
    connection.execute("CREATE OR REPLACE TEMP TABLE kept_files (file INTEGER, path VARCHAR)")
    connection.executemany("INSERT INTO kept_files VALUES (?, ?)", [(n, str(e.path)) for n, e in entries.items()])
    rejecting = (entry for entry in entries.values() if entry.n_rejected)
    for part, some in (("lines", entries.values()), ("rejected", rejecting)):
        if paths := sorted({str(entry.path) for entry in some}):
            connection.execute(query(f"intake_kept_{part}"), {"paths": paths})


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


def _write(connection: duckdb.DuckDBPyConnection, stem: Path, number: int, table: RawTable, entry: Entry) -> None:
    """Write one file's entry aside, hash it, and give it its name."""
    aside = stem.with_name(f".{stem.name}-{os.getpid()}")
    sample = ", ".join(f"c{index}" for index in range(len(table.layout.header)))
    try:
        connection.execute(
            query("intake_keep").replace("$sample", f"SELECT line, {sample} FROM {table.name}"),  # noqa: S608 - our names
            {
                "file": number,
                "n_rows": SAMPLE,
                "path": str(aside),
                "entry": _document().dump_json(entry, exclude={"path"}).decode(),
            },
        )
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
