"""What the other readings of the customers found, in plain numbers: parts of `segmenter.analysis.findings.Findings`."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

OTHERS = ("hierarchical", "bisecting", "mixture")  # methods besides K-Means that put every customer into a group

Curve = tuple[float, ...]


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

    Groups are named by their path from the top (1.2: the second part of 1); `segments` are those that most of each part
    belongs to, `shares` how much of it.
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
        """The median agreement (adjusted Rand index) of the other methods with the segments; 1 where there is none."""
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
    n_elsewhere: int | None = None  # a membership above 0.7 in another segment; None in runs made before it was counted


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
