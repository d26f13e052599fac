"""What customers buy, as a sparse table for topic models."""

from __future__ import annotations

import numpy as np

from segmenter.assets import query
from segmenter.engine.types import Engine
from segmenter.features.types import Baskets, FeatureTable

NOTHING = "$^"  # matches no product code


def baskets(
    connection: Engine,
    table: FeatureTable,
    max_products: int = 1000,
    max_customers: int = 20_000,
    excluded: str = NOTHING,
) -> Baskets | None:
    """In how many orders each customer had each product, or None where the export names no products.

    At most `max_customers` customers are sampled by a hash of their ids, and the `max_products` products that most of them
    bought are counted. `excluded` is a regular expression for codes that are no products, such as postage.
    """
    from scipy.sparse import csr_array

    limits = {"max_products": max_products, "max_customers": max_customers, "excluded": excluded}
    found = connection.execute(query("baskets"), {"as_of": table.as_of, **limits}).fetchnumpy()
    if not len(found["customer_id"]):
        return None
    customer_id, row = np.unique(np.asarray(found["customer_id"], dtype=np.str_), return_inverse=True)
    names, column = np.unique(np.asarray(found["name"], dtype=np.str_), return_inverse=True)
    n_orders = np.asarray(found["n_orders"], dtype=np.float64)
    counts = csr_array((n_orders, (row, column)), shape=(len(customer_id), len(names)))
    return Baskets(customer_id, tuple(names.tolist()), counts)
