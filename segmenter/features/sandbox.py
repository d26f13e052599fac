"""A sandbox: runs one user-defined query in a process of its own, ``python sandbox.py FOLDER AS_OF MEMORY THREADS``.

FOLDER holds ``query.sql`` and the tables that it may read, one Parquet file each, and gets ``answer.npz``. The database
has copies of the tables, and no access to files, network or settings. It is a separate process because some functions, such
as levenshtein of long texts, ignore interrupts and DuckDB's memory limit, but not the limits of their process.
"""

from __future__ import annotations

import re
import resource
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

REFUSED = 3
LINE = re.compile(r"\n\nLINE (\d+):")  # where DuckDB's error message begins to quote the query
SPARE = 2 << 30  # bytes of address space beyond the database's memory


def main() -> int:
    """Run the query; the reason for a refusal is written to standard output."""
    folder, as_of, memory, threads = Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    resource.setrlimit(resource.RLIMIT_AS, (memory + SPARE, memory + SPARE))
    sql = (folder / "query.sql").read_text(encoding="utf-8")
    try:
        columns = _answer(_sandbox(folder, f"{memory}B", threads), sql, as_of)
    except (duckdb.Error, ValueError, MemoryError) as error:
        sys.stdout.buffer.write(_reason(str(error)).encode() or b"it needs too much memory")
        return REFUSED
    values = {f"column_{number}": _plain(column) for number, column in enumerate(columns.values())}
    np.savez(folder / "answer.npz", names=np.array(list(columns), dtype=np.str_), **values)  # type: ignore[arg-type]
    return 0


def _sandbox(folder: Path, memory: str, threads: str) -> duckdb.DuckDBPyConnection:
    sandbox = duckdb.connect(
        config={
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
        }
    )
    for table in folder.glob("*.parquet"):
        sandbox.read_parquet(str(table)).create(table.stem)
    for setting in ("enable_external_access", "allow_community_extensions"):
        sandbox.execute(f"set {setting} = false")
    sandbox.execute("set lock_configuration = true")
    return sandbox


def _answer(sandbox: duckdb.DuckDBPyConnection, sql: str, as_of: date) -> dict[str, Any]:
    statements = sandbox.extract_statements(sql)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise ValueError("it must hold exactly one SELECT statement")
    named = {"as_of": as_of} if "as_of" in statements[0].named_parameters else None
    query = statements[0].query
    try:
        answer: dict[str, Any] = sandbox.execute(query, named).fetchnumpy()
    except duckdb.Error as error:
        raise ValueError(_moved(str(error), sql[: sql.rindex(query)].count("\n"))) from None
    for name in answer:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", name):
            raise ValueError(f"the column {name[:60]!r} needs a plain name: letters, digits and underscores")
    return answer


def _moved(error: str, lines: int) -> str:
    """The error with its line number counted from the beginning of the file, `lines` before the statement."""
    return LINE.sub(lambda line: f"\n\nLINE {int(line[1]) + lines}:", error)


def _reason(error: str) -> str:
    """A DuckDB error as one sentence that begins with its line number, without suggestions of other columns."""
    reason = re.sub(r"^[\w ]*Error: ", "", LINE.split(error)[0])
    reason = " ".join(line for line in reason.splitlines() if line and not line.startswith("Candidate bindings"))
    line = LINE.search(error)
    return f"line {line[1]}: {reason}" if line else reason


def _plain(column: Any) -> np.ndarray[Any, Any]:
    """A column without Python objects: numbers with NaN for missing values, everything else as text."""
    values = np.ma.asarray(column)
    if values.dtype.kind in "iufb":
        return np.ma.filled(values.astype(np.float64), np.nan)
    return np.ma.filled(values.astype(object), None).astype(np.str_)


if __name__ == "__main__":
    sys.exit(main())
