"""What every step of reading files needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.intake.sources import SourceFile


@dataclass(frozen=True)
class Context:
    """The connection that gets the tables, the files that are read, by their numbers, and the configuration.

    `folder` takes copies of files that have to be converted; it is removed afterwards.
    """

    connection: duckdb.DuckDBPyConnection
    files: Sequence[SourceFile]
    source: SourceConfig
    rules: RulesConfig
    folder: Path
