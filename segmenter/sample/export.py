"""Writes the sample as the CSV export of a shop."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segmenter.atomic import atomic_write
from segmenter.errors import UsageError
from segmenter.sample.habits import SEGMENTS, Ints, People, Shape, people
from segmenter.sample.lines import Lines, lines
from segmenter.sample.orders import orders
from segmenter.sample.products import Products, products

if TYPE_CHECKING:
    import pandas as pd

COUNTRIES = ("United Kingdom", "Ireland", "Germany", "France", "Netherlands", "Spain")
COUNTRY_SHARES = (0.82, 0.05, 0.05, 0.04, 0.02, 0.02)
SMALLEST = 60  # customers; fewer leave segments of a handful


def generate(
    path: Path, n_customers: int = 2000, seed: int = 42, truth: Path | None = None, shape: Shape | None = None
) -> None:
    """Write the transactions of `n_customers` planted customers to the CSV file `path`.

    The columns are order_no, ordered_at, customer_id, product_code, description, quantity,
    unit_price and country; a return has an order number of its own that begins with C, and
    negative pieces. `truth` gets customer_id, segment and anomaly of each customer, one of the
    two empty. The same arguments give the same bytes.

    Raises
    ------
    UsageError
        `n_customers` or `shape` is too small to plant anything in or asks for unknown segments, `seed` is below 0, or a
        file cannot be written.
    """
    shape = shape or Shape()
    _check(n_customers, seed, shape)
    rng = np.random.default_rng(seed)
    goods = products(rng)
    crowd = people(shape, n_customers, goods.n_categories, rng)
    placed = orders(crowd, shape, rng)
    sold = lines(crowd, placed, goods, shape, rng)
    customer_id = np.sort(10_000 + rng.permutation(9 * n_customers)[:n_customers]).astype(np.str_)
    _write(_table(sold, goods, customer_id, shape, rng), path)
    if truth is not None:
        _write(_truth(crowd, customer_id), truth)


def _check(n_customers: int, seed: int, shape: Shape) -> None:
    if seed < 0:
        raise UsageError(f"A seed is a whole number of 0 or more; {seed} was given.")
    if n_customers < SMALLEST:
        raise UsageError(f"A sample needs at least {SMALLEST} customers; {n_customers} were asked for.")
    if not 2 <= shape.n_segments <= len(SEGMENTS):
        raise UsageError(f"A sample has 2 to {len(SEGMENTS)} segments; {shape.n_segments} were asked for.")
    if not 0 <= shape.anomaly_share <= 0.2:
        raise UsageError(f"The share of anomalies is at most 0.2; {shape.anomaly_share} was asked for.")
    if shape.days < 200:
        raise UsageError(f"A sample covers at least 200 days; {shape.days} were asked for.")


def _table(
    sold: Lines, goods: Products, customer_id: NDArray[np.str_], shape: Shape, rng: np.random.Generator
) -> pd.DataFrame:
    """The export's columns, one row per line, by time."""
    import pandas as pd

    order = _order_numbers(sold)
    midnight = np.datetime64(shape.last_day - timedelta(shape.days - 1), "m")
    country = rng.choice(len(COUNTRIES), size=len(customer_id), p=COUNTRY_SHARES)
    prefix = np.where(sold.back == 1, "C", "")
    return pd.DataFrame(
        {
            "order_no": np.char.add(prefix, (500_001 + order).astype(np.str_)),
            "ordered_at": (midnight + sold.minute).astype("datetime64[s]"),
            "customer_id": _blank(customer_id[sold.customer], sold.guest == 1),
            "product_code": goods.code[sold.product],
            "description": goods.name[sold.product],
            "quantity": sold.quantity,
            "unit_price": sold.price.round(2),
            "country": np.array(COUNTRIES)[country][sold.customer],
        }
    )


def _order_numbers(sold: Lines) -> Ints:
    """Consecutive numbers by time; a new one where the minute, the customer or the direction changes."""
    key = np.column_stack([sold.minute, sold.customer, sold.back])
    changes = (np.diff(key, axis=0) != 0).any(axis=1)
    return np.concatenate([[0], np.cumsum(changes)])


def _truth(crowd: People, customer_id: NDArray[np.str_]) -> pd.DataFrame:
    import pandas as pd

    segment, anomaly = (_blank(column, column == "") for column in (crowd.segment, crowd.anomaly))
    return pd.DataFrame({"customer_id": customer_id, "segment": segment, "anomaly": anomaly})


def _blank(column: NDArray[np.str_], empty: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The column with None where it is empty."""
    cells = column.astype(np.object_)
    cells[empty] = None
    return cells


def _write(table: pd.DataFrame, path: Path) -> None:
    """Write `table` as CSV; DuckDB does it in a fraction of pandas' time."""
    import duckdb

    try:
        with atomic_write(path) as aside, duckdb.connect() as connection:
            connection.from_df(table).write_csv(str(aside), timestamp_format="%Y-%m-%d %H:%M")
    except (OSError, duckdb.IOException) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be written: {reason}. Name another file, or grant write permission.") from None
