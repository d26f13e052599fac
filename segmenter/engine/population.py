"""Places all customers in the Spark cluster, where the study was fitted on a sample of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segmenter.analysis.cards import TYPICAL
from segmenter.analysis.findings import Preparation
from segmenter.analysis.kmeans import assign
from segmenter.analysis.preparation import apply
from segmenter.analysis.types import Floats, Ints
from segmenter.assets import query

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

    from segmenter.engine.spark import SparkEngine

MEDIAN_ACCURACY = 10_000  # the relative error of a median's rank is at most 1 / this


@dataclass(frozen=True)
class Rule:
    """How a study places a customer, as plain numbers that are sent to the workers.

    A customer, prepared by `segments`, belongs to the nearest of the `centroids` (k, d). Prepared by `search`, the customer
    is odd if no core point of an ordinary DBSCAN cluster, `ordinary` (m, e), lies within `eps`. `names` are the columns of
    the raw features.
    """

    names: tuple[str, ...]
    segments: Preparation
    centroids: Floats
    search: Preparation
    ordinary: Floats
    eps: float

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.ordinary)

    def place(self, values: Floats) -> tuple[Ints, Floats]:
        """The segment (n,) for raw features (n, p), and the distance (n,) to the nearest ordinary core point, 0 within eps."""
        segments = assign(apply(self.segments, self._columns(values, self.segments)), self.centroids)
        beyond = np.zeros(len(values))
        if len(self.ordinary) and len(values):
            points = apply(self.search, self._columns(values, self.search))
            near, _ = self._tree.query(points, distance_upper_bound=np.nextafter(self.eps, np.inf))
            odd = ~np.isfinite(near)
            beyond[odd] = self._tree.query(points[odd])[0]
        return segments, beyond

    def _columns(self, values: Floats, preparation: Preparation) -> Floats:
        return values[:, [self.names.index(name) for name in preparation.names]]


@dataclass(frozen=True)
class Odd:
    """Odd customers from outside the sample, sorted by id: raw features (n, p), segments, and distances (see `Rule.place`)."""

    customer_id: NDArray[np.str_]
    values: Floats
    segments: Ints
    beyond: Floats


@dataclass(frozen=True)
class Population:
    """Figures of all customers, with k segments and p features in the order of the rule's names.

    `sizes`, `revenue` and `n_odd` are (k,), `medians` (k, p) and `overall` (p,), NaN where too few have a value. `odd` are the
    customers farthest from the ordinary ones.
    """

    sizes: Ints
    revenue: Floats
    n_odd: Ints
    medians: Floats
    overall: Floats
    odd: Odd

    @property
    def n_customers(self) -> int:
        """Number of customers."""
        return int(self.sizes.sum())


def place_everybody(
    engine: SparkEngine, rule: Rule, queries: Sequence[str], as_of: date, *, most_odd: int
) -> Population:
    """Place every customer in the cluster by `rule`; `queries` compute the features, one row per customer.

    The rows stay in the cluster as the table ``placed`` (customer_id, segment, beyond and the features). At most `most_odd`
    of the odd customers are returned.
    """
    placed = engine.keep(_everybody(engine, queries, rule.names, as_of).mapInArrow(_placing(rule), _schema(rule)))
    placed.createOrReplaceTempView("placed")
    ((sizes, revenue, n_odd), medians) = _counted(placed, rule)
    overall = _floats(placed.agg(*_medians(rule)).collect()[0])
    odd = _odd(engine, placed, most_odd)
    return Population(sizes.astype(np.int64), revenue, n_odd.astype(np.int64), medians, overall, odd)


def keep_placed(engine: SparkEngine, segments: Sequence[tuple[int, str]], target: str) -> None:
    """Write the table ``placed`` into the folder `target` as Parquet, with the segments' numbers and names.

    `segments` has these in the order of the rule's centroids.
    """
    from pyspark.sql.functions import broadcast, col

    rows = [(at, number, name) for at, (number, name) in enumerate(segments)]
    names = engine.session.createDataFrame(rows, "at int, segment int, segment_name string")
    placed = engine.session.table("placed").withColumnRenamed("segment", "at")
    named = placed.join(broadcast(names), "at").withColumn("is_anomaly", col("beyond") > 0)
    features = placed.columns[3:]
    named.select("customer_id", "segment", "segment_name", "is_anomaly", *features).write.parquet(target)


def _everybody(engine: SparkEngine, queries: Sequence[str], names: Sequence[str], as_of: date) -> DataFrame:
    """The joined feature queries for all customers; the engine cached their results when they were first run."""
    first, *others = (engine.execute(query(name), {"as_of": as_of}).frame for name in queries)
    for other in others:
        first = first.join(other, "customer_id", "left")
    return first.select("customer_id", *(first[name].cast("double").alias(name) for name in names))


def _schema(rule: Rule) -> str:
    return ", ".join(["customer_id string, segment int, beyond double", *(f"`{name}` double" for name in rule.names)])


def _placing(rule: Rule) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function by which a worker places its share of the customers."""

    def place(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            customer_id, *columns = batch.columns
            values = np.column_stack([column.to_numpy(zero_copy_only=False) for column in columns])
            segments, beyond = rule.place(values)
            found = [customer_id, pa.array(segments.astype(np.int32)), pa.array(beyond), *columns]
            yield pa.RecordBatch.from_arrays(found, ["customer_id", "segment", "beyond", *rule.names])

    return place


def _counted(placed: DataFrame, rule: Rule) -> tuple[Floats, Floats]:
    """Size, revenue and number of odd customers per segment (3, k), and the medians (k, p), NaN where few have the feature."""
    from pyspark.sql import functions

    figures = [functions.count("*"), functions.sum("monetary"), functions.count_if(functions.col("beyond") > 0)]
    counts, medians = np.zeros((len(rule.centroids), 3)), np.full((len(rule.centroids), len(rule.names)), np.nan)
    known = [functions.count(name) for name in rule.names]
    for segment, *found in placed.groupBy("segment").agg(*figures, *known, *_medians(rule)).collect():
        counts[segment], (having, middle) = _floats(found[:3]), _floats(found[3:]).reshape(2, -1)
        medians[segment] = np.where(having >= TYPICAL * counts[segment, 0], middle, np.nan)
    return counts.T, medians


def _medians(rule: Rule) -> list[Column]:
    from pyspark.sql import functions

    return [functions.percentile_approx(name, 0.5, MEDIAN_ACCURACY) for name in rule.names]


def _odd(engine: SparkEngine, placed: DataFrame, most: int) -> Odd:
    from pyspark.sql import functions

    odd = placed.where("beyond > 0")
    if engine.drawn is not None:
        odd = odd.join(engine.drawn, "customer_id", "left_anti")
    farthest = odd.orderBy(functions.desc("beyond"), "customer_id").limit(most).toArrow().sort_by("customer_id")
    ids, segments, beyond, *values = (column.to_numpy() for column in farthest.columns)
    return Odd(ids.astype(np.str_), np.column_stack(values), segments.astype(np.int64), beyond)


def _floats(figures: Sequence[Any]) -> Floats:
    """`figures` as floats, NaN for None."""
    return np.array([np.nan if figure is None else figure for figure in figures], dtype=np.float64)
