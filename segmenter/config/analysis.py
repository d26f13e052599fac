"""[features] to [views]: how customers are described, segmented and searched for anomalies."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from segmenter.config.base import Section
from segmenter.config.names import given_name

Linkage = Literal["single", "complete", "average", "centroid", "ward"]


class FeaturesConfig(Section):
    """[features]: what is computed per customer."""

    as_of: date | None = Field(
        None, description="the day as of which customers are seen; unset: the day after the last transaction"
    )
    folder: str | None = Field(None, description="folder of .sql files, each adding features of your own")
    use: tuple[str, ...] = Field(
        ("recency", "frequency", "monetary", "average_order_value", "tenure", "mean_gap"),
        description="features that decide the segments",
    )
    anomalies_use: tuple[str, ...] = Field(
        (
            "frequency",
            "monetary",
            "average_order_value",
            "items_per_order",
            "distinct_products",
            "returned_lines",
            "largest_return",
            "largest_order",
            "longest_gap",
            "gap_variation",
            "burst",
            "hour_spread",
            "orders_in_a_day",
            "spend_trend",
            "shared_orders",
        ),
        description="features searched for anomalies, each a behaviour of its own; empty: all",
    )


class PrepareConfig(Section):
    """[prepare]: from raw features to a matrix that distances make sense in."""

    imputation: Literal["median", "mean", "constant", "knn"] = Field(
        "median", description="value for features that are missing by nature"
    )
    constant: float = Field(0.0, description="value for imputation = constant")
    outliers: Literal["none", "iqr", "zscore", "winsorize"] = Field(
        "winsorize", description="treatment of extreme values before segmenting; never applied before anomaly detection"
    )
    outlier_limit: float | None = Field(
        None,
        gt=0,
        lt=10,
        description="winsorize: share cut at each end (0.01); iqr: fence in IQRs (1.5); "
        "zscore: limit in standard deviations (3); unset: the value in brackets",
    )
    transform: Literal["none", "log1p", "yeo-johnson"] = Field("log1p", description="transform of skewed features")
    scaling: Literal["standard", "minmax", "robust"] = Field("standard", description="scaling of each feature")
    pca: int | None = Field(None, ge=1, description="principal components to keep; unset: no PCA")

    @model_validator(mode="after")
    def _limit_leaves_a_middle(self) -> Self:
        if self.outliers == "winsorize" and (self.outlier_limit or 0) >= 0.5:
            raise ValueError("outlier_limit is a share below 0.5 when outliers = winsorize; try 0.01")
        return self


class KMeansConfig(Section):
    """[kmeans]: how customers are segmented."""

    n_clusters: int | None = Field(None, ge=2, le=50, description="number of segments; unset: chosen from the range")
    min_clusters: int = Field(2, ge=2, description="smallest K tried")
    max_clusters: int = Field(10, ge=2, le=50, description="largest K tried")
    n_init: int = Field(10, ge=1, description="restarts with k-means++ per K")
    bootstraps: int = Field(
        20, ge=0, le=200, description="resamples for the stability of the segments; 0: not measured"
    )
    names: dict[Annotated[str, AfterValidator(given_name)], str] = Field(
        default_factory=dict,
        description="your names for segments, by the English name that the rule gives, whatever the locale (docs/figures.md)",
    )

    @field_validator("names")
    @classmethod
    def _names_differ(cls, names: dict[str, str]) -> dict[str, str]:
        twice = [name for name, count in Counter(names.values()).items() if count > 1]
        if twice:
            raise ValueError(f"two segments would be called {twice[0]!r}; give each a name of its own")
        return names


class DbscanConfig(Section):
    """[dbscan]: how anomalies are flagged."""

    eps: float | None = Field(None, gt=0, description="neighbourhood radius; unset: from the k-distance curve")
    min_samples: int | None = Field(
        None, ge=2, description="neighbours of a core customer; unset: from the dimension and the number of customers"
    )
    rare_group_share: float = Field(
        0.005,
        ge=0,
        le=0.2,
        description="a dense group with a smaller share of customers is a rare group, reported along with noise",
    )


class ViewsConfig(Section):
    """[views]: hierarchy, maps and the other readings of the same customers."""

    linkage: Linkage = Field("ward", description="linkage of the dendrogram shown")
    metric: Literal["euclidean", "cityblock", "cosine"] = Field(
        "euclidean", description="distance of the dendrogram, where the linkage allows it"
    )
    hierarchy_sample: int = Field(3000, ge=50, le=20000, description="customers in the hierarchical view")
    perplexity: float = Field(30.0, gt=1, description="t-SNE perplexity")
    tsne_sample: int = Field(5000, ge=50, le=50000, description="customers on the t-SNE map")
    mixture: bool = Field(True, description="also fit Gaussian mixtures")
    themes: int = Field(6, ge=0, le=30, description="basket themes to look for when products are present; 0: none")
