"""The other readings of the same customers: maps, hierarchy, methods side by side, mixtures, RFM, basket themes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segmenter.analysis import comparison, hierarchy, lifetime, maps, mixture, rfm, themes
from segmenter.analysis.lifetime import Lifetime, PastOrders
from segmenter.analysis.reading_types import Comparison, HierarchyFinding, MixtureFinding
from segmenter.analysis.rfm import Rfm
from segmenter.analysis.themes import Themes
from segmenter.analysis.types import CustomerMap
from segmenter.config import Config
from segmenter.features.types import Baskets
from segmenter.study.core import Core


@dataclass(frozen=True)
class Readings:
    """What the other methods say."""

    map: CustomerMap
    hierarchy: HierarchyFinding
    comparison: Comparison
    mixture: MixtureFinding | None
    themes: Themes
    rfm: Rfm
    lifetime: Lifetime | None


def read(
    core: Core,
    drawn: Callable[[], CustomerMap],
    baskets: Baskets | None,
    past_orders: PastOrders | None,
    config: Config,
) -> Readings:
    """All readings; `drawn` waits for the map (`draw_map`), which takes longest and is made in parallel, so it is called last."""
    tree, side, soft = _methods(core, config)
    found = _themes(core, baskets, config)
    to_come = _to_come(core, past_orders, config) if past_orders else None
    quintiles = _rfm(core)
    return Readings(drawn(), tree, side, soft, found, quintiles, to_come)


def draw_map(core: Core, config: Config) -> CustomerMap:
    """The maps of at most `config.views.tsne_sample` customers."""
    return maps.build(
        core.matrix,
        core.placement.preparation.names,
        np.array(core.placement.numbers)[core.segmentation.labels],
        core.anomalies.is_anomaly,
        perplexity=config.views.perplexity,
        sample_size=config.views.tsne_sample,
        seed=config.engine.seed,
    )


def _methods(core: Core, config: Config) -> tuple[HierarchyFinding, Comparison, MixtureFinding | None]:
    """The hierarchical view, the methods side by side on its sample, and the Gaussian mixtures."""
    seed, segmentation, matrix = config.engine.seed, core.segmentation, core.matrix
    tree = hierarchy.build(
        matrix,
        segmentation.labels,
        segmentation.centroids,
        method=config.views.linkage,
        metric=config.views.metric,
        sample_size=config.views.hierarchy_sample,
        seed=seed,
    )
    rows = tree.sample
    labelings = {
        "kmeans": segmentation.labels[rows],
        "hierarchical": tree.labels,
        "bisecting": tree.divided,
        "dbscan": core.anomalies.labels[rows],
    }
    choice = segmentation.choice
    side = comparison.compare(
        matrix[rows],
        labelings,
        segmentation.n_clusters,
        choice.reference_silhouette,
        choice.crowd_silhouette,
        seed,
    )
    counts = (1, *(point.n_clusters for point in choice.points))  # 1, as there may be no groups
    soft = mixture.fit(matrix, segmentation.labels, counts, seed) if config.views.mixture and len(counts) > 1 else None
    return _numbered(tree.finding, core.placement.numbers), side, soft


def _numbered(tree: HierarchyFinding, numbers: tuple[int, ...]) -> HierarchyFinding:
    """The tree with the segments' lasting numbers instead of their labels in this run."""
    return replace(
        tree,
        leaf_segments=tuple(numbers[label] for label in tree.leaf_segments),
        merges=tuple((k, numbers[one], numbers[other]) for k, one, other in tree.merges),
        splits=tuple(
            replace(split, segments=(numbers[split.segments[0]], numbers[split.segments[1]])) for split in tree.splits
        ),
    )


def _rfm(core: Core) -> Rfm:
    recency, frequency, monetary = (core.table.column(name) for name in ("recency", "frequency", "monetary"))
    return rfm.score(recency, frequency, monetary, core.segmentation.labels, core.segmentation.n_clusters)


def _to_come(core: Core, past_orders: PastOrders, config: Config) -> Lifetime:
    """The next period's orders and money, under the segments' lasting numbers."""
    numbers = np.array(core.placement.numbers)[core.segmentation.labels]
    return lifetime.value_to_come(past_orders, config.history.period_days, numbers)


def _themes(core: Core, baskets: Baskets | None, config: Config) -> Themes:
    if baskets is None:
        return Themes(())
    rows = pd.Index(core.table.customer_id).get_indexer(pd.Index(baskets.customer_id))
    labels = np.where(rows >= 0, core.segmentation.labels[rows], -1)
    n_clusters = core.segmentation.n_clusters
    return themes.find(baskets.counts, baskets.products, labels, n_clusters, config.views.themes, config.engine.seed)
