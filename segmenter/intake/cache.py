"""Typed records of files that were read before, by their content: a folder that grows is not parsed anew each time.

Each run keeps what it read as one pack, however many files that was; where the packs have become many, the small ones are
written anew as one, so that a file a day does not become a file a day to be opened. Safe to delete at any time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import duckdb

from segmenter.assets import asset
from segmenter.intake import packs
from segmenter.intake.context import Context
from segmenter.intake.formats import Evidence
from segmenter.intake.packs import Entry
from segmenter.intake.schema import Parsed
from segmenter.intake.sources import as_text

UNUSED_DAYS = 90
MOST_PACKS = 16  # that a run reads before the small ones are joined: opening one costs as much as many records
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cache:
    """The cache in `folder`, for the files of `context`, as they are read under its configuration."""

    folder: Path
    context: Context

    @cached_property
    def _keys(self) -> list[str]:
        """What each of the files is known by: its bytes and all that decides how they are read."""
        source, rules = self.context.source, self.context.rules
        settings = source.model_dump_json(exclude={"paths"}) + rules.model_dump_json() + _reader()
        texts = (f"{file.tally.sha256} {file.kind} {settings}" for file in self.context.files)
        return [hashlib.sha256(text.encode()).hexdigest() for text in texts]

    def find(self) -> dict[int, Entry]:
        """Entries by the number of the file; a pack whose bytes are not what they were is removed."""
        wanted, found = set(self._keys), dict[str, Entry]()
        for pack, entries in packs.entries_of(self.context.connection, _newest_first(self.folder)).items():
            fresh = {entry.key: entry for entry in entries if entry.key in wanted and entry.key not in found}
            if fresh and packs.is_intact(pack):
                found |= fresh
        return {number: found[key] for number, key in enumerate(self._keys) if key in found}

    def store(self, parsed: Sequence[Parsed], cached: Mapping[int, Entry]) -> None:
        """Keep the files that stand in ``lines`` and are not among the `cached` ones.

        Nothing is lost where that fails.
        """
        connection = self.context.connection
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = {number: entry for number, entry in self._entries(parsed) if number not in cached}
            joined = _to_merge(cached) if fresh else {}
            if fresh:
                packs.write(connection, self.folder, _unique(dict(sorted(fresh.items())) | joined))
            for pack in {entry.pack for entry in joined.values()}:
                _remove_replaced(connection, pack, {entry.key for entry in joined.values()})
            _prune(self.folder)
        except (OSError, duckdb.IOException) as error:
            log.warning("What was read could not be kept in %s: %s. The next run reads it again.", self.folder, error)

    def _entries(self, parsed: Sequence[Parsed]) -> Iterator[tuple[int, Entry]]:
        counts = self.context.connection.execute("SELECT file, count(*) FROM rejected GROUP BY file").fetchall()
        n_rejected = dict(counts)
        for each in parsed:
            for number, dialect in each.dialects.items():
                key, source = self._keys[number], as_text(str(self.context.files[number].path.absolute()))
                evidence = each.evidence.get(number, Evidence())
                yield number, Entry(key, each.layout, dialect, each.schema, evidence, n_rejected.get(number, 0), source)


def _newest_first(folder: Path) -> list[Path]:
    """The packs in `folder`: of an export that was read twice, the later reading counts."""
    stamps = {path: found.st_mtime_ns for path, found in _stats(folder.glob("*.parquet")).items()}
    return sorted(stamps, key=lambda path: (-stamps[path], path.name))


def _stats(paths: Iterable[Path]) -> dict[Path, os.stat_result]:
    """What is known of `paths`; another run may join one to others, rename or remove it at any moment."""
    found = {}
    for path in paths:
        with suppress(FileNotFoundError):
            found[path] = path.stat()
    return found


def _unique(entries: Mapping[int, Entry]) -> dict[int, Entry]:
    """Of files with the same bytes the first."""
    firsts: dict[str, int] = {}
    for number, entry in entries.items():
        firsts.setdefault(entry.key, number)
    return {number: entries[number] for number in firsts.values()}


def _to_merge(known: Mapping[int, Entry]) -> dict[int, Entry]:
    """The packs to be joined: none while they are few; of many, all but one that is larger than the others together."""
    sizes = {pack: found.st_size for pack, found in _stats({entry.pack for entry in known.values()}).items()}
    if len(sizes) < MOST_PACKS:
        return {}
    half = sum(sizes.values()) / 2
    return {number: entry for number, entry in known.items() if sizes.get(entry.pack, 0) <= half}


def _remove_replaced(connection: duckdb.DuckDBPyConnection, pack: Path, keys: AbstractSet[str]) -> None:
    """Remove `pack` where all that it holds was written elsewhere, under `keys`."""
    held = packs.entries_of(connection, [pack]).get(pack, ())
    if {entry.key for entry in held} <= keys:
        pack.unlink(missing_ok=True)


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
        found = packs.entries_of(connection, paths)
    for pack, entries in found.items():
        left = [entry for entry in entries if entry.source and Path(entry.source).is_file()]
        if len(left) < len(entries) and (not left or packs.is_intact(pack)):
            packs.rewrite(pack, left)
        n_gone += len(entries) - len(left)
    return n_gone + len(paths) - len(found)
