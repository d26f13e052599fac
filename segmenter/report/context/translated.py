"""Fixed texts of a page in the reader's language; texts with values inside are said where they are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from segmenter.report.language import Voice
from segmenter.report.types import Figure, Part, Section, Stat, Table


def translated_section(section: Section, voice: Voice) -> Section:
    """A chapter with its headings, sentences, captions and column heads in the reader's language."""
    parts = tuple(_part(part, voice) for part in section.parts)
    return replace(section, title=voice(section.title), lead=voice(section.lead), parts=parts)


def translated_figures(figures: Iterable[Figure], voice: Voice) -> tuple[Figure, ...]:
    """Charts with title, reading and description in the reader's language."""
    return tuple(
        replace(each, title=voice(each.title), reading=voice(each.reading), alt=voice(each.alt)) for each in figures
    )


def translated_stats(stats: Iterable[Stat], voice: Voice) -> tuple[Stat, ...]:
    """Figures of a strip with what they count in the reader's language."""
    return tuple(replace(stat, label=voice(stat.label)) for stat in stats)


def _part(part: Part, voice: Voice) -> Part:
    return replace(
        part,
        title=voice(part.title),
        sentences=tuple(map(voice, part.sentences)),
        figures=translated_figures(part.figures, voice),
        tables=translated_tables(part.tables, voice),
    )


def translated_tables(tables: Iterable[Table], voice: Voice) -> tuple[Table, ...]:
    """Tables with captions and column heads in the reader's language."""
    return tuple(_table(table, voice) for table in tables)


def _table(table: Table, voice: Voice) -> Table:
    columns = tuple(replace(column, label=voice(column.label)) for column in table.columns)
    return replace(table, title=voice(table.title), columns=columns)
