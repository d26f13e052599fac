"""Fixed texts of chapters in the reader's language; texts with values in them are translated where they are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from segmenter.report.language import Voice
from segmenter.report.types import Part, Section, Table


def translated_section(section: Section, voice: Voice) -> Section:
    """A chapter with its headings, sentences, captions and column heads in the reader's language; its charts are already."""
    parts = tuple(_part(part, voice) for part in section.parts)
    return replace(section, title=voice(section.title), lead=voice(section.lead), parts=parts)


def _part(part: Part, voice: Voice) -> Part:
    return replace(
        part,
        title=voice(part.title),
        sentences=tuple(map(voice, part.sentences)),
        tables=translated_tables(part.tables, voice),
    )


def translated_tables(tables: Iterable[Table], voice: Voice) -> tuple[Table, ...]:
    """Tables with captions and column heads in the reader's language."""
    return tuple(_table(table, voice) for table in tables)


def _table(table: Table, voice: Voice) -> Table:
    columns = tuple(replace(column, label=voice(column.label)) for column in table.columns)
    return replace(table, title=voice(table.title), columns=columns)
