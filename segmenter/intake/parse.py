"""Reads files into the tables ``lines`` and ``rejected``, after finding the schema of each layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from segmenter.intake import lines
from segmenter.intake.batches import Batch, batches_of
from segmenter.intake.cache import Cache
from segmenter.intake.context import Context
from segmenter.intake.fast import parse_fast
from segmenter.intake.formats import Evidence, formats_of, gather
from segmenter.intake.packs import Entry, StaleEntriesError
from segmenter.intake.packs import append as append_cached
from segmenter.intake.raw import Layout, RawTable
from segmenter.intake.records import number_columns
from segmenter.intake.roles import Roles, recognise
from segmenter.intake.sample import N_ROWS, Row, Sample
from segmenter.intake.schema import Parsed, Schema
from segmenter.intake.texts import TextBatch
from segmenter.intake.undecided import Doubt, refuse

N_SPOTS = 32  # places in the texts from which records are sampled beside the first ones
N_SKIPPED = 10  # first records of a file after which sampling starts; in the first file the whole sample is skipped


@dataclass(frozen=True)
class Glance:
    """What is seen of the files of one layout; by file number, how each is split into columns and its number of records."""

    layout: Layout
    dialects: Mapping[int, str]
    n_records: Mapping[int, int]
    roles: Roles
    doubts: tuple[Doubt, ...]


@dataclass
class _Group:
    """The files of one layout: batches to read, and cache entries of files that were read before."""

    layout: Layout
    batches: list[Batch] = field(default_factory=list)
    cached: dict[int, Entry] = field(default_factory=dict)

    @property
    def dialects(self) -> dict[int, str]:
        """How each file is read, in words, by file number and in that order."""
        fresh = {number: words for batch in self.batches for number, words in batch.dialects.items()}
        return dict(sorted((fresh | {number: entry.dialect for number, entry in self.cached.items()}).items()))


def parse(context: Context, cache: Cache | None) -> list[Parsed]:
    """Create ``lines`` and ``rejected`` from the files of `context`, some of which may be in `cache`.

    Raises
    ------
    SourceError
        A file cannot be read, or is ambiguous.
    """
    cached = cache.find() if cache else {}
    while True:
        batches = batches_of(context, [number for number in range(len(context.files)) if number not in cached])
        try:
            parsed = _parse(context, _groups(batches, cached))
            append_cached(context.connection, cached)
        except StaleEntriesError as stale:
            cached = {number: entry for number, entry in cached.items() if number not in stale.files}
        else:
            if cache:
                cache.store(parsed, cached)
            return parsed


def glance(context: Context) -> list[Glance]:
    """What is seen of the files of `context` by their first records; nothing is read into a table.

    Raises
    ------
    SourceError
        A file cannot be read.
    """
    groups = _groups(batches_of(context, range(len(context.files))), {})
    return [
        Glance(each.layout, each.dialects, _n_records(context, each), *_recognise(context, each)) for each in groups
    ]


def _n_records(context: Context, group: _Group) -> dict[int, int]:
    return {
        number: batch.n_records(number) if isinstance(batch, TextBatch) else batch.n_records(context.connection)
        for batch in group.batches
        for number in batch.dialects
    }


def _groups(batches: Sequence[Batch], cached: Mapping[int, Entry]) -> list[_Group]:
    """The files by layout, text before tables, in the order of their first files."""
    found: dict[Layout, _Group] = {}
    for batch in batches:
        found.setdefault(batch.layout, _Group(batch.layout)).batches.append(batch)
    for number, entry in cached.items():
        found.setdefault(entry.layout, _Group(entry.layout)).cached[number] = entry
    return sorted(found.values(), key=lambda group: (not group.layout.is_text, min(group.dialects)))


def _parse(context: Context, groups: Sequence[_Group]) -> list[Parsed]:
    roles = [_roles(context, group) for group in groups]
    lines.create(context.connection, {role for each in roles for role in each.index})
    return [_parse_group(context, group, each) for group, each in zip(groups, roles, strict=True)]


def _name(context: Context, group: _Group) -> str:
    """The path of the group's first file, for messages."""
    return str(context.files[min(group.dialects)].path)


def _roles(context: Context, group: _Group) -> Roles:
    """The roles of the columns of a group, if nothing about them is in doubt."""
    roles, doubts = _recognise(context, group)
    refuse(doubts)
    _check_cached(group, lambda schema: schema.roles.index == roles.index)
    return roles


def _recognise(context: Context, group: _Group) -> tuple[Roles, tuple[Doubt, ...]]:
    """The roles of the columns, from the first records of the first files, and the doubts about them."""
    sample = Sample(group.layout.header, _first_rows(context, group), _name(context, group))
    return recognise(sample, context.source.columns, context.rules, _later_rows(group))


def _check_cached(group: _Group, is_same: Callable[[Schema], bool]) -> None:
    """Check that cached files would be read with the same schema now.

    Raises
    ------
    StaleEntriesError
        New files have changed the schema of their layout.
    """
    stale = frozenset(number for number, entry in group.cached.items() if not is_same(entry.schema))
    if stale:
        raise StaleEntriesError(stale)


def _first_rows(context: Context, group: _Group) -> list[Row]:
    batch_of = {number: batch for batch in group.batches for number in batch.dialects}
    found: list[Row] = []
    for number in group.dialects:
        if len(found) < N_ROWS:
            batch = batch_of.get(number) or batches_of(context, [number])[0]
            found += batch.head(context.connection, number, N_ROWS - len(found))
    return found


def _later_rows(group: _Group) -> list[Row]:
    """Records from places spread over the texts of a group, as the first records may lack refunds, for example."""
    texts = [(batch, number) for batch in group.batches if isinstance(batch, TextBatch) for number in batch.texts]
    chosen = texts[:: -(-len(texts) // N_SPOTS)] if texts else []
    first = min(group.dialects)
    return [
        row
        for batch, number in chosen
        for row in batch.later(number, N_ROWS if number == first else N_SKIPPED, N_SPOTS // len(chosen))
    ]


def _parse_group(context: Context, group: _Group, roles: Roles) -> Parsed:
    """Read the batches of a group into ``lines``, by the fast path where possible."""
    known = [entry.evidence for entry in group.cached.values()]
    evidence: dict[int, Evidence] = {}
    slow: list[tuple[Batch, RawTable]] = []
    for batch in group.batches:
        found = parse_fast(context, batch, roles, known) if isinstance(batch, TextBatch) else None
        if found is None:
            table = batch.raw(context.connection)
            slow.append((batch, table))
            found = gather(context.connection, table, roles.index["time"], number_columns(roles))
        evidence |= found
    formats = formats_of(sum([*known, *evidence.values()], Evidence()), _name(context, group), context.source)
    _check_cached(group, lambda schema: schema.formats == formats)
    schema = Schema(roles, formats)
    for batch, table in slow:
        lines.append(context.connection, table, schema, context.rules)
        batch.locate_rejected(context.connection)
    context.connection.execute("DROP TABLE IF EXISTS raw")
    return Parsed(group.layout, schema, group.dialects, evidence)
