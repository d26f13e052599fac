"""The one way through the program, from source to run folder.

source -> transactions -> features -> study (segments, anomalies, views) -> run -> report
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.config import Config

if TYPE_CHECKING:
    import duckdb

    from segmenter.intake.types import Intake
    from segmenter.runs.types import Run

STAGES = ("reading the export", "describing customers", "finding segments and anomalies", "writing the report")


@dataclass(frozen=True)
class Finished:
    """A run as it lies in the archive, with the files a person opens."""

    run: Run
    folder: Path
    files: tuple[Path, ...]


@dataclass
class Stopwatch:
    """Tells which stage begins and keeps the seconds each took."""

    tell: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    _since: tuple[str, float] | None = None

    def begin(self, stage: str) -> None:
        """End the stage that runs and begin `stage`."""
        self.end()
        self.tell(stage)
        self._since = (stage, time.perf_counter())

    def end(self) -> None:
        """End the stage that runs."""
        if self._since:
            stage, since = self._since
            self.seconds[stage] = round(time.perf_counter() - since, 3)
        self._since = None


def silent(stage: str) -> None:
    """Tell nobody."""


@contextmanager
def workspace(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection of bounded memory; its spill folder is removed afterwards."""
    from segmenter.intake import open_connection

    with tempfile.TemporaryDirectory(prefix="segmenter-") as folder:
        connection = open_connection(config.engine.memory_limit, config.engine.threads, Path(folder))
        try:
            yield connection
        finally:
            connection.close()


def inspect(sources: Sequence[str], config: Config) -> Intake:
    """Read `sources` and account for every row; no analysis, nothing written."""
    from segmenter.intake import load

    with workspace(config) as connection:
        return load(connection, sources or config.source.paths, config.source, config.rules)
