"""User-defined features: ``.sql`` files in a folder, run in a sandbox.

A file holds one SELECT that returns ``customer_id`` and one or more columns of numbers. It reads
``transactions``, ``orders`` and ``days`` and may use ``$as_of``. Comments say what its columns mean::

    -- label: orders placed on a Sunday
    -- unit: orders
    select customer_id, count(*) as sunday_orders from orders where ... group by customer_id

The keys are label, unit, kind (days, count, money, share, ratio) and missing. A comment may name its column,
``-- label sunday_orders: ...``, and a language of the report, ``-- label[de]: ...``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import duckdb
import numpy as np
from numpy.typing import NDArray

from segmenter.engine.types import Engine
from segmenter.errors import ConfigError
from segmenter.features import sandbox
from segmenter.features.types import Feature, Kind
from segmenter.folders import temporary_folder

SECONDS = 300  # a query that takes longer is stopped
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
TABLES = (
    ("transactions", "ts"),
    ("orders", "placed"),
    ("days", "day"),
)  # that a query may read, with their time columns
_HEADER = re.compile(r"^--\s*(label|unit|kind|missing)(?:\[(\w+)\])?(?:\s+(\w+))?\s*:\s*(.+?)\s*$", re.MULTILINE)


def custom_features(
    connection: Engine, folder: str | None, as_of: date, language: str
) -> Iterator[tuple[Feature, NDArray[Any], NDArray[Any]]]:
    """The features of the files in `folder`, each with customer ids and their values, in any order.

    Labels are in `language`, such as de, where the file has them.

    Raises
    ------
    ConfigError
        The folder is missing, a file does not yield features, or the engine is not DuckDB.
    """
    if folder is None:
        return
    if not isinstance(connection, duckdb.DuckDBPyConnection):
        raise ConfigError('features.folder needs engine.kind = "duckdb": only there are your own queries sandboxed.')
    if not Path(folder).is_dir():
        raise ConfigError(f"features.folder = {folder!r} is not a folder; name the one that holds your .sql files.")
    paths = sorted(Path(folder).glob("*.sql"))
    with temporary_folder() as shared:
        hint = _export_tables(connection, as_of, shared) if paths else ""
        for path in paths:
            sql = _read(path)
            arguments = (str(as_of), *_limits(connection))
            for name, ids, values in _columns(path, _answer(path, sql, arguments, shared, hint)):
                yield _described(path, sql, name, language), ids, values


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{path} cannot be read: {reason}. Correct it, or take it out of the folder.") from None


def _export_tables(connection: duckdb.DuckDBPyConnection, as_of: date, folder: Path) -> str:
    """Write the tables, up to `as_of`, into `folder`; returns a sentence that names them and their columns."""
    listed = []
    for table, time in TABLES:
        rows = connection.sql(f"select * from {table} where cast({time} as date) <= date '{as_of}'")  # noqa: S608 - our names
        rows.write_parquet(str(folder / f"{table}.parquet"))
        listed.append(f"{table} ({', '.join(rows.columns)})")
    return f"There are the tables {', '.join(listed)}, and the day $as_of."


def _limits(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The bytes of memory and the number of threads that the connection may use."""
    memory, threads = connection.sql("select current_setting('memory_limit'), current_setting('threads')").fetchall()[0]
    number, unit = memory.split()
    return str(int(float(number) * 1024 ** UNITS.index(unit))), str(threads)


def _answer(path: Path, sql: str, arguments: tuple[str, str, str], folder: Path, hint: str) -> dict[str, NDArray[Any]]:
    """The columns of a query, run in a process that is killed when its time is up.

    `arguments` are date, memory and threads; `hint` is the sentence that names the tables, for error messages.
    """
    (folder / "query.sql").write_text(sql, encoding="utf-8")
    command = [sys.executable, "-P", sandbox.__file__, str(folder), *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, cwd=folder, check=False
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{path} took longer than {SECONDS} s and was stopped; make it cheaper.") from None
    if done.returncode == sandbox.REFUSED:
        why = done.stdout.decode().rstrip(".!")
        raise ConfigError(f"{path} cannot be run: {why}. {hint} Correct the file, or take it out of the folder.")
    if done.returncode:
        raise ConfigError(
            f"{path} ended its process, usually because memory ran out (engine.memory_limit); make it cheaper."
        )
    with np.load(folder / "answer.npz", allow_pickle=False) as answer:
        return {str(name): answer[f"column_{number}"] for number, name in enumerate(answer["names"])}


def _columns(path: Path, result: dict[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """The feature columns of a query's result, each with the customers' ids."""
    ids = result.pop("customer_id", None)
    if ids is None or not result:
        raise ConfigError(f"{path} must give customer_id and at least one more column.")
    if len(set(ids)) < len(ids):
        raise ConfigError(f"{path} gives several rows for one customer; group by customer_id.")
    for name, values in result.items():
        if values.dtype.kind != "f":
            raise ConfigError(f"{path}: the column {name} holds no numbers; cast it to DOUBLE.")
        if np.isinf(values).any():
            raise ConfigError(f"{path}: the column {name} has infinite values; guard the division.")
        yield name, ids, values


def _described(path: Path, sql: str, name: str, language: str) -> Feature:
    found = [(key, of, text) for key, of, column, text in _HEADER.findall(sql) if column in {"", name}]
    words = {key: text for wanted in ("", language) for key, of, text in found if of == wanted}
    kind = words.get("kind", "ratio")
    if kind not in get_args(Kind):
        raise ConfigError(f"{path}: kind {kind!r} is unknown; one of {', '.join(get_args(Kind))}.")
    label = words.get("label", name.replace("_", " "))
    return Feature(name, label, words.get("unit", ""), kind, words.get("missing", "not given"))
