"""What an analysis found, in plain numbers: everything here is written to run.json and read back.

Only str, int, float, bool, None, tuples, dicts and dataclasses of these. A curve is a tuple of floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from segmenter.analysis.lifetime_types import LifetimeFinding

OTHERS = ("hierarchical", "bisecting", "mixture")  # methods that divide everybody, beside K-Means
LEAST_CONTRAST = 1.5  # as among forty unrelated features; below it near and far mean little

Curve = tuple[float, ...]


@dataclass(frozen=True)
class Preparation:
    """How raw features become the segments' matrix; per used feature, in order of `names`.

    value -> fill where missing -> clip to [lower, upper] -> transform (`lambdas` for Yeo-Johnson)
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
    transforms: tuple[str, ...] = ()  # per feature: none, log1p or yeo-johnson
    donors: tuple[Curve, ...] = ()  # customers that KNN imputation borrows from, complete rows in raw units
    leeway: Curve = ()  # per feature, in units of `scale`: how far from the center customers count as alike


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

    `contrast` is the ratio of the 95th to the 5th percentile of the distances between `n_contrast` sampled customers.
    `search` is how raw features became what was searched, without its notes; None in older runs.
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
    contrast: float | None = None
    n_contrast: int = 0
    search: Preparation | None = None


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
class LinkageFinding:
    """One linkage: cophenetic correlation, and agreement of its cut at K with K-Means (adjusted Rand)."""

    linkage: str
    metric: str
    cophenetic: float
    agreement: float
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Split:
    """A step of the top-down tree: `parent` ("": everybody) falls into two, so that there are `n_clusters` groups.

    Groups are called by their way down (1.2: the second part of 1); `segments` hold most of each
    part, `shares` how much of it.
    """

    n_clusters: int
    parent: str
    children: tuple[str, str]
    sizes: tuple[int, int]
    segments: tuple[int, int]
    shares: tuple[float, float]


@dataclass(frozen=True)
class HierarchyFinding:
    """The dendrogram shown, cut to at most 30 leaves.

    `tree` is a scipy linkage matrix over those leaves (left, right, height, number of leaves);
    `leaf_sizes` customers and `leaf_segments` the majority segment of each leaf.
    `merges` says in order of falling K which segments join: (K after the merge, label a, label b), `splits` how
    the customers fall apart from the top down. `linkages` are compared on `n_compared` customers.
    """

    linkage: str
    metric: str
    n_sample: int
    tree: tuple[Curve, ...]
    leaf_sizes: tuple[int, ...]
    leaf_segments: tuple[int, ...]
    cut_height: float
    linkages: tuple[LinkageFinding, ...]
    merges: tuple[tuple[int, int, int], ...]
    reason: str
    splits: tuple[Split, ...] = ()
    n_compared: int = 0


@dataclass(frozen=True)
class MapFinding:
    """t-SNE's parameters as used, and the PCA map's axes: loadings per feature.

    `own_neighbour` is the share of customers whose nearest neighbour on the map is of their segment, and the same by
    segment; None where it was not measured.
    """

    n_sample: int
    perplexity: float
    kl_divergence: float
    trustworthiness: float
    pca_names: tuple[str, ...]
    pca_explained: Curve
    pca_loadings: tuple[Curve, ...]  # (2, n_features)
    own_neighbour: tuple[float, dict[int, float]] | None = None


@dataclass(frozen=True)
class Method:
    """One way of grouping the same customers, for the side-by-side table; None: not defined for it."""

    name: str  # kmeans, hierarchical, bisecting, mixture, dbscan
    n_clusters: int
    sizes: tuple[int, ...]
    n_noise: int
    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None
    rand_with_kmeans: float  # adjusted Rand index
    mutual_with_kmeans: float  # adjusted mutual information
    n_sample: int


@dataclass(frozen=True)
class Comparison:
    """The methods side by side, and which suits this data, in words."""

    methods: tuple[Method, ...]
    guidance: str

    @property
    def agreement(self) -> float:
        """The middle agreement (adjusted Rand index) of the other methods with the segments; 1 where there is none."""
        others = [each for each in self.methods if each.name in OTHERS and each.silhouette is not None]
        return median(each.rand_with_kmeans for each in others) if others else 1.0


@dataclass(frozen=True)
class MixtureFinding:
    """Gaussian mixture: BIC by covariance type over K, the best, and how many customers lie between two segments."""

    n_clusters: tuple[int, ...]
    bic: dict[str, Curve]
    best_covariance: str
    best_n_clusters: int
    n_between: int  # no membership above 0.7
    n_sample: int = 0  # customers that the mixtures were fitted on


@dataclass(frozen=True)
class Theme:
    """A basket theme named by its strongest products, with each segment's share of it (sums to 1 over themes)."""

    name: str
    products: tuple[str, ...]
    share: float
    segment_shares: Curve


@dataclass(frozen=True)
class RfmFinding:
    """RFM cut points: the worst value that earns scores 2 to 5, NaN where nobody has one; customers per RFM segment.

    `crosswalk` has a row per RFM segment in `names` and a column per K-Means segment, in customers;
    `n_disagree` are in another K-Means segment than most of their RFM segment.
    """

    cuts: dict[str, Curve]  # recency (days), frequency (orders), monetary (money)
    tie_rule: str
    names: tuple[str, ...]
    customers: tuple[int, ...]
    revenue: Curve
    crosswalk: tuple[tuple[int, ...], ...]
    agreement: float  # adjusted Rand index with K-Means
    n_disagree: int


@dataclass(frozen=True)
class SegmentCard:
    """A segment for a business reader. `medians` and `profile` follow the feature table's names.

    `profile` is the mean of each used feature in standard units, for the snake plot;
    `importance` pairs (feature, share of customers that change segment when it is permuted).
    `movable` is the share of the segment's money that the action can win or save, a judgement (names.py). The rule's
    precision and recall are of `rule_tried` customers left out when it was made; 0: of all, in a run from before.
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
