"""Sources -> the tables ``transactions`` and ``rejected``, and an account of every row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from segmenter.assets import query
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.engine.types import Engine
from segmenter.errors import ConfigError, DataError, SourceError
from segmenter.intake import lines
from segmenter.intake.account import account
from segmenter.intake.cache import Cache, Entry
from segmenter.intake.cache import append as append_kept
from segmenter.intake.meaning import ReadAgainError, Understood, understand
from segmenter.intake.readers import Layout, RawTable, read
from segmenter.intake.roles import Roles
from segmenter.intake.sources import SourceFile, examine, expand
from segmenter.intake.types import Intake, Reading, Recognition

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
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[str | Path],
    source: SourceConfig,
    rules: RulesConfig,
    cache: Path | None = None,
) -> Intake:
    """Read `sources` into the tables ``transactions`` and ``rejected`` of `connection`.

    Where they are several files, the folder `cache` spares those that were read before; the result is the same.

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
    shelf = Cache(cache, source) if cache and len(files) > 1 else None
    with tempfile.TemporaryDirectory(prefix="segmenter-") as folder:
        try:
            understood, dialects = _read(connection, files, source, Path(folder), shelf)
        finally:
            _check_unchanged(seen)  # also where it could not be read: that it is still being written is then why
    _check_currency(connection, rules)
    judge(connection, rules)
    readings = _readings(connection, files, understood, dialects)
    _name_rejected(connection, files)
    layouts = [(each.layout.header, each.meaning.roles) for each in understood]
    return Intake(readings, recognition(layouts), account(connection, rules))


def _read(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    source: SourceConfig,
    folder: Path,
    shelf: Cache | None,
) -> tuple[list[Understood], dict[int, str]]:
    """Create ``lines`` and ``rejected`` from what the cache holds and from the files that it does not.

    Returned are the layouts, and how each file was read, in words.
    """
    kept = shelf.find(connection, files) if shelf else {}
    while True:
        fresh = read(connection, {n: file for n, file in enumerate(files) if n not in kept}, source, folder)
        try:
            understood = [_understand(connection, *group, files, source) for group in _groups(fresh, kept)]
        except ReadAgainError as again:
            kept = {number: entry for number, entry in kept.items() if number not in again.files}
            continue
        break
    lines.create(connection)
    meanings = {each.layout: each for each in understood}
    for table in fresh:
        lines.append(connection, table, meanings[table.layout].meaning)
        if shelf:
            shelf.keep(connection, files, table, meanings[table.layout])
        connection.execute(f"DROP TABLE {table.name}")
    append_kept(connection, kept)
    dialects = [table.dialects for table in fresh] + [{n: entry.dialect} for n, entry in kept.items()]
    return understood, {number: words for each in dialects for number, words in each.items()}


def _groups(
    fresh: Sequence[RawTable], kept: Mapping[int, Entry]
) -> Iterator[tuple[Layout, list[RawTable], dict[int, Entry]]]:
    """Layouts in the order of their first files, text before tables, each with its files read now and before."""
    first: dict[Layout, int] = {}
    numbers = [(n, table.layout) for table in fresh for n in table.dialects] + [(n, e.layout) for n, e in kept.items()]
    for number, layout in sorted(numbers, key=lambda pair: pair[0]):
        first.setdefault(layout, number)
    for layout in sorted(first, key=lambda each: (not each.is_text, first[each])):
        tables = [table for table in fresh if table.layout == layout]
        yield layout, tables, {n: entry for n, entry in kept.items() if entry.layout == layout}


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
    connection: duckdb.DuckDBPyConnection,
    layout: Layout,
    tables: Sequence[RawTable],
    kept: Mapping[int, Entry],
    files: Sequence[SourceFile],
    source: SourceConfig,
) -> Understood:
    first = min((*(number for table in tables for number in table.dialects), *kept))
    return understand(connection, tables, kept, layout, str(files[first].path), source)


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
    else:
        refuse_several_currencies(connection)


def refuse_several_currencies(connection: Engine) -> None:
    """Stop where ``lines`` holds amounts of several currencies.

    Raises
    ------
    DataError
        It does.
    """
    found = connection.execute(
        "SELECT DISTINCT upper(currency) AS name FROM lines WHERE currency IS NOT NULL ORDER BY name"
    ).fetchall()
    if len(found) > 1:
        names = ", ".join(row[0] for row in found[:6])
        raise DataError(
            f"The export holds several currencies ({names}), which cannot be added up. "
            'Choose one in the configuration: [rules] currency = "...", or convert them first.'
        )


def judge(connection: Engine, rules: RulesConfig) -> None:
    """Create ``judged`` (every record of ``lines`` with its fate) and ``transactions``."""
    for table in ("repeated", "matched"):
        connection.execute(f"CREATE TABLE {table} AS SELECT CAST(NULL AS BIGINT) AS record WHERE FALSE")
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


def _overlaps(connection: Engine) -> list[tuple[Any, Any]]:
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
    understood: Sequence[Understood],
    dialects: Mapping[int, str],
) -> tuple[Reading, ...]:
    rows = dict(connection.execute("SELECT file, count(*) FROM lines GROUP BY file").fetchall())
    formats = {number: each.meaning.formats.in_words for each in understood for number in each.files}
    return tuple(
        Reading(file.path.name, file.sha256, file.n_bytes, rows.get(n, 0), f"{dialects[n]}, {formats[n]}")
        for n, file in enumerate(files)
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


def recognition(layouts: Sequence[tuple[Sequence[str], Roles]]) -> Recognition:
    """Columns by role, from pairs of header and roles; layouts that name them differently are listed beside each other."""
    columns: dict[str, str] = {}
    reasons: dict[str, str] = {}
    used: set[str] = set()
    for header, roles in layouts:
        for role, index in roles.index.items():
            known = columns.get(role, "").split(" / ")
            columns[role] = " / ".join(dict.fromkeys([*filter(None, known), header[index]]))
            reasons.setdefault(role, roles.reasons[role])
            used.add(header[index])
    ignored = dict.fromkeys(name for header, _ in layouts for name in header if name not in used)
    return Recognition(columns, reasons, tuple(ignored))


def suggest_config(intake: Intake) -> dict[str, Any]:
    """The tables of keys that pin what was recognised, for `segmenter init`."""
    columns = {role: name for role, name in intake.recognition.columns.items() if " / " not in name}
    if not columns:
        raise SourceError("The files name their columns differently; write one configuration per layout.")
    return {"source": {"columns": columns}}
