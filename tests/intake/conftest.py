"""Exports of a few lines, written to disk and read by the real intake."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from segmenter.config.source import ColumnsConfig, RulesConfig, SourceConfig
from segmenter.intake import load, open_connection

HEADER = ("order_id", "customer_id", "order_date", "sku", "quantity", "unit_price")


@dataclass
class Loaded:
    intake: object
    connection: duckdb.DuckDBPyConnection

    def rows(self, columns="*", where="true"):
        return self.connection.execute(f"SELECT {columns} FROM transactions WHERE {where} ORDER BY ALL").fetchall()

    @property
    def rejected(self):
        return self.connection.execute("SELECT * FROM rejected").fetchall()

    @property
    def money(self):
        return float(self.rows("sum(amount)", "status IN ('sale', 'return', 'discount')")[0][0] or 0)

    @property
    def fates(self):
        return {line.reason: line.rows for line in self.intake.account.lines}


@dataclass
class Exports:
    folder: Path
    connections: list = field(default_factory=list)

    def write(self, content, name="export.csv", encoding="utf-8"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def load(self, *sources, columns=None, rules=None, as_of=None, **source):
        connection = open_connection("1GiB", 2, self.folder)
        self.connections.append(connection)
        config = SourceConfig(columns=ColumnsConfig(**(columns or {})), **source)
        lenient = {"min_customers": 2, "min_usable_share": 0.0, "max_unreadable_share": 1.0}
        rules = RulesConfig(**{**lenient, **(rules or {})})
        return Loaded(load(connection, sources, config, rules, as_of=as_of), connection)

    def read(self, content, **options):
        """Write `content` and load it."""
        name, encoding = options.pop("name", "export.csv"), options.pop("encoding_of_file", "utf-8")
        return self.load(self.write(content, name, encoding), **options)


def ways(refused):
    """The settings of each way to decide what an export was refused for."""
    return [way.settings for way in refused.value.doubts[0].ways]


def written(header, rows, delimiter=","):
    return "\n".join(delimiter.join(map(str, row)) for row in (header, *rows)) + "\n"


@pytest.fixture
def export(tmp_path):
    exports = Exports(tmp_path)
    yield exports
    for connection in exports.connections:
        connection.close()


@pytest.fixture
def lines():
    """Eight sales of four customers as tuples of text, in the order of HEADER."""
    return [
        (f"o{n}", f"c{n % 4}", f"2024-{n % 3 + 1:02d}-{n + 13:02d} 10:00:00", f"p{n}", str(n + 1), "2.50")
        for n in range(8)
    ]


@pytest.fixture
def table(lines):
    """The eight sales as text: `table(delimiter, newline)`."""

    def table(delimiter=",", newline="\n", rows=None, header=HEADER):
        return newline.join(delimiter.join(row) for row in (header, *(lines if rows is None else rows))) + newline

    return table
