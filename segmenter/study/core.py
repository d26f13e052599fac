"""The core of a study: customers prepared, placed in segments, and searched for anomalies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmenter.analysis import anomalies
from segmenter.analysis.allocator import give_back
from segmenter.analysis.explain import jury, severity, stake
from segmenter.analysis.prepare import prepare
from segmenter.analysis.types import Anomalies, Floats, Ints, Prepared, Segmentation
from segmenter.config import Config
from segmenter.features.types import FeatureTable
from segmenter.runs.acceptance import Following
from segmenter.study.placement import Placement, place_customers

MOSTLY = 0.5  # share of the customers without a value above which a feature is unknown


@dataclass(frozen=True)
class Core:
    """The customers of `table`, their segments, the anomalies among them; `severity` and `votes` are (n,)."""

    table: FeatureTable
    prepared: Prepared
    placement: Placement
    anomalies: Anomalies
    severity: Floats
    votes: Ints

    @property
    def segmentation(self) -> Segmentation:
        """The segments that have customers, counted from 0."""
        return self.placement.segmentation

    @property
    def matrix(self) -> Floats:
        """The customers (n, d) in the units that the segments are made in."""
        return self.placement.described.matrix


def core_of(table: FeatureTable, following: Following, config: Config) -> Core:
    """Prepare the customers, place them in segments and search them for anomalies."""
    prepared = prepare(
        table.values,
        table.names,
        config.prepare,
        use=_known(config.features.use, table),
        anomalies_use=_known(config.features.anomalies_use, table),
        units=table.units,
        seed=config.engine.seed,
    )
    labels = {each.name: each.label for each in table.features}
    unknown = [name for name in table.names if np.isnan(table.column(name)).mean() > MOSTLY]
    prepared, found = anomalies.search(prepared, config.dbscan, labels, unknown)
    give_back()
    placement = place_customers(table, prepared, found.is_anomaly, following, config)
    give_back()
    votes = jury(prepared.anomalies, placement.described.matrix, placement.segmentation, found)
    return Core(table, prepared, placement, found, severity(found, stake(table.values, table.features)), votes)


def _known(names: tuple[str, ...], table: FeatureTable) -> tuple[str, ...]:
    """The features of `names` that any customer has a value of."""
    return tuple(name for name in names if name in table.names and np.isfinite(table.column(name)).any())
