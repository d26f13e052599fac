"""Exports of any size, made by DuckDB: sales, returns and cancellations, texts with quotes; typed where the file is Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

UNITS = {"K": 1_000, "M": 1_000_000}
ROWS_PER_CUSTOMER = 20
COLUMNS = (
    "order_no", "ordered_at", "customer_id", "product_code", "description", "quantity", "unit_price", "country",
)  # fmt: skip
# Five lines an order. Every fiftieth order takes back the one seven before it, up to three weeks later: half of these are
# cancellations, known by a C before the number, half returns of a piece of each. `o` is the order that a line's values come from.
LINES = """
WITH numbered AS (
    SELECT i, i // 5 AS written, i // 5 % 50 = 49 AS takes_back,
        CASE WHEN i // 5 % 50 = 49 THEN i // 5 - 7 ELSE i // 5 END AS o,
        CASE WHEN i // 5 % 50 = 49 THEN i - 35 ELSE i END AS line
    FROM range($rows) AS t(i)
)
SELECT
    CASE WHEN takes_back AND hash(o, 7) % 2 = 0 THEN 'C' ELSE '' END || CAST(500000 + written AS VARCHAR) AS order_no,
    TIMESTAMP '2023-01-01' + to_seconds(CAST(63072000 * (hash(o, 1) % 1000003) / 1000003 AS BIGINT))
        + to_hours(CASE WHEN takes_back THEN CAST(1 + hash(o, 8) % 500 AS BIGINT) ELSE 0 END) AS ordered_at,
    10000 + CAST(floor($customers * pow((hash(o, 2) % 1000000007) / 1000000007, 1.6)) AS BIGINT) AS customer_id,
    'ST' || CAST(100 + hash(line, 3) % 4000 AS VARCHAR) AS product_code,
    CASE hash(line, 3) % 20 WHEN 0 THEN 'PLATE 12", WHITE' WHEN 1 THEN 'SIGN "HOME"' ELSE 'ITEM ' || CAST(hash(line, 3) % 4000 AS VARCHAR) END AS description,
    CAST(CASE WHEN NOT takes_back THEN 1 + hash(line, 4) % 12 WHEN hash(o, 7) % 2 = 0 THEN -1 - CAST(hash(line, 4) % 12 AS INTEGER)
        ELSE -1 END AS INTEGER) AS quantity,
    (99 + 50 * (hash(line, 5) % 60)) / 100 AS unit_price,
    CASE hash(o, 6) % 4 WHEN 0 THEN 'France' WHEN 1 THEN 'Germany' ELSE 'United Kingdom' END AS country
FROM numbered
"""


@dataclass(frozen=True)
class Size:
    """A file of so many rows."""

    name: str
    rows: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """From text such as 10M."""
        return cls(text, int(float(text[:-1]) * UNITS[text[-1].upper()]) if text[-1].upper() in UNITS else int(text))

    @property
    def customers(self) -> int:
        """Customers that the rows are spread over; some are left without an order."""
        return self.rows // ROWS_PER_CUSTOMER


def make(size: Size, path: Path) -> Path:
    """The size's rows in `path`, CSV or Parquet by its name, made where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        form = "CSV, HEADER" if path.suffix == ".csv" else "PARQUET, COMPRESSION zstd"
        given = {"rows": size.rows, "customers": size.customers}
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.execute(f"COPY ({LINES}) TO '{path}' (FORMAT {form})", given)
    return path
