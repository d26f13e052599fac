"""Groups files into batches of one layout each, from a probe of their first lines."""

from __future__ import annotations

from collections.abc import Iterable

from segmenter.errors import SourceError
from segmenter.intake.context import Context
from segmenter.intake.dialect import Dialect, probe
from segmenter.intake.encoding import Text, as_utf8
from segmenter.intake.sources import SourceFile, literal_path
from segmenter.intake.tables import TableBatch, table_batch
from segmenter.intake.tally import tally_of
from segmenter.intake.texts import TextBatch
from segmenter.intake.workbook import MOST_COLUMNS, sheet_as_csv

Batch = TextBatch | TableBatch  # files of one layout that are read together


def batches_of(context: Context, numbers: Iterable[int]) -> tuple[Batch, ...]:
    """The batches of the files of `context` with these `numbers`.

    Raises
    ------
    SourceError
        A file cannot be read, or is not a table.
    """
    texts: dict[tuple[Dialect, bool], dict[int, Text]] = {}
    tables: list[Batch] = []
    for number in numbers:
        file = context.files[number]
        if file.kind in {"csv", "workbook"}:
            text, dialect = _probe(context, file)
            texts.setdefault((dialect, file.kind == "workbook"), {})[number] = text
        else:
            path = str(literal_path(file, context.folder))
            tables.append(table_batch(context.connection, number, file, path, context.source.table))
    return (*(TextBatch(dialect, is_workbook, found) for (dialect, is_workbook), found in texts.items()), *tables)


def _probe(context: Context, file: SourceFile) -> tuple[Text, Dialect]:
    config, folder = context.source, context.folder
    if file.kind == "workbook":
        path = sheet_as_csv(file.path, config.sheet, folder / f"{file.copy_name}.csv")
        text = Text(file, path, "XLSX", tally_of(path))
    else:
        text = as_utf8(file, folder, config.encoding)
    dialect = probe(text.path, str(file.path), config.delimiter if file.kind == "csv" else ",")
    if len(dialect.header) > MOST_COLUMNS:
        raise SourceError(f"{file.path} has {len(dialect.header):,} columns; at most {MOST_COLUMNS:,} are read.")
    return text, dialect
