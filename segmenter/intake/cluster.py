"""Exports that lie in the cluster: read, typed and judged there, by the same rules as any export.

A source is a URL that Spark reads (``s3a://``, ``hdfs://``, ``abfss://``, ``gs://``, ``file://``): Parquet, or CSV with a
header where its name ends so. ``table://catalog.schema.name`` is a table of the cluster's catalogue. Dates and
numbers are typed there or written as ISO 8601 and with a decimal point: nobody guesses at a billion rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Any

from segmenter.assets import query
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.engine.dialect import expression
from segmenter.engine.spark import SparkEngine
from segmenter.errors import SourceError
from segmenter.intake.account import account, check
from segmenter.intake.cluster_cells import ClusterCells, quoted
from segmenter.intake.kinds import check_rules
from segmenter.intake.load import currency_of, recognition
from segmenter.intake.meaning import SAMPLE
from segmenter.intake.orders import FILLED, TOLD
from segmenter.intake.records import Step, cells_of, nobody, of_one_currency, policies, steps
from segmenter.intake.roles import Roles, recognise
from segmenter.intake.settlement import settle, show
from segmenter.intake.sources import without_password
from segmenter.intake.types import Intake, Reading

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import Column, DataFrame

MOST_REJECTED = 10_000  # rows that come home verbatim; all are counted
TABLE = "table://"
TORN = "_torn"  # the column for a CSV's lines of another number of cells than its header, as they stand there
IS_TORN = ("torn IS NOT NULL", "another number of columns than the header", 0)


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
    check_rules(source.columns, rules)
    frames = [_open(engine, url) for url in sources]
    roles = [_roles(frame, source, url, rules) for frame, url in zip(frames, sources, strict=True)]
    layouts = [(_columns(frame), each) for frame, each in zip(frames, roles, strict=True)]
    read = [_read(engine, number, *each, rules) for number, each in enumerate(zip(sources, frames, roles, strict=True))]
    _keep(engine, reduce(lambda one, other: one.unionByName(other), (rows for _, rows in read)), rules, as_of)
    currency = currency_of(engine, rules)
    settle(engine, rules)
    _change(engine)
    show(engine)
    counted = account(engine, rules, currency, roles)
    check(engine, counted, rules)
    engine.session.catalog.uncacheTable("judged")
    _bring_rejected(engine, sources, connection)
    return Intake(tuple(reading for reading, _ in read), recognition(layouts), counted, currency=currency)


def _read(
    engine: SparkEngine, number: int, url: str, frame: DataFrame, roles: Roles, rules: RulesConfig
) -> tuple[Reading, DataFrame]:
    """How one source was read, and its typed records (see `segmenter.intake.records`)."""
    reading, leaves_blank = _count(frame, roles, url)
    rows = _typed(frame, roles, number, rules)
    if leaves_blank:
        rows = _with_orders(engine, rows)
    return reading, _naming_faulty(_after(of_one_currency(roles, rules), rows), frame)


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
    schema = ", ".join(f"{quoted(name)} string" for name in (*header, TORN))
    rows: DataFrame = reader.schema(schema).option("columnNameOfCorruptRecord", TORN).csv(url)
    return rows.where(" or ".join(f"{quoted(name)} <> ''" for name in rows.columns))


def _columns(frame: DataFrame) -> tuple[str, ...]:
    """The columns that the export has."""
    return tuple(name for name in frame.columns if name != TORN)


def _roles(frame: DataFrame, source: SourceConfig, url: str, rules: RulesConfig) -> Roles:
    whole = frame.where(f"{TORN} is null") if TORN in frame.columns else frame
    texts = whole.limit(SAMPLE).selectExpr(*(f"cast({quoted(name)} as string)" for name in _columns(frame)))
    return recognise(_columns(frame), [tuple(row) for row in texts.collect()], source.columns, url, rules)


def _cells(frame: DataFrame, roles: Roles) -> ClusterCells:
    return ClusterCells({role: _columns(frame)[index] for role, index in roles.index.items()}, dict(frame.dtypes))


def _typed(frame: DataFrame, roles: Roles, number: int, rules: RulesConfig) -> DataFrame:
    """The records of one source by what they say themselves, numbered from 1, with their text."""
    torn = TORN if TORN in frame.columns else "cast(null as string)"
    written = ", ".join(f"coalesce(cast({quoted(name)} as string), '')" for name in _columns(frame))
    columns = {
        "file": str(number),
        "record": "monotonically_increasing_id() + 1",
        **cells_of(_cells(frame, roles), roles),
        "torn": torn,
        "text": f"coalesce({torn}, concat_ws(',', {written}))",
    }
    rows = frame.selectExpr(*(f"{sql} as {name}" for name, sql in columns.items()))
    return reduce(lambda each, step: _after(step, each), steps(roles, rules, IS_TORN), rows)


def _after(step: Step, rows: DataFrame) -> DataFrame:
    """The `rows` with the columns of `step` in the place of theirs or beside them."""
    from pyspark.sql.functions import expr

    return rows.withColumns({name: expr(expression(sql)) for name, sql in step.items()})


def _naming_faulty(rows: DataFrame, frame: DataFrame) -> DataFrame:
    """The `rows` of the source `frame` with the name of the faulty column in place of its number, none for all of a record."""
    from pyspark.sql.functions import array, col, get, lit

    names = array(*(lit(name) for name in ("", *_columns(frame))))
    return rows.withColumn("faulty", get(names, col("faulty")))


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
    columns, cells = ", ".join(map(quoted, _columns(frame))), _cells(frame, roles)
    asked = [role for role in FILLED if role in roles.index and "order" in roles.index]
    filled = [f"{cells.is_given(role)} as h{n}" for n, role in enumerate(asked)]
    back = f"{cells.number('refunded')} <> 0 as back" if "refunded" in asked else "false as back"
    ((n_rows, one, other, n_back, *counts),) = frame.selectExpr(f"xxhash64({columns}) as h", back, *filled).selectExpr(
        "count(*)", "bit_xor(h)", "sum(cast(h as decimal(38, 0)))", "count_if(back)",
        *(f"count_if(h{n})" for n in range(len(asked))),
    ).collect()  # fmt: skip
    digest = hashlib.sha256(f"{n_rows} {one} {other}".encode()).hexdigest()
    reading = Reading(without_password(url), digest, 0, n_rows, f"{len(_columns(frame))} columns, read in the cluster")
    return reading, n_back > 1 or any(0 < count < n_rows for count in counts)


def _with_orders(engine: SparkEngine, typed: DataFrame) -> DataFrame:
    """The rows of one source with what their orders say on other lines."""
    typed.createOrReplaceTempView("typed")
    joined = typed.join(engine.execute(query("intake_told")).frame, ["file", "order_id"], "left")
    return _after(TOLD, joined).select(typed.columns)
