"""What customers buy, as a sparse table for topic models."""

from __future__ import annotations

from datetime import date

import numpy as np

from segmenter.assets import query
from segmenter.engine.types import Engine
from segmenter.features.table import seen_from
from segmenter.features.types import Baskets

NOTHING = "$^"  # matches no product code


def baskets(
    connection: Engine,
    as_of: date | None = None,
    max_products: int = 1000,
    max_customers: int = 20_000,
    excluded: str = NOTHING,
) -> Baskets | None:
    """In how many orders each customer had each product, or None where the export names no products.

    Bounded by the `max_products` products that most customers bought and `max_customers`
    customers, drawn by a hash of their ids. `excluded` is a regular expression for codes that are
    no products, such as postage.
    """
    from scipy.sparse import csr_array

    limits = {"max_products": max_products, "max_customers": max_customers, "excluded": excluded}
    asked = {"as_of": seen_from(connection, as_of), **limits}
    table = connection.execute(query("baskets"), asked).fetchnumpy()
    if not len(table["customer_id"]):
        return None
    customer_id, row = np.unique(np.asarray(table["customer_id"], dtype=np.str_), return_inverse=True)
    names, column = np.unique(np.asarray(table["name"], dtype=np.str_), return_inverse=True)
    n_orders = np.asarray(table["n_orders"], dtype=np.float64)
    counts = csr_array((n_orders, (row, column)), shape=(len(customer_id), len(names)))
    return Baskets(customer_id, tuple(names.tolist()), counts)
