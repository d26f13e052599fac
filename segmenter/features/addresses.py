"""E-mail addresses in the form that advertising platforms expect: the SHA-256 of each, never the address itself."""

from __future__ import annotations

import pandas as pd

from segmenter.assets import query
from segmenter.engine.types import Engine


def with_addresses(customers: pd.DataFrame, connection: Engine) -> pd.DataFrame:
    """`customers` with a column email_sha256, or unchanged where the export has no address of any of them.

    It is the hash of a customer's latest address, trimmed and in lower case, as 64 hexadecimal digits. Addresses are hashed
    when the lines are read, and are not kept.
    """
    hashes = dict(connection.execute(query("addresses")).fetchall())
    if not hashes:
        return customers
    return customers.assign(email_sha256=customers["customer_id"].map(hashes))
