"""The tutorial way, as the usual notebook does it: the yardstick of the other scripts.

pandas groupby for recency, frequency and money; log and StandardScaler; K-Means with n_init=10 for
K = 2..10, the K with the best silhouette over all customers; scikit-learn's DBSCAN with
min_samples = 2 d and eps at the knee of the k-distance curve; TSNE.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Outcome:
    """What the notebook finds, in the order of its customers."""

    customer_id: list[str]
    labels: np.ndarray
    is_anomaly: np.ndarray
    k_distance: np.ndarray

    @property
    def n_clusters(self) -> int:
        return int(self.labels.max()) + 1


def online_retail(folder: Path) -> pd.DataFrame:
    """Lines with a customer, no cancellation, of positive quantity and price."""
    names = ["order", "code", "description", "quantity", "time", "price", "customer", "country"]
    parts = [pd.read_csv(path, header=0, names=names) for path in sorted(folder.glob("*.csv"))]
    return _clean(pd.concat(parts, ignore_index=True))


def sample(path: Path) -> pd.DataFrame:
    """The same of a file that `segmenter sample` wrote."""
    names = ["order", "time", "customer", "code", "description", "quantity", "price", "country"]
    return _clean(pd.read_csv(path, header=0, names=names))


def _clean(lines: pd.DataFrame) -> pd.DataFrame:
    lines = lines.dropna(subset=["customer"])
    lines = lines[~lines.order.astype(str).str.startswith("C") & (lines.quantity > 0) & (lines.price > 0)].copy()
    lines["customer"] = lines.customer.astype(int).astype(str)
    lines["money"] = lines.quantity * lines.price
    lines["time"] = pd.to_datetime(lines.time)
    return lines


def analyse(lines: pd.DataFrame, with_map: bool = True) -> Outcome:
    """Segments and anomalies of the customers."""
    from sklearn.cluster import DBSCAN, KMeans
    from sklearn.manifold import TSNE
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    now = lines.time.max() + pd.Timedelta(days=1)
    rfm = lines.groupby("customer").agg(
        recency=("time", lambda times: (now - times.max()).days), frequency=("order", "nunique"), money=("money", "sum")
    )
    matrix = StandardScaler().fit_transform(np.log1p(rfm))
    fits = [KMeans(k, n_init=10, random_state=42).fit(matrix) for k in range(2, 11)]
    best = max(fits, key=lambda fit: silhouette_score(matrix, fit.labels_))
    min_samples = 2 * matrix.shape[1]
    distances = NearestNeighbors(n_neighbors=min_samples).fit(matrix).kneighbors(matrix)[0][:, -1]
    noise = DBSCAN(eps=_knee(distances), min_samples=min_samples).fit_predict(matrix) == -1
    if with_map:
        TSNE(random_state=42).fit_transform(matrix)
    return Outcome(rfm.index.tolist(), best.labels_, noise, distances)


def _knee(distances: np.ndarray) -> float:
    """Where the sorted curve lies farthest from the line between its ends."""
    curve = np.sort(distances)
    along = np.linspace(curve[0], curve[-1], len(curve))
    return float(curve[np.argmax(along - curve)])


if __name__ == "__main__":
    analyse(online_retail(Path(sys.argv[1])))
