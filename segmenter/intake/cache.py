"""A cache of the typed records of files by content, so that a growing folder is not parsed again on every run.

Each run writes what it read as one pack, however many files that was. Where there are many packs, the small ones are merged,
so that a new file a day does not mean another pack to open each day. The cache can be deleted at any time.
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
MOST_PACKS = 16  # read in one run before the small ones are merged: opening one costs as much as reading many records
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cache:
    """The cache in `folder`, for the files of `context` under its configuration."""

    folder: Path
    context: Context

    @cached_property
    def _keys(self) -> list[str]:
        """The key of each file: a hash of its content and of everything that decides how it is read."""
        source, rules = self.context.source, self.context.rules
        settings = source.model_dump_json(exclude={"paths"}) + rules.model_dump_json() + _reader()
        texts = (f"{file.tally.sha256} {file.kind} {settings}" for file in self.context.files)
        return [hashlib.sha256(text.encode()).hexdigest() for text in texts]

    def find(self) -> dict[int, Entry]:
        """The cached entries by file number; damaged packs are removed."""
        wanted, found = set(self._keys), dict[str, Entry]()
        for pack, entries in packs.entries_of(self.context.connection, _newest_first(self.folder)).items():
            fresh = {entry.key: entry for entry in entries if entry.key in wanted and entry.key not in found}
            if fresh and packs.is_intact(pack):
                found |= fresh
        return {number: found[key] for number, key in enumerate(self._keys) if key in found}

    def store(self, parsed: Sequence[Parsed], cached: Mapping[int, Entry]) -> None:
        """Write those files of ``lines`` that are not `cached` yet; a failure is logged and does no harm."""
        connection = self.context.connection
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = {number: entry for number, entry in self._entries(parsed) if number not in cached}
            merged = _to_merge(cached) if fresh else {}
            if fresh:
                packs.write(connection, self.folder, _unique(dict(sorted(fresh.items())) | merged))
            for pack in {entry.pack for entry in merged.values()}:
                _remove_replaced(connection, pack, {entry.key for entry in merged.values()})
            _prune(self.folder)
        except (OSError, duckdb.IOException) as error:
            log.warning("What was read could not be kept in %s: %s. The next run reads it again.", self.folder, error)

    def _entries(self, parsed: Sequence[Parsed]) -> Iterator[tuple[int, Entry]]:
        counted = self.context.connection.execute("SELECT file, count(*) FROM rejected GROUP BY file")
        n_rejected = dict(counted.fetchall())
        for each in parsed:
            for number, dialect in each.dialects.items():
                key, source = self._keys[number], as_text(str(self.context.files[number].path.absolute()))
                evidence = each.evidence.get(number, Evidence())
                yield number, Entry(key, each.layout, dialect, each.schema, evidence, n_rejected.get(number, 0), source)


def _newest_first(folder: Path) -> list[Path]:
    """The packs in `folder`, newest first: of an export that was read twice, the later reading counts."""
    stamps = {path: found.st_mtime_ns for path, found in _stats(folder.glob("*.parquet")).items()}
    return sorted(stamps, key=lambda path: (-stamps[path], path.name))


def _stats(paths: Iterable[Path]) -> dict[Path, os.stat_result]:
    """The stat of each of `paths` that still exists; another run may merge, rename or remove one at any moment."""
    found = {}
    for path in paths:
        with suppress(FileNotFoundError):
            found[path] = path.stat()
    return found


def _unique(entries: Mapping[int, Entry]) -> dict[int, Entry]:
    """The entries without those of the same content as an earlier one."""
    firsts: dict[str, int] = {}
    for number, entry in entries.items():
        firsts.setdefault(entry.key, number)
    return {number: entries[number] for number in firsts.values()}


def _to_merge(known: Mapping[int, Entry]) -> dict[int, Entry]:
    """The entries of the packs to merge: none while packs are few, else all but a pack larger than the others together."""
    sizes = {pack: found.st_size for pack, found in _stats({entry.pack for entry in known.values()}).items()}
    if len(sizes) < MOST_PACKS:
        return {}
    half = sum(sizes.values()) / 2
    return {number: entry for number, entry in known.items() if sizes.get(entry.pack, 0) <= half}


def _remove_replaced(connection: duckdb.DuckDBPyConnection, pack: Path, keys: AbstractSet[str]) -> None:
    """Remove `pack` if all of its entries are among `keys`, which were written to another one."""
    entries = packs.entries_of(connection, [pack]).get(pack, ())
    if {entry.key for entry in entries} <= keys:
        pack.unlink(missing_ok=True)


@cache
def _reader() -> str:
    """A hash of the code that reads files: this package, its queries and DuckDB's version."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for path in (*sorted(Path(__file__).parent.glob("*.py")), *sorted(asset("queries").glob("intake_*.sql"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _prune(folder: Path) -> None:
    """Remove packs that no run has used for a long time, and temporary files of writers that died."""
    for path, found in _stats(folder.iterdir()).items():
        days = (time.time() - found.st_mtime) / 86400
        if days > (1 if path.name.startswith(".") else UNUSED_DAYS):
            path.unlink(missing_ok=True)


def drop_orphans(folder: Path) -> int:
    """Remove the exports that are no longer where they were read, and unreadable packs; returns how many."""
    paths, n_gone = _newest_first(folder), 0
    with duckdb.connect(config={"autoload_known_extensions": False}) as connection:
        found = packs.entries_of(connection, paths)
    for pack, entries in found.items():
        left = [entry for entry in entries if entry.source and Path(entry.source).is_file()]
        if len(left) < len(entries) and (not left or packs.is_intact(pack)):
            packs.rewrite(pack, left)
        n_gone += len(entries) - len(left)
    return n_gone + len(paths) - len(found)
