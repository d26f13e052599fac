"""Exports that lie in the cluster: read, typed and judged there, by the same rules as any export.

A source is a URL that Spark reads (``s3a://``, ``hdfs://``, ``abfss://``, ``gs://``, ``file://``): Parquet, or CSV with a
header where its name ends so. ``table://catalog.schema.name`` is a table of the cluster's catalogue. Dates and
numbers are typed there or written as ISO 8601 and with a decimal point: nobody guesses at a billion rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Any

from segmenter.assets import query
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.engine.spark import SparkEngine
from segmenter.errors import SourceError
from segmenter.intake.account import account, of_orders
from segmenter.intake.flags import NO
from segmenter.intake.lines import FLOAT_ID, SCALES, nobody, policies
from segmenter.intake.load import currency_of, recognition
from segmenter.intake.meaning import SAMPLE
from segmenter.intake.moments import EPOCH, UNCLOCKED, believable
from segmenter.intake.orders import FILLED, TOLD
from segmenter.intake.roles import Roles, recognise
from segmenter.intake.settlement import settle, show
from segmenter.intake.sources import without_password
from segmenter.intake.types import OTHER_CURRENCY, Intake, Reading
from segmenter.intake.values import ABOUT, NOTHING

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import Column, DataFrame

MOST_REJECTED = 10_000  # rows that come home verbatim; all are counted
TABLE = "table://"
TORN = "_torn"  # the column for a CSV's lines of another number of cells than its header, as they stand there
DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]"  # what Spark reads without one, such as 10:00 or 2025, is no moment
CLOCKS = ("H:mm:ss", "H:mm", "h:mm:ssa", "h:mma")


def lies_in_cluster(sources: Sequence[str]) -> bool:
    """True where `sources` are URLs, False where they are files of this machine.

    Raises
    ------
    SourceError
        Some are, others are not.
    """
    there = ["://" in source for source in sources]
    if any(there) and not all(there):
        raise SourceError("Some sources are URLs in the cluster, others files of this machine. Name only one kind.")
    return any(there)


def load_in_cluster(
    engine: SparkEngine,
    sources: Sequence[str],
    source: SourceConfig,
    rules: RulesConfig,
    connection: duckdb.DuckDBPyConnection,
    as_of: date | None = None,
) -> Intake:
    """Read `sources` into the table ``transactions`` of the cluster, and the first unreadable rows into ``rejected`` here.

    Records later than `as_of` are set aside.

    Raises
    ------
    SourceError
        A source is missing or unreadable, or can be read in two ways.
    DataError
        What was read is not enough to analyse, or a policy of `rules` refuses it.
    """
    frames = [_open(engine, url) for url in sources]
    roles = [_roles(frame, source, url) for frame, url in zip(frames, sources, strict=True)]
    counted = [_count(*each) for each in zip(frames, roles, sources, strict=True)]
    typed = [_typed(frame, each, number) for number, (frame, each) in enumerate(zip(frames, roles, strict=True))]
    typed = [_with_orders(engine, each) if blank else each for each, (_, blank) in zip(typed, counted, strict=True)]
    typed = [_of_one_currency(*each, rules) for each in zip(typed, frames, roles, strict=True)]
    _keep(engine, reduce(lambda one, other: one.unionByName(other), typed), rules, as_of)
    currency = currency_of(engine, rules)
    settle(engine, rules)
    _change(engine)
    show(engine)
    told = account(engine, rules)
    told = replace(told, warnings=(*told.warnings, *of_orders(roles)))
    engine.session.catalog.uncacheTable("judged")
    _bring_rejected(engine, sources, connection)
    layouts = [(_columns(frame), each) for frame, each in zip(frames, roles, strict=True)]
    return Intake(tuple(reading for reading, _ in counted), recognition(layouts), told, currency=currency)


def _open(engine: SparkEngine, url: str) -> DataFrame:
    from pyspark.errors import PySparkException

    session = engine.session
    try:
        if url.startswith(TABLE):
            return session.table(url.removeprefix(TABLE))
        if url.lower().rstrip("/").endswith((".csv", ".csv.gz")):
            return _open_csv(session, url)
        return session.read.parquet(url)
    except PySparkException as error:
        reason = str(error).split("\n", 1)[0]
        raise SourceError(
            f"{without_password(url)} cannot be read by the cluster: {without_password(reason)} Check the address and its rights."
        ) from None


def _open_csv(session: Any, url: str) -> DataFrame:
    """The rows of a CSV as texts, but for lines of nothing but delimiters; one with too few or too many cells is in `TORN`."""
    reader = session.read.option("header", "true").option("escape", '"').option("columnPruning", "false")
    header = reader.csv(url).columns
    schema = ", ".join(f"{_quoted(name)} string" for name in (*header, TORN))
    rows: DataFrame = reader.schema(schema).option("columnNameOfCorruptRecord", TORN).csv(url)
    return rows.where(" or ".join(f"{_quoted(name)} <> ''" for name in rows.columns))


def _columns(frame: DataFrame) -> tuple[str, ...]:
    """The columns that the export has."""
    return tuple(name for name in frame.columns if name != TORN)


def _roles(frame: DataFrame, source: SourceConfig, url: str) -> Roles:
    whole = frame.where(f"{TORN} is null") if TORN in frame.columns else frame
    texts = whole.limit(SAMPLE).selectExpr(*(f"cast({_quoted(name)} as string)" for name in _columns(frame)))
    return recognise(_columns(frame), [tuple(row) for row in texts.collect()], source.columns, url)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _typed(frame: DataFrame, roles: Roles, number: int) -> DataFrame:
    """The rows of one source as those of ``lines``, numbered from 1, with their text."""
    names = {role: _columns(frame)[index] for role, index in roles.index.items()}
    raw = {role: _quoted(name) for role, name in names.items()}
    torn = TORN if TORN in frame.columns else "null"
    faults = [(f"{torn} is not null", "another number of columns than the header", ""), *_faults(raw, names)]
    whole_id = f"regexp_replace({_text(_id(frame, names['customer']))}, '{FLOAT_ID}', '$1')"
    columns = {
        "customer_id": f"lower({whole_id})" if roles.by_address else whole_id,
        "ts": _moment(raw),
        **{
            f"{role}_id" if role == "order" else role: _text(raw.get(role))
            for role in ("order", "product", "description")
        },
        "category": _text(raw.get("category")),
        "quantity": _number(raw, "quantity"),
        "unit_price": _number(raw, "unit_price"),
        "amount": _amount(raw),
        "refunded": f"abs({_number(raw, 'refunded')})",
        "status": _status(raw),
        "currency": _text(raw.get("currency")),
        "email": _email(raw.get("email")),
        "fault": _case(faults, 1),
        "faulty": _case(faults, 2),
        "text": f"coalesce({torn}, concat_ws(',', "
        + ", ".join(f"coalesce(cast({_quoted(name)} as string), '')" for name in _columns(frame))
        + "))",
    }
    numbers = f"{number} as file", "monotonically_increasing_id() + 1 as record"
    return frame.selectExpr(*numbers, *(f"{sql} as {name}" for name, sql in columns.items()))


def _id(frame: DataFrame, name: str) -> str:
    """SQL of the ids in the column `name`; whole ones that went through a float have all their digits, and not 1.2E7."""
    column = _quoted(name)
    if dict(frame.dtypes)[name] not in {"double", "float"}:
        return column
    whole = f"cast(try_cast({column} as decimal(38, 0)) as string)"
    return f"case when {column} = floor({column}) then {whole} else cast({column} as string) end"


def _stated_moment(raw: dict[str, str]) -> str:
    """SQL of the moment in the column of times, as its clock shows it where it tells its distance from UTC, or by seconds since 1970."""
    text = _trimmed(raw["time"])
    shown = f"try_cast({text} as timestamp_ntz)"
    since = f"cast(timestamp_seconds(try_cast(left({text}, 10) as bigint)) as timestamp_ntz)"
    return f"case when {text} rlike '^{DAY}' then {believable(shown)} when {text} rlike '^({EPOCH})$' then {since} end"


def _moment(raw: dict[str, str]) -> str:
    """SQL of the moment, to whose day a time of day is added where the export writes it apart."""
    moment = _stated_moment(raw)
    if "time_of_day" not in raw:
        return moment
    text = f"upper(regexp_replace({_trimmed(raw['time_of_day'])}, '{UNCLOCKED}', ''))"
    clock = f"coalesce({', '.join(f'try_to_timestamp({text}, {shape!r})' for shape in CLOCKS)})"
    apart = f"make_dt_interval(0, hour({clock}), minute({clock}), second({clock}))"
    return f"case when {clock} is null or {moment} <> date_trunc('day', {moment}) then {moment} else {moment} + {apart} end"


def _text(column: str | None) -> str:
    """SQL of a text value; what exports write for nothing is NULL."""
    if column is None:
        return "cast(null as string)"
    text = _trimmed(column)
    return f"case when {text} not in ({', '.join(map(repr, NOTHING))}) then {text} end"


def _status(raw: dict[str, str]) -> str:
    """SQL of the order's status, which the day of a cancellation tells as well as a word does."""
    status, day = _text(raw.get("status")), _text(raw.get("cancelled"))
    return f"case when not regexp_like(lower({day}), '^({NO})$') then 'cancelled' else {status} end"


def _email(column: str | None) -> str:
    """SQL of an address's SHA-256, of its text trimmed and in lower case; NULL where there is none."""
    if column is None:
        return "cast(null as string)"
    address = _trimmed(column)
    return f"case when {address} like '%_@_%' then sha2(lower({address}), 256) end"


def _trimmed(column: str) -> str:
    return f"btrim(cast({column} as string), '{ABOUT}')"


def _number(raw: dict[str, str], role: str) -> str:
    return f"try_cast({raw.get(role, 'null')} as decimal(18, {SCALES[role]}))"


def _amount(raw: dict[str, str]) -> str:
    if {"amount", "quantity"} <= raw.keys():
        stated = _number(raw, "amount")
        return f"case when {_number(raw, 'quantity')} < 0 and {stated} > 0 then -{stated} else {stated} end"
    if "amount" in raw:
        return _number(raw, "amount")
    price = f"cast({_number(raw, 'unit_price')} as decimal(20, 6))"
    money = f"{price} * {_number(raw, 'quantity')}" if "quantity" in raw else price
    return f"try_cast(round({money}, 4) as decimal(18, 4))"


def _said(text: str) -> str:
    """`text` as a string of Spark's SQL, where a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _case(faults: Sequence[tuple[str, str, str]], place: int) -> str:
    """SQL of the reason (1) or the column (2) of the first of the `faults` that a row has, NULL where it has none."""
    cases = [f"when {fault[0]} then {_said(fault[place])}" for fault in faults]
    return f"case {' '.join(cases)} end"


def _faults(raw: dict[str, str], names: dict[str, str]) -> list[tuple[str, str, str]]:
    """SQL that is true where a row has a fault, the reason, and the column's name; an empty cell is no fault."""
    values = {"time": _stated_moment(raw), **{role: _number(raw, role) for role in SCALES if role in raw}}
    found = [
        (
            f"{_text(raw[role])} is not null and {value} is null",
            "a date that cannot be read" if role == "time" else "a number that cannot be read",
            names[role],
        )
        for role, value in values.items()
    ]
    if "amount" not in raw and "quantity" in raw:
        both = f"{_text(raw['quantity'])} is not null and {_text(raw['unit_price'])} is not null"
        found.append((f"{both} and {_amount(raw)} is null", "an amount too large to store", names["unit_price"]))
    return found


def _of_one_currency(rows: DataFrame, frame: DataFrame, roles: Roles, rules: RulesConfig) -> DataFrame:
    """The `rows` of one source, `frame`, where those of a currency that the rules do not keep have that fault and no other."""
    from pyspark.sql.functions import expr

    if not rules.currency or "currency" not in roles.index:
        return rows
    other = f"fault is null and upper(currency) <> {_said(rules.currency.upper())}"
    told = {"fault": OTHER_CURRENCY, "faulty": _columns(frame)[roles.index["currency"]]}
    return rows.withColumns(
        {name: expr(f"case when {other} then {_said(text)} else {name} end") for name, text in told.items()}
    )


def _keep(engine: SparkEngine, typed: DataFrame, rules: RulesConfig, as_of: date | None) -> None:
    """Make ``records`` of the rows, each with its fate and a number of its own, and ``rejected`` of the faulty ones."""
    from pyspark.sql.functions import col, lit, monotonically_increasing_id

    typed.drop("text").createOrReplaceTempView("typed")
    judged = engine.execute(query("intake_lines"), policies(rules)).frame
    is_row = col("fate") != "unreadable"
    for name, ids in nobody(rules).items():
        judged = _where(judged, col("customer_id").isin(ids) & is_row, lit(name), lit(None))
    if as_of is not None:
        judged = _where(judged, (col("ts").cast("date") > lit(as_of)) & is_row, lit("later"), lit(None))
    engine.keep(judged.withColumn("record", monotonically_increasing_id())).createOrReplaceTempView("records")
    faulty = typed.where("fault is not null")
    rejected = faulty.selectExpr("file", "record as line", "faulty as `column`", "fault as reason", "text")
    engine.keep(rejected).createOrReplaceTempView("rejected")  # few, and asked for often: each time costs a reading


def _where(rows: DataFrame, condition: Column, fate: Column, status: Column) -> DataFrame:
    """The `rows` with another fate and status where `condition` holds."""
    from pyspark.sql.functions import col, when

    new = {"fate": fate, "status": status}
    return rows.withColumns({name: when(condition, value).otherwise(col(name)) for name, value in new.items()})


def _change(engine: SparkEngine) -> None:
    """Give ``records`` the fates of ``settled``: a table here cannot be changed where it stands."""
    from pyspark.sql.functions import col

    settled = engine.session.table("settled").selectExpr("record", "fate as new_fate", "status as new_status")
    joined = engine.session.table("records").join(settled, "record", "left")
    changed = _where(joined, col("new_fate").isNotNull(), col("new_fate"), col("new_status"))
    changed.createOrReplaceTempView("records")


def _bring_rejected(engine: SparkEngine, sources: Sequence[str], connection: duckdb.DuckDBPyConnection) -> None:
    found = engine.execute(
        'select file, line, "column", reason, text from rejected order by file, line limit $n', {"n": MOST_REJECTED}
    )
    connection.execute(
        'CREATE TABLE rejected (file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR)'
    )
    rows = [(without_password(sources[file]), *rest) for file, *rest in found.fetchall()]
    if rows:
        connection.executemany("INSERT INTO rejected VALUES (?, ?, ?, ?, ?)", rows)


def _count(frame: DataFrame, roles: Roles, url: str) -> tuple[Reading, bool]:
    """The source with a hash of its rows, whatever their order; and whether an order's lines may leave blank what others say."""
    columns = ", ".join(map(_quoted, _columns(frame)))
    asked = [role for role in FILLED if role in roles.index and "order" in roles.index]
    raw = {role: _quoted(_columns(frame)[roles.index[role]]) for role in asked}
    filled = [f"{_text(raw[role])} is not null as h{n}" for n, role in enumerate(asked)]
    back = f"{_number(raw, 'refunded')} <> 0 as back"
    ((n_rows, one, other, n_back, *counts),) = frame.selectExpr(f"xxhash64({columns}) as h", back, *filled).selectExpr(
        "count(*)", "bit_xor(h)", "sum(cast(h as decimal(38, 0)))", "count_if(back)",
        *(f"count_if(h{n})" for n in range(len(asked))),
    ).collect()  # fmt: skip
    digest = hashlib.sha256(f"{n_rows} {one} {other}".encode()).hexdigest()
    reading = Reading(without_password(url), digest, 0, n_rows, f"{len(_columns(frame))} columns, read in the cluster")
    return reading, n_back > 1 or any(0 < count < n_rows for count in counts)


def _with_orders(engine: SparkEngine, typed: DataFrame) -> DataFrame:
    """The rows of one source with what their orders say on other lines."""
    from pyspark.sql.functions import expr

    typed.createOrReplaceTempView("typed")
    joined = typed.join(engine.execute(query("intake_told")).frame, ["file", "order_id"], "left")
    return joined.withColumns({name: expr(sql) for name, sql in TOLD.items()}).select(typed.columns)
