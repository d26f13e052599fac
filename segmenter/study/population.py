"""A study of a sample, reported for all customers: figures counted in the cluster replace those of the sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from segmenter.analysis import neighbours
from segmenter.analysis.explain import jury, severity, stake
from segmenter.analysis.findings import Preparation, SegmentCard
from segmenter.analysis.oddness import oddness
from segmenter.analysis.preparation import apply
from segmenter.analysis.types import Anomalies, Floats
from segmenter.engine.population import Odd, Population, Rule, keep_placed, place_everybody
from segmenter.engine.spark import SparkEngine
from segmenter.engine.types import Engine
from segmenter.features.catalogue import CATALOGUE
from segmenter.features.types import FeatureTable
from segmenter.study.core import Core

PopulationOf = Callable[[Rule], Population]
DRAWN_PER_ODD = 100  # drawn customers per odd customer who is fetched from outside the sample


def population_of(engine: Engine, table: FeatureTable) -> PopulationOf | None:
    """A function that places and counts all customers by a study's rule, where `engine` drew those of `table`; else None."""
    if not isinstance(engine, SparkEngine) or engine.drawn is None:
        return None
    most_odd = len(table.customer_id) // DRAWN_PER_ODD
    return partial(place_everybody, engine, queries=tuple(CATALOGUE), as_of=table.as_of, most_odd=most_odd)


def keep_everybody(engine: Engine, cards: Sequence[SegmentCard], folder: str | None, run_id: str) -> None:
    """Write the segment of all customers as Parquet into ``<folder>/<run_id>``, where `engine` placed more than a run holds."""
    if isinstance(engine, SparkEngine) and engine.drawn is not None and folder is not None:
        keep_placed(engine, [(card.label, card.name) for card in cards], f"{folder}/{run_id}")


def rule_of(core: Core) -> Rule:
    """How the study's customers were placed, for customers that it has not seen."""
    ordinary = (core.anomalies.role == "core") & ~core.anomalies.rare_group
    searched = core.anomalies.finding.eps > 0
    return Rule(
        core.table.names,
        core.placement.preparation,
        core.segmentation.centroids,
        core.prepared.search,
        core.prepared.anomalies[ordinary & searched],
        core.anomalies.finding.eps,
    )


def counted(cards: tuple[SegmentCard, ...], population: Population, names: tuple[str, ...]) -> tuple[SegmentCard, ...]:
    """The cards, in label order, with the numbers of all customers; rules, stability and profiles stay the sample's."""
    revenue = population.revenue.sum()
    overall = dict(zip(names, map(float, population.overall), strict=True))
    return tuple(
        replace(
            card,
            customers=int(population.sizes[at]),
            customer_share=float(population.sizes[at] / population.n_customers),
            revenue=float(population.revenue[at]),
            revenue_share=float(population.revenue[at] / revenue) if revenue > 0 else 0.0,
            medians=dict(zip(names, map(float, population.medians[at]), strict=True)),
            overall=overall,
            n_anomalies=int(population.n_odd[at]),
        )
        for at, card in enumerate(cards)
    )


def notes(core: Core, population: Population) -> tuple[str, ...]:
    """What a reader must know of figures that come from a sample."""
    n, n_odd = len(core.table.customer_id), int(population.n_odd.sum())
    outside = len(population.odd.customer_id)
    return (
        f"The analysis used a sample of {n:,} customers, drawn by a hash of their ids; all {population.n_customers:,} "
        f"were then placed in the segments by the same rule. Sizes, revenue and medians cover all customers; maps, "
        "scores, rules and the list of customers cover the sample.",
        f"{n_odd:,} customers have no ordinary customer nearby; {outside:,} of those outside the sample, the farthest "
        f"from the ordinary, are listed with those in it.",
    )


def joined(core: Core, population: Population) -> Core:
    """The study's customers and, after them, the odd ones from outside, so that both are explained alike.

    The study's own customers keep their figures. Those from outside are at most a hundredth of them, so that they hardly
    change what is usual.
    """
    odd, n = population.odd, len(core.table.customer_id)
    if not len(odd.customer_id):
        return core
    matrix = np.vstack([core.matrix, _prepared(core.placement.preparation, core.table, odd)])
    searched = np.vstack([core.prepared.anomalies, _prepared(core.prepared.search, core.table, odd)])
    labels = np.concatenate([core.segmentation.labels, odd.segments])
    silhouette = np.concatenate([core.segmentation.silhouette, np.full(len(odd.beyond), np.nan)])
    segmentation = replace(core.segmentation, labels=labels, silhouette=silhouette)
    anomalies = _extended(core.anomalies, odd, searched)
    ids = np.concatenate([core.table.customer_id, odd.customer_id])
    table = replace(core.table, customer_id=ids, values=np.vstack([core.table.values, odd.values]))
    described = replace(core.placement.described, values=table.values, matrix=matrix, is_anomaly=anomalies.is_anomaly)
    severities = severity(anomalies, stake(table.values, table.features))
    votes = jury(searched, matrix, segmentation, anomalies)
    return replace(
        core,
        table=table,
        prepared=replace(core.prepared, segments=matrix, anomalies=searched),
        placement=replace(core.placement, segmentation=segmentation, described=described),
        anomalies=anomalies,
        severity=np.concatenate([core.severity, severities[n:]]),
        votes=np.concatenate([core.votes, votes[n:]]),
    )


def _prepared(preparation: Preparation, table: FeatureTable, odd: Odd) -> Floats:
    return apply(preparation, odd.values[:, [table.names.index(name) for name in preparation.names]])


def _extended(anomalies: Anomalies, odd: Odd, searched: Floats) -> Anomalies:
    """The verdicts, extended by noise for those from outside, who have no ordinary customer near."""
    n, more = len(anomalies.role), len(odd.beyond)
    eps = anomalies.finding.eps
    beyond = np.concatenate([np.zeros(n), odd.beyond])
    ordinary = np.flatnonzero((anomalies.role == "core") & ~anomalies.rare_group)
    nearest = ordinary[neighbours.nearest(searched[ordinary], searched[n:])[1]] if len(ordinary) else np.full(more, -1)
    return replace(
        anomalies,
        role=np.concatenate([anomalies.role, np.full(more, "noise", dtype=object)]),
        labels=np.concatenate([anomalies.labels, np.full(more, -1)]),
        rare_group=np.concatenate([anomalies.rare_group, np.zeros(more, dtype=bool)]),
        is_anomaly=np.concatenate([anomalies.is_anomaly, np.ones(more, dtype=bool)]),
        score=np.concatenate([anomalies.score, oddness(searched, beyond, eps)[n:]]),
        nearest=np.concatenate([anomalies.nearest, nearest]),
    )
