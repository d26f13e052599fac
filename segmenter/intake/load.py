"""Sources -> the tables ``transactions`` and ``rejected``, and an account of every row."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from segmenter.assets import query
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import ConfigError, DataError, SourceError
from segmenter.intake import lines
from segmenter.intake.account import account
from segmenter.intake.formats import Formats, find_formats
from segmenter.intake.readers import RawTable, read
from segmenter.intake.roles import Roles, recognise
from segmenter.intake.sources import SourceFile, examine, expand
from segmenter.intake.types import Intake, Reading, Recognition

SAMPLE = 2000
CANCELLED = r"^(cancel|storn|void|annul|refus|declin|fail)"


def open_connection(memory_limit: str, threads: int | None, folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in UTC that fetches no extension and spills into `folder` beyond `memory_limit`."""
    config: dict[str, Any] = {
        "memory_limit": memory_limit,
        "temp_directory": str(folder),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }
    if threads:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def load(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str | Path], source: SourceConfig, rules: RulesConfig
) -> Intake:
    """Read `sources` into the tables ``transactions`` and ``rejected`` of `connection`.

    Raises
    ------
    SourceError
        A source is missing or unreadable, or can be read in two ways.
    DataError
        What was read is not enough to analyse, or a policy of `rules` refuses it.
    """
    _check_pattern(connection, rules.non_product_pattern)
    paths = expand(sources)
    seen = {path: _stamp(path) for path in paths}
    files = [examine(path) for path in paths]
    lines.create(connection)
    with tempfile.TemporaryDirectory(prefix="segmenter-") as folder:
        tables = read(connection, files, source, Path(folder))
        understood = [(table, *_understand(connection, table, files, source)) for table in tables]
        for table, roles, formats in understood:
            lines.append(connection, table, roles, formats)
            connection.execute(f"DROP TABLE {table.name}")
    _check_unchanged(seen)
    _check_currency(connection, rules)
    _judge(connection, rules)
    readings = _readings(connection, files, understood)
    _name_rejected(connection, files)
    return Intake(readings, _recognition(understood), account(connection, rules))


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of the last change, by which a file that is still being written is known."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_size, found.st_mtime_ns


def _check_unchanged(seen: dict[Path, tuple[int, int]]) -> None:
    for path, stamp in seen.items():
        if _stamp(path) != stamp:
            raise SourceError(
                f"{path} changed while it was read: it is still being written. Run again when it is complete, or have it "
                "written under another name and renamed."
            )


def _understand(
    connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[SourceFile], source: SourceConfig
) -> tuple[Roles, Formats]:
    name = str(files[table.files[0]].path)
    columns = ", ".join(f"c{index}" for index in range(len(table.header)))
    sample = connection.execute(f"SELECT {columns} FROM {table.name} LIMIT {SAMPLE}").fetchall()  # noqa: S608 - our names
    roles = recognise(table.header, sample, source.columns, name)
    numbers = [f"c{roles.index[role]}" for role in ("amount", "quantity", "unit_price") if role in roles.index]
    return roles, find_formats(connection, table.name, f"c{roles.index['time']}", numbers, table.is_typed, name, source)


def _check_pattern(connection: duckdb.DuckDBPyConnection, pattern: str) -> None:
    """DuckDB's regular expressions know less than Python's, so that only it can tell."""
    try:
        connection.execute("SELECT regexp_full_match('', ?)", [pattern])
    except duckdb.Error as error:
        raise ConfigError(f"rules.non_product_pattern is no regular expression: {error}. Mend it.") from None


def _check_currency(connection: duckdb.DuckDBPyConnection, rules: RulesConfig) -> None:
    """Keep one currency; amounts of several are never added up."""
    if rules.currency:
        connection.execute(
            "UPDATE lines SET fault = 'another currency' WHERE currency IS NOT NULL AND upper(currency) <> ?",
            [rules.currency.upper()],
        )
        return
    found = connection.execute(
        "SELECT DISTINCT upper(currency) FROM lines WHERE currency IS NOT NULL ORDER BY 1"
    ).fetchall()
    if len(found) > 1:
        names = ", ".join(row[0] for row in found[:6])
        raise DataError(
            f"The export holds several currencies ({names}), which cannot be added up. "
            'Choose one in the configuration: [rules] currency = "...", or convert them first.'
        )


def _judge(connection: duckdb.DuckDBPyConnection, rules: RulesConfig) -> None:
    """Create ``judged`` (every record with its fate) and ``transactions``."""
    connection.execute("CREATE TABLE repeated (record BIGINT); CREATE TABLE matched (record BIGINT)")
    if rules.overlap == "count_once":
        for first, last in _overlaps(connection):
            connection.execute(query("intake_repeated"), {"first": first, "last": last})
    taken_back = connection.execute("SELECT 1 FROM lines WHERE amount < 0 LIMIT 1").fetchall()
    if rules.cancellations == "net" and taken_back:
        connection.execute(query("intake_matched"), {"cancelled": CANCELLED})
    connection.execute(
        query("intake_judged"),
        {
            "cancelled": CANCELLED,
            "non_product": rules.non_product_pattern,
            "drop_non_products": rules.non_product_codes == "set_aside",
            "drop_negative_price": rules.negative_price == "set_aside",
            "drop_zero": rules.zero_price == "set_aside",
            "drop_cancellations": rules.cancellations == "drop",
        },
    )
    connection.execute(query("intake_transactions"), {"keep_cancelled": rules.cancellations != "drop"})


def _overlaps(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, Any]]:
    """Spans of time that several files cover, merged so that none touches another."""
    spans = sorted((first, last) for _, first, last in connection.execute(query("intake_spans")).fetchall())
    shared: list[tuple[Any, Any]] = []
    latest = None
    for first, last in spans:
        if latest is not None and first <= latest:
            begin, end = first, min(last, latest)
            if shared and begin <= shared[-1][1]:
                shared[-1] = (shared[-1][0], max(shared[-1][1], end))
            else:
                shared.append((begin, end))
        latest = last if latest is None else max(latest, last)
    return shared


def _readings(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    understood: Sequence[tuple[RawTable, Roles, Formats]],
) -> tuple[Reading, ...]:
    rows = dict(connection.execute("SELECT file, count(*) FROM lines GROUP BY file").fetchall())
    words = {
        number: f"{table.dialect}, {formats.in_words}" for table, _, formats in understood for number in table.files
    }
    return tuple(
        Reading(file.path.name, file.sha256, file.n_bytes, rows.get(number, 0), words[number])
        for number, file in enumerate(files)
    )


def _name_rejected(connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> None:
    """Put file names in place of file numbers, in the order of the files and lines."""
    connection.execute("CREATE TEMP TABLE file_names (file INTEGER, name VARCHAR)")
    connection.executemany(
        "INSERT INTO file_names VALUES (?, ?)", [(n, file.path.name) for n, file in enumerate(files)]
    )
    connection.execute(
        "CREATE OR REPLACE TABLE rejected AS SELECT n.name AS file, r.line, r.reason, r.text "
        "FROM rejected r JOIN file_names n ON n.file = r.file ORDER BY r.file, r.line, r.reason"
    )


def _recognition(understood: Sequence[tuple[RawTable, Roles, Formats]]) -> Recognition:
    """Columns by role; files that name them differently are listed beside each other."""
    columns: dict[str, str] = {}
    reasons: dict[str, str] = {}
    used: set[str] = set()
    for table, roles, _ in understood:
        for role, index in roles.index.items():
            name = table.header[index]
            known = columns.get(role, "").split(" / ")
            columns[role] = " / ".join(dict.fromkeys([*filter(None, known), name]))
            reasons.setdefault(role, roles.reasons[role])
            used.add(name)
    ignored = dict.fromkeys(name for table, _, _ in understood for name in table.header if name not in used)
    return Recognition(columns, reasons, tuple(ignored))


def suggest_config(intake: Intake) -> dict[str, Any]:
    """The tables of keys that pin what was recognised, for `segmenter init`."""
    columns = {role: name for role, name in intake.recognition.columns.items() if " / " not in name}
    if not columns:
        raise SourceError("The files name their columns differently; write one configuration per layout.")
    return {"source": {"columns": columns}}
