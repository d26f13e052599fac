"""A tiny `transactions` table, written line by line."""

from datetime import datetime

import duckdb
import pytest

from segmenter.assets import query


def line(customer, at, order, amount, product="cup", quantity=1, status="sale", *, refunded=None):
    at = datetime.fromisoformat(at)
    return (customer, at, order, product, product and product.title(), None, quantity, amount, None, status, refunded)


@pytest.fixture(scope="session")
def transactions():
    """Makes a connection whose table `transactions` holds the given lines."""

    def make(lines):
        connection = duckdb.connect()
        connection.execute(query("transactions_none"))
        rows = ", ".join(
            ["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(lines)
        )  # one statement: row by row takes far longer
        connection.execute(f"insert into transactions values {rows}", [value for each in lines for value in each])
        return connection

    return make
