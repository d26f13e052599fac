"""Runs the feature queries and lays their columns side by side."""

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
OURS = frozenset(feature.name for features in CATALOGUE.values() for feature in features)
ALIKE = (
    "The ids of {n} customers differ from others only in capitals, like ab1 and AB1. They count as different "
    "customers: if they are the same, give them one id in the export."
)
UNUSED = "{column} of your own SQL decides nothing and is only shown: features.use and features.anomalies_use do not name it."


def check(config: FeaturesConfig) -> None:
    """Check, before an export is read, that all features asked for exist and that a team's own queries can be run.

    They are run on empty tables, which shows every fault that does not depend on the rows.

    Raises
    ------
    ConfigError
        A file of `config.folder` is not a query that gives features, or `config` asks for unknown ones.
    """
    known = [feature.name for features in CATALOGUE.values() for feature in features]
    if config.folder is not None:
        with closing(duckdb.connect()) as nothing:
            nothing.execute(query("transactions_none"))
            as_of = config.as_of or datetime.now(UTC).date()
            _create_tables(nothing, as_of)
            known += [feature.name for feature, _, _ in _custom(nothing, config, as_of, "en")]
    _wanted(config, known)


def unused_warnings(table: FeatureTable, config: FeaturesConfig) -> tuple[str, ...]:
    """A sentence for each feature of a team's own that neither the segments nor the search for odd customers use."""
    if not config.use or not config.anomalies_use:
        return ()  # where none are named, all are used
    named = {*config.use, *config.anomalies_use}
    return tuple(UNUSED.format(column=name) for name in table.names if name not in OURS | named)


def similar_id_warnings(connection: Engine) -> tuple[str, ...]:
    """A sentence where customers of the table that was built have ids that differ in capitals alone."""
    ((n,),) = connection.execute(query("customers_alike")).fetchall()
    return (ALIKE.format(n=f"{n:,}"),) if n else ()


def build(connection: Engine, config: FeaturesConfig, language: str = "en") -> FeatureTable:
    """One row of features per customer with a transaction up to `config.as_of`.

    Features that no customer has a value for, such as pieces in an export without quantities, are
    left out, unless `config` asks for them. A team's own have their words in `language` where their file gives some.
    The tables ``orders``, ``days`` and one per query stay in the connection.

    Raises
    ------
    DataError
        There is no transaction up to `config.as_of`.
    ConfigError
        A file of `config.folder` is not a query that gives features, or `config` asks for unknown ones.
    """
    as_of = resolve_as_of(connection, config.as_of)
    customer_id, columns = _own_features(connection, as_of)
    features = [feature for features in CATALOGUE.values() for feature in features]
    for feature, ids, values in _custom(connection, config, as_of, language):
        features.append(feature)
        columns[feature.name] = aligned(customer_id, ids, values)
    wanted = _wanted(config, columns)
    kept = tuple(f for f in features if f.name in wanted or not np.isnan(columns[f.name]).all())
    return FeatureTable(customer_id, np.column_stack([columns[f.name] for f in kept]), kept, as_of)


def period_revenue(connection: Engine, table: FeatureTable, days: int) -> NDArray[np.float64]:
    """Money (n_customers,), net of returns, in the `days` days up to the table's date."""
    asked = {"until": first_day_not_seen(connection, table.as_of), "days": days}
    return np.nan_to_num(per_customer(connection, "period_revenue", asked)["revenue"])


def first_day_not_seen(connection: Engine, as_of: date) -> date:
    """`as_of`, which is the day after the last by default, or the day after where there are transactions of that day."""
    counted = "select count(*) from transactions where cast(ts as date) = cast($as_of as date)"
    ((n_transactions,),) = connection.execute(counted, {"as_of": as_of}).fetchall()
    return as_of + timedelta(days=1 if n_transactions else 0)


def _custom(
    connection: Engine, config: FeaturesConfig, as_of: date, language: str
) -> Iterator[tuple[Feature, NDArray[Any], NDArray[Any]]]:
    """Features of a team's own, each under a name that no other has."""
    taken = set(OURS)
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
    asked = "select cast(min(ts) as date) as first, cast(max(ts) as date) as last from transactions"
    ((first, last),) = connection.execute(asked).fetchall()
    if last is None:
        raise DataError("There are no transactions of a customer; see the row account for what was set aside.")
    if as_of is not None and as_of < first:
        raise DataError(f"as_of = {as_of} lies before the first transaction ({first}); name a later day.")
    return as_of or last + timedelta(days=1)


def _own_features(connection: Engine, as_of: date) -> tuple[NDArray[np.str_], Columns]:
    """The features of every query, joined by customer."""
    _create_tables(connection, as_of)
    for name in CATALOGUE:
        _create_table(connection, name, name, as_of)
    base, *others = CATALOGUE
    columns = ", ".join(f"{name}.{feature.name}" for name, features in CATALOGUE.items() for feature in features)
    joins = " ".join(f"left join {name} on {name}.customer_id = {base}.customer_id" for name in others)
    asked = f"select {base}.customer_id, {columns} from {base} {joins} order by {base}.customer_id"  # noqa: S608 - our names
    found = cast(Columns, connection.execute(asked).fetchnumpy())
    customer_id = np.asarray(found.pop("customer_id"), dtype=np.str_)
    return customer_id, {name: _numbers(values) for name, values in found.items()}


def _create_tables(connection: Engine, as_of: date) -> None:
    """The tables that other queries read."""
    _create_table(connection, "orders", "features_orders", as_of)
    _create_table(connection, "days", "features_days", as_of)


def _create_table(connection: Engine, table: str, name: str, as_of: date) -> None:
    """The answer of the query `name` as a table of the connection."""
    sql = query(name)
    connection.execute(f"create or replace temp table {table} as {sql}", {"as_of": as_of} if "$as_of" in sql else None)


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Floating-point numbers, NaN where one is missing."""
    return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)


def per_customer(connection: Engine, name: str, asked: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    """The columns of a query of one row per customer, in the order of the feature table, NaN where one has no row."""
    found = cast(
        Columns,
        connection.execute(
            f"select features_value.customer_id, answer.* exclude (customer_id) from features_value left join ({query(name)}) "  # noqa: S608 - ours
            "as answer on answer.customer_id = features_value.customer_id order by features_value.customer_id",
            asked,
        ).fetchnumpy(),
    )
    return {name: _numbers(values) for name, values in found.items() if name != "customer_id"}


def aligned(customer_id: NDArray[np.str_], ids: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
    """`values` of the customers `ids` in the order of `customer_id` (sorted), NaN where one has none."""
    result = np.full(len(customer_id), np.nan)
    if len(ids) and len(customer_id):
        names = np.asarray(ids, dtype=np.str_)
        place = np.minimum(np.searchsorted(customer_id, names), len(customer_id) - 1)
        known = customer_id[place] == names
        result[place[known]] = _numbers(values)[known]
    return result
