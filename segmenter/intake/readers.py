"""Files -> batches of one layout each, probed but not yet read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from segmenter.config.source import SourceConfig
from segmenter.errors import SourceError
from segmenter.intake.dialect import Dialect, probe
from segmenter.intake.encoding import Text, as_utf8
from segmenter.intake.raw import Batch
from segmenter.intake.sources import SourceFile, plain_path
from segmenter.intake.tables import table_batch
from segmenter.intake.tally import take
from segmenter.intake.texts import TextBatch
from segmenter.intake.workbook import MOST_COLUMNS, sheet_as_csv


def batches_of(
    connection: duckdb.DuckDBPyConnection, files: Mapping[int, SourceFile], config: SourceConfig, folder: Path
) -> tuple[Batch, ...]:
    """The batches of `files`, by their numbers; `folder` takes transcoded copies.

    Raises
    ------
    SourceError
        A file cannot be read, or is no table.
    """
    groups: dict[tuple[Dialect, bool], dict[int, Text]] = {}
    for number, file in files.items():
        if _is_text(file):
            text, dialect = _probe(file, config, folder)
            groups.setdefault((dialect, file.kind == "workbook"), {})[number] = text
    texts = [TextBatch(dialect, is_workbook, group) for (dialect, is_workbook), group in groups.items()]
    tables = [
        table_batch(connection, number, file, str(plain_path(file, folder)), config)
        for number, file in files.items()
        if not _is_text(file)
    ]
    return (*texts, *tables)


def _is_text(file: SourceFile) -> bool:
    return file.kind in {"csv", "workbook"}


def _probe(file: SourceFile, config: SourceConfig, folder: Path) -> tuple[Text, Dialect]:
    if file.kind == "workbook":
        path = sheet_as_csv(file.path, config.sheet, folder / f"{file.name_aside}.csv")
        text = Text(file, path, "XLSX", take(path))
    else:
        text = as_utf8(file, folder, config.encoding)
    dialect = probe(text.path, str(file.path), config.delimiter if file.kind == "csv" else ",")
    if len(dialect.header) > MOST_COLUMNS:
        raise SourceError(f"{file.path} has {len(dialect.header):,} columns; at most {MOST_COLUMNS:,} are read.")
    return text, dialect
