"""What every step of reading files needs: connection, files and configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.intake.sources import SourceFile


@dataclass(frozen=True)
class Context:
    """The connection that gets the tables, the files by number, and the configuration.

    `folder` is temporary and takes copies of files that have to be converted.
    """

    connection: duckdb.DuckDBPyConnection
    files: Sequence[SourceFile]
    source: SourceConfig
    rules: RulesConfig
    folder: Path
