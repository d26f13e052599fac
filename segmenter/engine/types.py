"""The interface of an engine that runs the queries: DuckDB's connection and `SparkEngine` implement it."""

from __future__ import annotations

from typing import Any, Protocol


class Result(Protocol):
    """The result of a query, as DuckDB returns it."""

    def fetchnumpy(self) -> dict[str, Any]:
        """Arrays by column."""

    def fetchall(self) -> list[Any]:
        """Rows as tuples."""


class Engine(Protocol):
    """Runs SQL of DuckDB's dialect on the table ``transactions`` (see `segmenter.intake.types`)."""

    def execute(self, query: str, parameters: Any = None) -> Result:
        """Run one statement with named `parameters`."""
