"""Files -> the tables ``lines`` and ``rejected``: each layout understood as a whole, then its files read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.intake import lines
from segmenter.intake.cache import Cache
from segmenter.intake.formats import Evidence, gather, settle
from segmenter.intake.meaning import SAMPLE, Meaning, ReadAgainError, Understood, check_same, total
from segmenter.intake.pieces import Entry
from segmenter.intake.pieces import append as append_kept
from segmenter.intake.plain import read_plainly
from segmenter.intake.raw import Batch, Layout, Rows
from segmenter.intake.readers import batches_of
from segmenter.intake.records import SCALES
from segmenter.intake.roles import Roles, recognise
from segmenter.intake.sources import SourceFile
from segmenter.intake.texts import TextBatch

PLACES = 32  # from which records are taken beside the first ones
FEW = 10  # records that a file needs for that where others are there before it


@dataclass
class _Group:
    """The files of one layout: batches to be read now, entries of files that were read before."""

    layout: Layout
    batches: list[Batch] = field(default_factory=list)
    known: dict[int, Entry] = field(default_factory=dict)

    @property
    def files(self) -> list[int]:
        return sorted([*(number for batch in self.batches for number in batch.dialects), *self.known])


@dataclass(frozen=True)
class _Desk:
    """What every step of the reading needs."""

    connection: duckdb.DuckDBPyConnection
    files: Sequence[SourceFile]
    source: SourceConfig
    rules: RulesConfig
    folder: Path


def fill(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    source: SourceConfig,
    rules: RulesConfig,
    folder: Path,
    shelf: Cache | None,
) -> tuple[list[Understood], dict[int, str]]:
    """Create ``lines`` and ``rejected`` from the files, and from what `shelf` holds of them.

    Returned are the layouts, and how each file was read, in words.

    Raises
    ------
    SourceError
        A file cannot be read, or can be read in two ways.
    """
    desk = _Desk(connection, files, source, rules, folder)
    kept = shelf.find(connection, files) if shelf else {}
    while True:
        fresh = batches_of(connection, {n: file for n, file in enumerate(files) if n not in kept}, source, folder)
        try:
            understood = _read(desk, _groups(fresh, kept))
            append_kept(connection, kept)
        except ReadAgainError as again:
            kept = {number: entry for number, entry in kept.items() if number not in again.files}
            continue
        dialects = {number: words for batch in fresh for number, words in batch.dialects.items()}
        if shelf:
            shelf.keep(connection, files, dialects, understood, kept)
        return understood, dialects | {number: entry.dialect for number, entry in kept.items()}


def _groups(fresh: Sequence[Batch], kept: Mapping[int, Entry]) -> list[_Group]:
    """Layouts, text before tables, in the order of their first files."""
    found: dict[Layout, _Group] = {}
    for batch in fresh:
        found.setdefault(batch.layout, _Group(batch.layout)).batches.append(batch)
    for number, entry in kept.items():
        found.setdefault(entry.layout, _Group(entry.layout)).known[number] = entry
    return sorted(found.values(), key=lambda group: (not group.layout.is_text, group.files[0]))


def _read(desk: _Desk, groups: Sequence[_Group]) -> list[Understood]:
    roles = [_roles(desk, group) for group in groups]
    lines.create(desk.connection, {role for each in roles for role in each.index})
    return [_take(desk, group, each) for group, each in zip(groups, roles, strict=True)]


def _roles(desk: _Desk, group: _Group) -> Roles:
    """Roles of the columns, by the first records of the first files."""
    name = str(desk.files[group.files[0]].path)
    later = _later(group)
    roles = recognise(group.layout.header, _sample(desk, group), desk.source.columns, name, desk.rules, later)
    check_same(group.known, lambda meaning: meaning.roles.index == roles.index)
    return roles


def _sample(desk: _Desk, group: _Group) -> Rows:
    homes = {number: batch for batch in group.batches for number in batch.dialects}
    found: Rows = []
    for number in group.files:
        if len(found) < SAMPLE:
            batch = homes.get(number) or _batch_of(desk, number)
            found += batch.head(desk.connection, number, SAMPLE - len(found))
    return found


def _later(group: _Group) -> Rows:
    """Records from all over the texts of a group, as refunds may appear in none of the first records."""
    texts = [(batch, number) for batch in group.batches if isinstance(batch, TextBatch) for number in batch.texts]
    chosen = texts[:: -(-len(texts) // PLACES)] if texts else []
    seen = {number: SAMPLE if number == group.files[0] else FEW for _, number in chosen}
    return [row for batch, number in chosen for row in batch.later(number, seen[number], PLACES // len(chosen))]


def _batch_of(desk: _Desk, number: int) -> Batch:
    """A batch of one file from the cache, whose first records are needed again."""
    return batches_of(desk.connection, {number: desk.files[number]}, desk.source, desk.folder)[0]


def _take(desk: _Desk, group: _Group, roles: Roles) -> Understood:
    """Read the batches of a group into ``lines``, by the fast way where they are plain."""
    name, connection = str(desk.files[group.files[0]].path), desk.connection
    known = [entry.evidence for entry in group.known.values()]
    columns = [roles.index[role] for role in SCALES if role in roles.index]
    evidence: dict[int, Evidence] = {}
    raw = []
    for batch in group.batches:
        plain = (
            read_plainly(connection, batch, roles, known, desk.source, desk.rules)
            if isinstance(batch, TextBatch)
            else None
        )
        if plain is not None:
            evidence |= plain
            continue
        raw.append((batch, batch.raw(connection)))
        evidence |= gather(connection, raw[-1][1], roles.index["time"], columns)
    formats = settle(total([*known, *evidence.values()]), name, desk.source)
    meaning = Meaning(roles, formats)
    check_same(group.known, lambda other: other.formats == formats)
    for batch, table in raw:
        lines.append(connection, table, meaning, desk.rules)
        batch.name_lines(connection)
    connection.execute("DROP TABLE IF EXISTS raw")
    return Understood(group.layout, meaning, tuple(group.files), evidence)
