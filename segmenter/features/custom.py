"""Features of a user's own: ``.sql`` files in a folder, run with least power.

A file holds one SELECT that gives ``customer_id`` and one or more columns of numbers. It reads
``transactions`` and ``orders`` and may use ``$as_of``. Comments say what its columns mean::

    -- label: orders placed on a Sunday
    -- unit: orders
    select customer_id, count(*) as sunday_orders from orders where ... group by customer_id

A comment may name its column, ``-- label sunday_orders: ...``; the words are label, unit, kind
(days, count, money, share, ratio), better (higher, lower) and missing.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, cast, get_args

import duckdb
import numpy as np
from numpy.typing import NDArray

from segmenter.engine.types import Engine
from segmenter.errors import ConfigError
from segmenter.features.types import Feature, Kind

SECONDS = 300  # a query that takes longer is stopped
_HEADER = re.compile(r"^--\s*(label|unit|kind|better|missing)(?:\s+(\w+))?\s*:\s*(.+?)\s*$", re.MULTILINE)


def custom_features(
    connection: Engine, folder: str | None, as_of: date
) -> Iterator[tuple[Feature, NDArray[Any], NDArray[Any]]]:
    """Features of the files in `folder`, each with customer ids and their values, in any order.

    Raises
    ------
    ConfigError
        The folder is missing, a file does not give features (it is named), or the engine cannot enclose them.
    """
    if folder is None:
        return
    if not isinstance(connection, duckdb.DuckDBPyConnection):
        raise ConfigError('features.folder needs engine.kind = "duckdb": only there are queries of your own enclosed.')
    if not Path(folder).is_dir():
        raise ConfigError(f"features.folder = {folder!r} is no folder; name the one that holds your .sql files.")
    paths = sorted(Path(folder).glob("*.sql"))
    with tempfile.TemporaryDirectory() as aside, closing(_enclosed(connection, as_of, Path(aside))) as enclosure:
        for path in paths:
            yield from _features(enclosure, path, as_of)


def _enclosed(connection: duckdb.DuckDBPyConnection, as_of: date, aside: Path) -> duckdb.DuckDBPyConnection:
    """A database of its own with copies of the tables and no way out: no files, no network, no settings."""
    bounds = connection.sql("select current_setting('memory_limit'), current_setting('threads')").fetchall()[0]
    enclosure = duckdb.connect(
        config={
            "memory_limit": bounds[0],
            "threads": bounds[1],
            "temp_directory": str(aside),
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
        }
    )
    for table, time in (("transactions", "ts"), ("orders", "placed")):
        file = str(aside / f"{table}.parquet")
        connection.table(table).filter(f"cast({time} as date) <= date '{as_of}'").write_parquet(file)
        enclosure.read_parquet(file).create(table)
    for setting in ("enable_external_access", "allow_community_extensions"):
        enclosure.execute(f"set {setting} = false")
    enclosure.execute("set lock_configuration = true")
    return enclosure


def _features(
    enclosure: duckdb.DuckDBPyConnection, path: Path, as_of: date
) -> Iterator[tuple[Feature, NDArray[Any], NDArray[Any]]]:
    sql = path.read_text(encoding="utf-8-sig")
    result = _answer(enclosure, path, sql, as_of)
    ids = result.pop("customer_id", None)
    if ids is None or not result:
        raise ConfigError(f"{path} must give customer_id and at least one more column.")
    if len(set(ids)) < len(ids):
        raise ConfigError(f"{path} gives several rows for one customer; group by customer_id.")
    for name, values in result.items():
        if values.dtype.kind not in "iufb":
            raise ConfigError(f"{path}: the column {name} holds no numbers; cast it to DOUBLE.")
        if np.isinf(np.ma.filled(values, 0)).any():
            raise ConfigError(f"{path}: the column {name} has infinite values; guard the division.")
        yield _described(path, sql, name), ids, values


def _answer(enclosure: duckdb.DuckDBPyConnection, path: Path, sql: str, as_of: date) -> dict[str, NDArray[Any]]:
    watchdog = threading.Timer(SECONDS, enclosure.interrupt)
    watchdog.start()
    try:
        statements = enclosure.extract_statements(sql)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise ConfigError(f"{path} must hold exactly one SELECT statement.")
        named = {"as_of": as_of} if "as_of" in statements[0].named_parameters else None
        return cast(dict[str, NDArray[Any]], enclosure.execute(statements[0], named).fetchnumpy())
    except duckdb.InterruptException:
        raise ConfigError(f"{path} took longer than {SECONDS} s and was stopped; make it cheaper.") from None
    except duckdb.Error as error:
        raise ConfigError(f"{path} cannot be run: {error}") from None
    finally:
        watchdog.cancel()


def _described(path: Path, sql: str, name: str) -> Feature:
    words = {key: text for key, column, text in _HEADER.findall(sql) if column in {"", name}}
    kind = words.get("kind", "ratio")
    if kind not in get_args(Kind):
        raise ConfigError(f"{path}: kind {kind!r} is unknown; one of {', '.join(get_args(Kind))}.")
    better = {"higher": True, "lower": False}.get(words.get("better", ""))
    label = words.get("label", name.replace("_", " "))
    return Feature(name, label, words.get("unit", ""), kind, better, words.get("missing", "not given"))
