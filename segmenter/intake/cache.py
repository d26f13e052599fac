"""Typed records of files that were read before, by their content: a folder that grows is not parsed anew each time.

Each run keeps what it read as one piece, however many files that was; where the pieces have become many, the small ones are
written anew as one, so that a file a day does not become a file a day to be opened. Safe to delete at any time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import duckdb

from segmenter.assets import asset
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.intake import pieces
from segmenter.intake.formats import Evidence
from segmenter.intake.meaning import Understood
from segmenter.intake.pieces import Entry
from segmenter.intake.sources import SourceFile, as_text

UNUSED_DAYS = 90
MOST_PIECES = 16  # that a run reads before the small ones are joined: opening one costs as much as many records
log = logging.getLogger(__name__)


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
        """Entries by the number of the file in `files`; a piece whose bytes are not what they were is removed."""
        wanted = {number: self._key(file) for number, file in enumerate(files)}
        keys, found = set(wanted.values()), dict[str, Entry]()
        for piece, entries in pieces.entries_of(connection, _newest_first(self.folder)).items():
            fresh = {entry.key: entry for entry in entries if entry.key in keys and entry.key not in found}
            if fresh and pieces.is_sound(piece):
                found |= fresh
        return {number: found[key] for number, key in wanted.items() if key in found}

    def keep(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[SourceFile],
        dialects: Mapping[int, str],
        understood: Sequence[Understood],
        known: Mapping[int, Entry],
    ) -> None:
        """Keep the files that `dialects` names by number, which stand in ``lines`` beside those `known` before.

        Nothing is lost where that fails.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._entries(connection, files, dialects, understood)
            joined = _small(known) if fresh else {}
            if fresh:
                pieces.write(connection, self.folder, _once(fresh | joined))
            for piece in {entry.piece for entry in joined.values()}:
                _remove_replaced(connection, piece, {entry.key for entry in joined.values()})
            _prune(self.folder)
        except (OSError, duckdb.IOException) as error:
            log.warning("What was read could not be kept in %s: %s. The next run reads it again.", self.folder, error)

    def _entries(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[SourceFile],
        dialects: Mapping[int, str],
        understood: Sequence[Understood],
    ) -> dict[int, Entry]:
        rejected = dict(connection.execute("SELECT file, count(*) FROM rejected GROUP BY file").fetchall())
        found = {}
        for each in understood:
            for number in dialects.keys() & set(each.files):
                evidence = each.evidence.get(number, Evidence())
                source = as_text(str(files[number].path.absolute()))
                key, n_rejected = self._key(files[number]), rejected.get(number, 0)
                found[number] = Entry(key, each.layout, dialects[number], each.meaning, evidence, n_rejected, source)
        return dict(sorted(found.items()))


def _newest_first(folder: Path) -> list[Path]:
    """The pieces in `folder`: of an export that was read twice, the later reading counts."""
    stamps = {path: found.st_mtime_ns for path, found in _stats(folder.glob("*.parquet")).items()}
    return sorted(stamps, key=lambda path: (-stamps[path], path.name))


def _stats(paths: Iterable[Path]) -> dict[Path, os.stat_result]:
    """What is known of `paths`; another run may join one to others, rename or remove it at any moment."""
    found = {}
    for path in paths:
        with suppress(FileNotFoundError):
            found[path] = path.stat()
    return found


def _once(entries: Mapping[int, Entry]) -> dict[int, Entry]:
    """Of files with the same bytes the first."""
    firsts: dict[str, int] = {}
    for number, entry in entries.items():
        firsts.setdefault(entry.key, number)
    return {number: entries[number] for number in firsts.values()}


def _small(known: Mapping[int, Entry]) -> dict[int, Entry]:
    """The pieces to be joined: none while they are few; of many, all but one that is larger than the others together."""
    sizes = {piece: found.st_size for piece, found in _stats({entry.piece for entry in known.values()}).items()}
    if len(sizes) < MOST_PIECES:
        return {}
    half = sum(sizes.values()) / 2
    return {number: entry for number, entry in known.items() if sizes.get(entry.piece, 0) <= half}


def _remove_replaced(connection: duckdb.DuckDBPyConnection, piece: Path, keys: AbstractSet[str]) -> None:
    """Remove `piece` where all that it holds was written elsewhere, under `keys`."""
    held = pieces.entries_of(connection, [piece]).get(piece, ())
    if {entry.key for entry in held} <= keys:
        piece.unlink(missing_ok=True)


@cache
def _reader() -> str:
    """What reads: this package, its queries and DuckDB, as a hash."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for path in (*sorted(Path(__file__).parent.glob("*.py")), *sorted(asset("queries").glob("intake_*.sql"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _prune(folder: Path) -> None:
    """Remove what no run has used for a long time, and what a writer that died left."""
    for path, found in _stats(folder.iterdir()).items():
        days = (time.time() - found.st_mtime) / 86400
        if days > (1 if path.name.startswith(".") else UNUSED_DAYS):
            path.unlink(missing_ok=True)


def drop_orphans(folder: Path) -> int:
    """Forget the exports that are not where they were read any more, and what cannot be told; returns how many."""
    paths, n_gone = _newest_first(folder), 0
    with duckdb.connect(config={"autoload_known_extensions": False}) as connection:
        told = pieces.entries_of(connection, paths)
    for piece, entries in told.items():
        left = [entry for entry in entries if entry.source and Path(entry.source).is_file()]
        if len(left) < len(entries) and (not left or pieces.is_sound(piece)):
            pieces.without(piece, left)
        n_gone += len(entries) - len(left)
    return n_gone + len(paths) - len(told)
