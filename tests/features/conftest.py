"""A tiny `transactions` table, written line by line."""

from datetime import datetime

import duckdb
import pytest

SCHEMA = """
create table transactions (
    customer_id varchar, ts timestamp, order_id varchar, product varchar, description varchar,
    category varchar, quantity decimal(18, 3), amount decimal(18, 4), email varchar, status varchar
)
"""


def line(customer, at, order, amount, product="cup", quantity=1, status="sale"):
    at = datetime.fromisoformat(at)
    return (customer, at, order, product, product and product.title(), None, quantity, amount, None, status)


@pytest.fixture(scope="session")
def transactions():
    """Makes a connection whose table `transactions` holds the given lines."""

    def make(lines):
        connection = duckdb.connect()
        connection.execute(SCHEMA)
        rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(lines))  # one statement: row by row takes far longer
        connection.execute(f"insert into transactions values {rows}", [value for each in lines for value in each])
        return connection

    return make
