"""Exports that lie in a Spark cluster, processed there under the same rules as any export.

A source is a URL that Spark reads (``s3a://``, ``hdfs://``, ``abfss://``, ``gs://``, ``file://``): CSV with a header where
it ends in ``.csv`` or ``.csv.gz``, else Parquet. ``table://catalog.schema.name`` is a table of the cluster's catalogue. Dates
and numbers have to be typed, or written as ISO 8601 and with a decimal point: formats are not guessed here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Any

from segmenter.assets import query
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.engine.spark import SparkEngine
from segmenter.engine.translation import expression
from segmenter.errors import SourceError
from segmenter.intake.account import account, check
from segmenter.intake.cluster_cells import ClusterCells, quoted
from segmenter.intake.kinds import check_rules
from segmenter.intake.load import currency_of
from segmenter.intake.orders import COLUMN_OF_ROLE, FROM_ORDER
from segmenter.intake.recognition import recognition
from segmenter.intake.records import Step, cells_of, currency_fault, placeholder_ids, policies, steps
from segmenter.intake.roles import Roles, recognise
from segmenter.intake.sample import N_ROWS, Sample
from segmenter.intake.settlement import create_views, settle
from segmenter.intake.sources import without_password
from segmenter.intake.types import Intake, Reading
from segmenter.intake.undecided import refuse

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import Column, DataFrame

MOST_REJECTED = 10_000  # rows that are fetched verbatim; all are counted
TABLE = "table://"
TORN = "_torn"  # the column with the text of CSV lines that have another number of cells than the header
IS_TORN = ("torn IS NOT NULL", "a different number of columns from the header", 0)


def lies_in_cluster(sources: Sequence[str]) -> bool:
    """Whether `sources` are URLs and not local files.

    Raises
    ------
    SourceError
        They are a mixture.
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
    """Read `sources` into the cluster's ``transactions``, and the first unreadable rows into ``rejected`` of `connection`.

    Records later than `as_of` are set aside.

    Raises
    ------
    SourceError
        A source is missing or unreadable, or can be read in two ways.
    DataError
        What was read is not enough to analyse, or a policy of `rules` refuses it.
    """
    check_rules(source.columns, rules)
    found = [_open_source(engine, number, url, source, rules) for number, url in enumerate(sources)]
    read = [_read(engine, each, rules) for each in found]
    _create_records(engine, reduce(lambda one, other: one.unionByName(other), (rows for _, rows in read)), rules, as_of)
    currency = currency_of(engine, rules)
    settle(engine, rules)
    _apply_settled(engine)
    create_views(engine)
    counted = account(engine, rules, currency, [each.roles for each in found])
    check(engine, counted, rules)
    engine.session.catalog.uncacheTable("judged")
    _fetch_rejected(engine, sources, connection)
    recognised = recognition([(each.columns, each.roles) for each in found])
    return Intake(tuple(reading for reading, _ in read), recognised, counted, currency=currency)


@dataclass(frozen=True)
class _Source:
    """One source: its number, its URL, its rows as they are stored, and the roles of its columns."""

    number: int
    url: str
    frame: DataFrame
    roles: Roles

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the export."""
        return _columns(self.frame)

    @property
    def cells(self) -> ClusterCells:
        """SQL of its cells."""
        return ClusterCells({role: self.columns[at] for role, at in self.roles.index.items()}, dict(self.frame.dtypes))


def _columns(frame: DataFrame) -> tuple[str, ...]:
    return tuple(name for name in frame.columns if name != TORN)


def _open_source(engine: SparkEngine, number: int, url: str, source: SourceConfig, rules: RulesConfig) -> _Source:
    frame = _open(engine, url)
    header = _columns(frame)
    whole = frame.where(f"{TORN} is null") if TORN in frame.columns else frame
    texts = whole.limit(N_ROWS).selectExpr(*(f"cast({quoted(name)} as string)" for name in header))
    sample = Sample(header, [tuple(row) for row in texts.collect()], url)
    roles, doubts = recognise(sample, source.columns, rules)
    refuse(doubts)
    return _Source(number, url, frame, roles)


def _read(engine: SparkEngine, source: _Source, rules: RulesConfig) -> tuple[Reading, DataFrame]:
    """How one source was read, and its typed records (see `segmenter.intake.records`)."""
    reading, leaves_blank = _count(source)
    rows = _typed(source, rules)
    if leaves_blank:
        rows = _with_orders(engine, rows)
    return reading, _with_faulty_names(_with_step(currency_fault(source.roles, rules), rows), source)


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
    """The rows of a CSV as text, without empty ones; lines with too few or too many cells are in the column `TORN`."""
    reader = session.read.option("header", "true").option("escape", '"').option("columnPruning", "false")
    header = reader.csv(url).columns
    schema = ", ".join(f"{quoted(name)} string" for name in (*header, TORN))
    rows: DataFrame = reader.schema(schema).option("columnNameOfCorruptRecord", TORN).csv(url)
    return rows.where(" or ".join(f"{quoted(name)} <> ''" for name in rows.columns))


def _typed(source: _Source, rules: RulesConfig) -> DataFrame:
    """The typed records of one source, numbered from 1, with their text."""
    torn = TORN if TORN in source.frame.columns else "cast(null as string)"
    written = ", ".join(f"coalesce(cast({quoted(name)} as string), '')" for name in source.columns)
    columns = {
        "file": str(source.number),
        "record": "monotonically_increasing_id() + 1",
        **cells_of(source.cells, source.roles),
        "torn": torn,
        "text": f"coalesce({torn}, concat_ws(',', {written}))",
    }
    rows = source.frame.selectExpr(*(f"{sql} as {name}" for name, sql in columns.items()))
    return reduce(lambda each, step: _with_step(step, each), steps(source.roles, rules, IS_TORN), rows)


def _with_step(step: Step, rows: DataFrame) -> DataFrame:
    """The `rows` with the columns of `step` replaced or added."""
    from pyspark.sql.functions import expr

    return rows.withColumns({name: expr(expression(sql)) for name, sql in step.items()})


def _with_faulty_names(rows: DataFrame, source: _Source) -> DataFrame:
    """The `rows` with the name of the faulty column in place of its number; empty where the whole record is at fault."""
    from pyspark.sql.functions import array, col, get, lit

    names = array(*(lit(name) for name in ("", *source.columns)))
    return rows.withColumn("faulty", get(names, col("faulty")))


def _create_records(engine: SparkEngine, typed: DataFrame, rules: RulesConfig, as_of: date | None) -> None:
    """Create ``records``, each row with its fate and a unique number, and ``rejected`` with the faulty rows."""
    from pyspark.sql.functions import col, lit, monotonically_increasing_id

    typed.drop("text").createOrReplaceTempView("typed")
    judged = engine.execute(query("intake_lines"), policies(rules)).frame
    is_row = ~col("fate").isin("other_kind", "unreadable")
    for name, ids in placeholder_ids(rules).items():
        judged = _judged_where(judged, col("customer_id").isin(ids) & is_row, lit(name), lit(None))
    if as_of is not None:
        judged = _judged_where(judged, (col("ts").cast("date") > lit(as_of)) & is_row, lit("later"), lit(None))
    engine.keep(judged.withColumn("record", monotonically_increasing_id())).createOrReplaceTempView("records")
    faulty = typed.where("fault is not null")
    rejected = faulty.selectExpr("file", "record as line", "faulty as `column`", "fault as reason", "text")
    engine.keep(rejected).createOrReplaceTempView("rejected")  # so that no query reads the source again


def _judged_where(rows: DataFrame, condition: Column, fate: Column, status: Column) -> DataFrame:
    """The `rows` with a new fate and status where `condition` holds."""
    from pyspark.sql.functions import col, when

    new = {"fate": fate, "status": status}
    return rows.withColumns({name: when(condition, value).otherwise(col(name)) for name, value in new.items()})


def _apply_settled(engine: SparkEngine) -> None:
    """Replace ``records`` by a join with the fates in ``settled``: tables in Spark cannot be updated."""
    from pyspark.sql.functions import col

    settled = engine.session.table("settled").selectExpr("record", "fate as new_fate", "status as new_status")
    joined = engine.session.table("records").join(settled, "record", "left")
    changed = _judged_where(joined, col("new_fate").isNotNull(), col("new_fate"), col("new_status"))
    changed.createOrReplaceTempView("records")


def _fetch_rejected(engine: SparkEngine, sources: Sequence[str], connection: duckdb.DuckDBPyConnection) -> None:
    found = engine.execute(
        'select file, line, "column", reason, text from rejected order by file, line limit $n', {"n": MOST_REJECTED}
    )
    connection.execute(
        'CREATE OR REPLACE TABLE rejected (file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR)'
    )
    rows = [(without_password(sources[file]), *rest) for file, *rest in found.fetchall()]
    if rows:
        connection.executemany("INSERT INTO rejected VALUES (?, ?, ?, ?, ?)", rows)


def _count(source: _Source) -> tuple[Reading, bool]:
    """The source with an order-independent hash of its rows, and whether cells may have to be filled in from their order."""
    columns, cells, known = ", ".join(map(quoted, source.columns)), source.cells, source.roles.index
    roles = [role for role in COLUMN_OF_ROLE if role in known] if "order" in known else []
    filled = [f"{cells.is_given(role)} as h{n}" for n, role in enumerate(roles)]
    back = f"{cells.number('refunded')} <> 0 as back" if "refunded" in roles else "false as back"
    ((n_rows, one, other, n_back, *counts),) = source.frame.selectExpr(f"xxhash64({columns}) as h", back, *filled).selectExpr(
        "count(*)", "bit_xor(h)", "sum(cast(h as decimal(38, 0)))", "count_if(back)",
        *(f"count_if(h{n})" for n in range(len(roles))),
    ).collect()  # fmt: skip
    digest = hashlib.sha256(f"{n_rows} {one} {other}".encode()).hexdigest()
    words = f"{len(source.columns)} columns, read in the cluster"
    reading = Reading(without_password(source.url), digest, 0, n_rows, words)
    return reading, n_back > 1 or any(0 < count < n_rows for count in counts)


def _with_orders(engine: SparkEngine, typed: DataFrame) -> DataFrame:
    """The rows of one source, with blanks filled in from other lines of the order."""
    typed.createOrReplaceTempView("typed")
    joined = typed.join(engine.execute(query("intake_orders")).frame, ["file", "order_id"], "left")
    return _with_step(FROM_ORDER, joined).select(typed.columns)
