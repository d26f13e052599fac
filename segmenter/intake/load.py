"""Sources -> the tables ``transactions`` and ``rejected``, and an account of every row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.engine.types import Engine
from segmenter.errors import ConfigError, SourceError
from segmenter.folders import temporary_folder
from segmenter.intake.account import account, check
from segmenter.intake.cache import Cache
from segmenter.intake.context import Context
from segmenter.intake.kinds import check_rules
from segmenter.intake.parse import glance, parse
from segmenter.intake.recognition import recognition
from segmenter.intake.records import placeholder_ids
from segmenter.intake.schema import Parsed
from segmenter.intake.settlement import create_views, settle
from segmenter.intake.sources import SourceFile, as_text, examine, expand, unread_warnings
from segmenter.intake.types import Intake, Reading, Reject, RowAccount
from segmenter.intake.undecided import Doubt, UndecidedError, Way

SHOWN_REJECTS = 100
CURRENCY_CODE = re.compile("[A-Z]{3}")  # ISO 4217


def open_connection(memory_limit: str, threads: int | None, folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in UTC that loads no extensions and spills to `folder` beyond `memory_limit`."""
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
    connection.execute("SET enable_progress_bar = false")  # DuckDB would show its own on a terminal
    return connection


def load(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[str | Path],
    source: SourceConfig,
    rules: RulesConfig,
    cache: Path | None = None,
    as_of: date | None = None,
    *,
    is_judged: bool = True,
) -> Intake:
    """Read `sources` into the tables ``transactions`` and ``rejected`` of `connection`.

    Of several files, those that were read before are taken from the folder `cache`; the result is the same. Records later
    than `as_of` are set aside. Without `is_judged` the account is returned however few rows can be used.

    Raises
    ------
    SourceError
        A source is missing or unreadable, or can be read in two ways.
    DataError
        What was read is not enough to analyse, or a policy of `rules` refuses it.
    """
    _check_pattern(connection, rules.non_product_pattern)
    check_rules(source.columns, rules)
    paths = expand(sources)
    stamps = {path: _stamp(path) for path in paths}
    files = [examine(path) for path in paths]
    with temporary_folder() as folder:
        context = Context(connection, files, source, rules, folder)
        try:
            parsed = parse(context, Cache(cache, context) if cache and len(files) > 1 else None)
        finally:
            _check_unchanged(stamps)  # explains any other error on a file that changed
    currency = currency_of(connection, rules)
    _judge(connection, rules, as_of)
    layouts = [(each.layout.header, each.schema.roles) for each in parsed]
    counted = account(connection, rules, currency, [roles for _, roles in layouts])
    if is_judged:
        check(connection, counted, rules)
    counted = replace(counted, warnings=(*counted.warnings, *unread_warnings(sources)))
    readings = _readings(connection, files, parsed)
    return Intake(readings, recognition(layouts), counted, _rejects(connection, files), currency)


def recognised(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[str | Path], source: SourceConfig, rules: RulesConfig
) -> Intake:
    """What is recognised of `sources` by their first records, without an account, and the doubts about the columns.

    Raises
    ------
    SourceError
        A source is missing or unreadable.
    """
    files = [examine(path) for path in expand(sources)]
    with temporary_folder() as folder:
        seen = glance(Context(connection, files, source, rules, folder))
    readings = {
        number: _reading(files[number], each.n_records[number], words)
        for each in seen
        for number, words in each.dialects.items()
    }
    doubts: dict[str, Doubt] = {}  # files of one kind leave the same open, which is told of the first
    for doubt in (doubt for each in seen for doubt in each.doubts):
        doubts.setdefault(str(doubt.ways or doubt.what), doubt)
    found = recognition([(each.layout.header, each.roles) for each in seen])
    return Intake(_by_number(readings), found, RowAccount(0, Decimal(0), ()), doubts=tuple(doubts.values()))


def _stamp(path: Path) -> tuple[int, int]:
    """Size and modification time, which change while a file is still being written."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0)
    return stat.st_size, stat.st_mtime_ns


def _check_unchanged(stamps: dict[Path, tuple[int, int]]) -> None:
    for path, stamp in stamps.items():
        if _stamp(path) != stamp:
            raise SourceError(
                f"{path} changed while it was read: it is still being written. Run again when it is complete, or have it "
                "written under another name and renamed."
            )


def _check_pattern(connection: duckdb.DuckDBPyConnection, pattern: str) -> None:
    """Refuse a pattern that DuckDB cannot compile: RE2 lacks some of Python's syntax."""
    try:
        connection.execute("SELECT regexp_full_match('', ?)", [pattern])
    except duckdb.Error as error:
        raise ConfigError(f"rules.non_product_pattern is not a regular expression: {error}. Correct it.") from None


def currency_of(connection: Engine, rules: RulesConfig) -> str:
    """The currency (ISO 4217) of the amounts in ``records``; empty where the export gives no code.

    Raises
    ------
    UndecidedError
        There are several currencies and `rules` does not choose one.
    """
    found = connection.execute(
        "SELECT DISTINCT upper(currency) AS name FROM records WHERE currency IS NOT NULL AND fate <> 'other_kind' ORDER BY name"
    ).fetchall()
    if rules.currency:
        found = [(rules.currency.upper(),)] if found else []
    if len(found) > 1:
        names = [name for (name,) in found[:6]]
        what = f"The export holds several currencies ({', '.join(names)}), which cannot be added up. Choose one, or convert them first."
        raise UndecidedError(
            [Doubt(what, tuple(Way({"rules": {"currency": name}}, f"to keep {name} alone") for name in names))]
        )
    codes = [name for (name,) in found if CURRENCY_CODE.fullmatch(name)]
    return codes[0] if codes else ""


def _judge(connection: duckdb.DuckDBPyConnection, rules: RulesConfig, as_of: date | None) -> None:
    """Decide what becomes of each record; rows are set aside first, because such a row cancels no sale."""
    for fate, ids in placeholder_ids(rules).items():  # a join is faster than a look-up per record
        _set_aside(connection, fate, "customer_id IN (SELECT unnest(CAST($value AS VARCHAR[])))", ids)
    if as_of is not None:
        _set_aside(connection, "later", "CAST(ts AS DATE) > CAST($value AS DATE)", as_of)
    settle(connection, rules)
    _apply_settled(connection)
    create_views(connection)


def _set_aside(connection: duckdb.DuckDBPyConnection, fate: str, condition: str, value: object) -> None:
    """Set the `fate` of the rows that meet `condition` on `value`, except unreadable ones and those of other kinds."""
    connection.execute(
        "UPDATE lines SET fate = CAST($fate AS fate), status = NULL WHERE fate NOT IN ('other_kind', 'unreadable') "  # noqa: S608 - ours
        f"AND {condition}",
        {"fate": fate, "value": value},
    )


def _apply_settled(connection: duckdb.DuckDBPyConnection) -> None:
    """Update ``lines`` in place with the fates in ``settled``, which are few."""
    connection.execute(
        "UPDATE lines SET fate = settled.fate, status = settled.status FROM settled WHERE lines.rowid = settled.record"
    )
    for table in ("candidates", "deductions", "settled"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


def _readings(
    connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile], parsed: Sequence[Parsed]
) -> tuple[Reading, ...]:
    n_rows = dict(connection.execute("SELECT file, count(*) FROM lines GROUP BY file").fetchall())
    readings = {}
    for each in parsed:
        formats = each.schema.formats
        for number, dialect in each.dialects.items():
            words = f"{dialect}, {formats.in_words}"
            found = _reading(files[number], n_rows.get(number, 0), words)
            readings[number] = replace(found, date_order=formats.order, decimal=formats.decimal)
    return _by_number(readings)


def _reading(file: SourceFile, n_rows: int, words: str) -> Reading:
    return Reading(as_text(file.path.name), file.tally.sha256, file.tally.n_bytes, n_rows, words)


def _by_number(readings: Mapping[int, Reading]) -> tuple[Reading, ...]:
    return tuple(readings[number] for number in sorted(readings))


def _rejects(connection: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> tuple[Reject, ...]:
    """Replace file numbers by names in ``rejected``, sorted by file and line; returns the first rows."""
    connection.execute(
        'CREATE OR REPLACE TABLE rejected AS SELECT $names[file + 1] AS file, line, "column", reason, text FROM rejected '
        "ORDER BY rejected.file, line, reason",
        {"names": [as_text(file.path.name) for file in files]},
    )
    found = connection.execute(f'SELECT file, line, "column", reason FROM rejected LIMIT {SHOWN_REJECTS}').fetchall()  # noqa: S608 - ours
    return tuple(Reject(*row) for row in found)
