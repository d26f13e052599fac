"""What an analysis found, in plain numbers: everything here is written to run.json and read back.

Only str, int, float, bool, None, tuples, dicts and dataclasses of these. A curve is a tuple of floats.
"""

from __future__ import annotations

from dataclasses import dataclass

from segmenter.analysis.lifetime_types import LifetimeFinding
from segmenter.analysis.reading_types import (
    Comparison,
    Curve,
    HierarchyFinding,
    MapFinding,
    MixtureFinding,
    RfmFinding,
    Theme,
)

LEAST_CONTRAST = 1.5  # as among forty unrelated features; below it near and far mean little


@dataclass(frozen=True)
class Preparation:
    """How raw features become the segments' matrix; per used feature, in order of `names`.

    value -> fill where missing -> clip to [lower, upper] -> value / unit -> transform (`lambdas` for Yeo-Johnson)
    -> (value - center) / scale -> less the `leeway` that does not count -> @ components.T where PCA is on.
    """

    names: tuple[str, ...]
    fill: Curve
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    transform: str
    lambdas: tuple[float | None, ...]
    center: Curve
    scale: Curve
    components: tuple[Curve, ...] | None
    notes: tuple[str, ...]  # sentences: what was imputed, clipped and dropped, with counts
    transforms: tuple[str, ...]  # per feature: none, log1p or yeo-johnson
    donors: tuple[Curve, ...]  # customers that KNN imputation borrows from, complete rows in raw units
    leeway: Curve  # per feature, in units of `scale`: how far from the center customers count as alike; empty: nowhere
    units: Curve  # per feature: the value that counts as 1


@dataclass(frozen=True)
class KPoint:
    """One K of the sweep.

    `stability` is the mean bootstrap Jaccard over its clusters, `reference` the mean silhouette that K-Means reaches at
    this K on data without groups, `crowd` that on a single crowd as skewed as the customers; None where not measured.
    """

    n_clusters: int
    inertia: float
    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float
    stability: float | None
    reference: float | None = None
    crowd: float | None = None


@dataclass(frozen=True)
class KChoice:
    """The sweep, each criterion's vote (None: no opinion), and the answer in words.

    `doubts` are what speaks against the K with the most votes: few (customers), votes, reference, crowd, stability.
    """

    points: tuple[KPoint, ...]
    votes: dict[str, int | None]
    n_clusters: int
    runner_up: int | None
    is_clear: bool
    is_pinned: bool
    reason: str
    n_silhouette: int
    cluster_stability: tuple[float, ...] = ()  # bootstrap Jaccard per segment in label order, empty: not measured
    reference_silhouette: float | None = None  # what K-Means reaches at this K on data without groups
    doubts: tuple[str, ...] = ()
    chosen_anew: int | None = None  # the number that the sweep chose, where `n_clusters` is a held model's
    crowd_silhouette: float | None = None  # what K-Means reaches at this K on one crowd as skewed as the customers

    @property
    def taken(self) -> int:
        """The number that the sweep chose."""
        return self.n_clusters if self.chosen_anew is None else self.chosen_anew


@dataclass(frozen=True)
class SilhouetteProfile:
    """Sorted silhouette values of a cluster, thinned to at most 200 points, and their mean."""

    label: int
    values: Curve
    mean: float


@dataclass(frozen=True)
class AnomalyFinding:
    """DBSCAN's parameters and curve: `k_distances` are sorted descending and thinned to at most 500.

    `contrast` is the ratio of the 95th to the 5th percentile of the distances between `n_contrast` sampled customers;
    None where it was not measured. `search` is how raw features became what was searched, without its notes.
    """

    names: tuple[str, ...]
    eps: float
    min_samples: int
    eps_reason: str
    min_samples_reason: str
    k_distances: Curve
    n_customers: int
    n_core: int
    n_border: int
    n_noise: int
    n_rare: int
    n_clusters: int
    warnings: tuple[str, ...]
    contrast: float | None
    n_contrast: int
    search: Preparation


@dataclass(frozen=True)
class Reason:
    """One cause of an anomaly: the feature, the customer's value, the usual 5th to 95th percentile and the median."""

    feature: str
    value: float
    usual_low: float
    usual_high: float
    median: float
    text: str


@dataclass(frozen=True)
class SegmentCard:
    """A segment for a business reader. `medians` and `profile` follow the feature table's names.

    `profile` is the mean of each used feature in standard units, for the snake plot;
    `importance` pairs (feature, share of customers that change segment when it is permuted).
    `movable` is the share of the segment's money that the action can win or save, a judgement (names.py). The rule's
    precision and recall are of `rule_tried` customers left out when it was made.
    """

    label: int
    name: str
    summary: str
    customers: int
    customer_share: float
    revenue: float
    revenue_share: float
    medians: dict[str, float]
    overall: dict[str, float]
    profile: dict[str, float]
    importance: tuple[tuple[str, float], ...]
    rule: str
    rule_precision: float
    rule_recall: float
    stability: float | None
    stability_words: str
    action: str
    avoid: str
    n_anomalies: int
    movable: float = 0.0
    rule_tried: int = 0


@dataclass(frozen=True)
class Findings:
    """Everything an analysis found beyond the per-customer table."""

    preparation: Preparation
    choice: KChoice
    silhouettes: tuple[SilhouetteProfile, ...]
    cards: tuple[SegmentCard, ...]
    anomalies: AnomalyFinding
    hierarchy: HierarchyFinding
    map: MapFinding
    comparison: Comparison
    rfm: RfmFinding
    mixture: MixtureFinding | None
    themes: tuple[Theme, ...]
    separation: tuple[str, ...]  # sentences on how far the segmentation can be trusted
    centroids: tuple[Curve, ...] = ()  # (n_clusters, d) in prepared units
    lifetime: LifetimeFinding | None = None
    themes_fit: tuple[float, float] | None = None  # share of what is bought that themes explain; with products shuffled
