"""Pseudonyms that replace customer ids right after intake, so that no later stage sees an id.

A pseudonym is a keyed hash (HMAC-SHA256): without the archive's key nobody can find an id by trying all of them, and
with it a customer has the same pseudonym in every run of the archive. The ids stay in one file per run,
``customer_key.csv``, which is never delivered.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from segmenter.assets import query
from segmenter.config.privacy import PrivacyConfig
from segmenter.errors import ConfigError, RunError

if TYPE_CHECKING:
    import pandas as pd

SECRET = "pseudonym.key"  # noqa: S105 - the name of the file
NAMES = "customer_key.csv"
PSEUDONYM = re.compile(r"p[0-9a-f]{20}")
BLOCK = 64  # bytes that SHA-256 hashes at a time


def key_of(archive: Path) -> bytes:
    """The key of `archive`, 32 random bytes in a file for its owner alone; made where there is none.

    Raises
    ------
    RunError
        The file cannot be read or written, is open to others, or is no key.
    """
    path = archive / SECRET
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise RunError(f"{path} can be read by others, who could then undo pseudonyms. Run chmod 600 {path}.")
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise RunError(
            f"The key {path} cannot be used: {error.strerror}. Give its owner permission to read it."
        ) from None
    except ValueError:
        key = b""
    if len(key) != 32:
        raise RunError(f"{path} is not a key of this program. Restore it, or name another archive with -o.")
    return key


def _make(path: Path) -> None:
    """Write a new key atomically, or keep that of another process that was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # not named by the process: in containers that share the archive several processes have the same number
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(handle)
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        Path(aside).unlink()


def pseudonym(key: bytes, customer_id: str) -> str:
    """The customer's pseudonym in every run of the archive with that `key`."""
    return "p" + hmac.digest(key, customer_id.encode(), "sha256").hex()[:20]


def known_as(archive: Path, customer_id: str) -> str:
    """The customer's id in the runs of `archive`: a pseudonym where it has a key, else the id itself.

    An id in the form of a pseudonym is taken for one, as reports show no other.
    """
    if PSEUDONYM.fullmatch(customer_id) or not (archive / SECRET).exists():
        return customer_id
    return pseudonym(key_of(archive), customer_id)


def check(archive: Path, config: PrivacyConfig) -> None:
    """Refuse a run with plain ids in an archive of pseudonyms.

    Raises
    ------
    ConfigError
        The archive has a key, and `config` does not ask for pseudonyms.
    """
    if (archive / SECRET).exists() and not config.pseudonymise:
        raise ConfigError(
            f"The archive {archive} keeps pseudonyms in the place of customer ids. Set privacy.pseudonymise = true in the "
            "configuration (-c), or name another archive with -o."
        )


def pseudonymise(connection: duckdb.DuckDBPyConnection, key: bytes) -> pd.DataFrame:
    """Replace the ids in the tables of an intake by pseudonyms, and empty the text of the rejected rows.

    Returns customer_id and pseudonym, sorted by pseudonym, for `write_names`.

    Raises
    ------
    RunError
        Two customers have the same pseudonym; by chance that is to be expected only among some 10**12 customers.
    """
    padded = key.ljust(BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    connection.execute(query("privacy_pseudonyms"), {"inner": inner, "outer": outer})
    names = connection.execute("SELECT customer_id, pseudonym FROM pseudonyms ORDER BY pseudonym").df()
    if names["pseudonym"].duplicated().any():
        raise RunError("Two customers have the same pseudonym. Remove the archive's key, or name another archive.")
    connection.execute(query("privacy_transactions"))
    connection.execute("UPDATE rejected SET text = ''")
    for view in ("transactions", "judged", "records"):
        connection.execute(f"DROP VIEW {view}")
    for table in ("pseudonyms", "lines"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE pseudonymous RENAME TO transactions")
    return names


def write_names(names: pd.DataFrame, folder: Path) -> None:
    """Write the ids behind pseudonyms into `folder`, readable by its owner alone."""
    from segmenter.runs.tables import write_safe_csv

    write_safe_csv(names, folder / NAMES)
