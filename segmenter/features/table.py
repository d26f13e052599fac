"""Runs the feature queries and joins their columns into one table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import duckdb
import numpy as np
from numpy.typing import NDArray

from segmenter.assets import query
from segmenter.config.analysis import FeaturesConfig
from segmenter.engine.types import Engine
from segmenter.errors import ConfigError, DataError
from segmenter.features.catalogue import CATALOGUE
from segmenter.features.custom import custom_features
from segmenter.features.types import Feature, FeatureTable

Columns = dict[str, NDArray[Any]]
BUILT_IN = frozenset(feature.name for features in CATALOGUE.values() for feature in features)
ALIKE = (
    "The ids of {n} customers differ from others only in capitals, like ab1 and AB1. They count as different "
    "customers: if they are the same, give them one id in the export."
)
UNUSED = "{column} of your own SQL decides nothing and is only shown: features.use and features.anomalies_use do not name it."


def check(config: FeaturesConfig) -> None:
    """Check, before an export is read, that all configured features exist and that user-defined queries can be run.

    They are run on empty tables, which shows every fault that does not depend on the rows.

    Raises
    ------
    ConfigError
        A file of `config.folder` does not yield features, or `config` names unknown ones.
    """
    known = [feature.name for features in CATALOGUE.values() for feature in features]
    if config.folder is not None:
        with closing(duckdb.connect()) as empty:
            empty.execute(query("transactions_none"))
            as_of = config.as_of or datetime.now(UTC).date()
            _create_tables(empty, as_of)
            known += [feature.name for feature, _, _ in _custom(empty, config, as_of, "en")]
    _wanted(config, known)


def unused_warnings(table: FeatureTable, config: FeaturesConfig) -> tuple[str, ...]:
    """A warning for each user-defined feature that neither the segments nor the search for anomalies use."""
    if not config.use or not config.anomalies_use:
        return ()  # where none are named, all are used
    named = {*config.use, *config.anomalies_use}
    return tuple(UNUSED.format(column=name) for name in table.names if name not in BUILT_IN | named)


def similar_id_warnings(connection: Engine) -> tuple[str, ...]:
    """A warning where ids of customers differ only in upper and lower case; needs the tables that `build` creates."""
    ((n,),) = connection.execute(query("customers_alike")).fetchall()
    return (ALIKE.format(n=f"{n:,}"),) if n else ()


def build(connection: Engine, config: FeaturesConfig, language: str = "en") -> FeatureTable:
    """One row of features per customer with a transaction up to `config.as_of`.

    Features without a value for any customer, such as pieces in an export without quantities, are left out unless `config`
    names them. User-defined features have their labels in `language` where their file has some. The tables ``orders``,
    ``days`` and one per query stay in the connection.

    Raises
    ------
    DataError
        There is no transaction up to `config.as_of`.
    ConfigError
        A file of `config.folder` does not yield features, or `config` names unknown ones.
    """
    as_of = resolve_as_of(connection, config.as_of)
    customer_id, columns = _built_in_features(connection, as_of)
    features = [feature for features in CATALOGUE.values() for feature in features]
    for feature, ids, values in _custom(connection, config, as_of, language):
        features.append(feature)
        columns[feature.name] = aligned(customer_id, ids, values)
    wanted = _wanted(config, columns)
    included = tuple(f for f in features if f.name in wanted or not np.isnan(columns[f.name]).all())
    return FeatureTable(customer_id, np.column_stack([columns[f.name] for f in included]), included, as_of)


def period_revenue(connection: Engine, table: FeatureTable, days: int) -> NDArray[np.float64]:
    """Money (n_customers,), net of returns, in the `days` days up to the table's date."""
    period = {"until": end_of_period(connection, table.as_of), "days": days}
    return np.nan_to_num(per_customer(connection, "period_revenue", period)["revenue"])


def end_of_period(connection: Engine, as_of: date) -> date:
    """The exclusive end of the transactions seen from `as_of`: that day, or the next where that day has transactions itself."""
    counted = "select count(*) from transactions where cast(ts as date) = cast($as_of as date)"
    ((n_transactions,),) = connection.execute(counted, {"as_of": as_of}).fetchall()
    return as_of + timedelta(days=1 if n_transactions else 0)


def _custom(
    connection: Engine, config: FeaturesConfig, as_of: date, language: str
) -> Iterator[tuple[Feature, NDArray[Any], NDArray[Any]]]:
    """The user-defined features, after a check that their names are unique."""
    taken = set(BUILT_IN)
    for feature, ids, values in custom_features(connection, config.folder, as_of, language):
        if feature.name in taken:
            raise ConfigError(f"The folder {config.folder} gives {feature.name} a second time; rename one of the two.")
        taken.add(feature.name)
        yield feature, ids, values


def _wanted(config: FeaturesConfig, names: Collection[str]) -> set[str]:
    """Features that the configuration names, of those called `names`."""
    wanted = {*config.use, *config.anomalies_use}
    unknown = sorted(wanted - set(names))
    if unknown:
        known = ", ".join(names)
        raise ConfigError(
            f"[features] asks for {', '.join(unknown)}, which is not a feature; the features are {known}."
        )
    return wanted


def resolve_as_of(connection: Engine, as_of: date | None) -> date:
    """`as_of`, or the day after the last transaction.

    Raises
    ------
    DataError
        There is no transaction up to that day.
    """
    span = "select cast(min(ts) as date) as first, cast(max(ts) as date) as last from transactions"
    ((first, last),) = connection.execute(span).fetchall()
    if last is None:
        raise DataError("There are no transactions of a customer; see the row account for what was set aside.")
    if as_of is not None and as_of < first:
        raise DataError(f"as_of = {as_of} lies before the first transaction ({first}); name a later day.")
    return as_of or last + timedelta(days=1)


def _built_in_features(connection: Engine, as_of: date) -> tuple[NDArray[np.str_], Columns]:
    """The customers and the features of every query in the catalogue, joined."""
    _create_tables(connection, as_of)
    for name in CATALOGUE:
        _create_table(connection, name, name, as_of)
    base, *others = CATALOGUE
    columns = ", ".join(f"{name}.{feature.name}" for name, features in CATALOGUE.items() for feature in features)
    joins = " ".join(f"left join {name} on {name}.customer_id = {base}.customer_id" for name in others)
    joined = f"select {base}.customer_id, {columns} from {base} {joins} order by {base}.customer_id"  # noqa: S608 - our names
    table = cast(Columns, connection.execute(joined).fetchnumpy())
    customer_id = np.asarray(table.pop("customer_id"), dtype=np.str_)
    return customer_id, {name: _numbers(values) for name, values in table.items()}


def _create_tables(connection: Engine, as_of: date) -> None:
    """Create the tables that other queries read."""
    _create_table(connection, "orders", "features_orders", as_of)
    _create_table(connection, "days", "features_days", as_of)


def _create_table(connection: Engine, table: str, name: str, as_of: date) -> None:
    """Create `table` from the result of the query `name`."""
    sql = query(name)
    connection.execute(f"create or replace temp table {table} as {sql}", {"as_of": as_of} if "$as_of" in sql else None)


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """`values` as floats, NaN where missing."""
    return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)


def per_customer(connection: Engine, name: str, parameters: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    """The columns of a query with one row per customer, in the order of the feature table, NaN for customers without a row."""
    found = cast(
        Columns,
        connection.execute(
            f"select features_value.customer_id, answer.* exclude (customer_id) from features_value left join ({query(name)}) "  # noqa: S608 - ours
            "as answer on answer.customer_id = features_value.customer_id order by features_value.customer_id",
            parameters,
        ).fetchnumpy(),
    )
    return {name: _numbers(values) for name, values in found.items() if name != "customer_id"}


def aligned(customer_id: NDArray[np.str_], ids: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
    """The `values` of the customers `ids` in the order of the sorted `customer_id`, NaN where there is none."""
    result = np.full(len(customer_id), np.nan)
    if len(ids) and len(customer_id):
        names = np.asarray(ids, dtype=np.str_)
        place = np.minimum(np.searchsorted(customer_id, names), len(customer_id) - 1)
        known = customer_id[place] == names
        result[place[known]] = _numbers(values)[known]
    return result
