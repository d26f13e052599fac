"""E-mail addresses as advertising platforms take them: the SHA-256 of each, and never an address itself."""

from __future__ import annotations

import pandas as pd

from segmenter.assets import query
from segmenter.engine.types import Engine


def with_addresses(customers: pd.DataFrame, connection: Engine) -> pd.DataFrame:
    """`customers` with a column email_sha256, where the export names an address of any of them; else as they are.

    Hashed is the latest address of a customer, trimmed and in lower case, in UTF-8; in hexadecimal, 64 letters. That was
    done where the lines were read, so that an address comes no further.
    """
    hashes = dict(connection.execute(query("addresses")).fetchall())
    if not hashes:
        return customers
    return customers.assign(email_sha256=customers["customer_id"].map(hashes))
