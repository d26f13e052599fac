"""The tutorial way, as the usual notebook does it: the yardstick of the other scripts.

pandas groupby for recency, frequency and money; log and StandardScaler; K-Means with n_init=10 for
K = 2..10, the K with the best silhouette over all customers; scikit-learn's DBSCAN with
min_samples = 2 d and eps at the knee of the k-distance curve; TSNE.

    python bench/tutorial.py EXPORT [--polars] [--out FILE]

EXPORT is a folder of Online Retail's days, or a file of `segmenter sample`; --polars reads and aggregates such a file with
polars; --out writes customer, segment and whether odd.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SAMPLE_COLUMNS = ["order", "time", "customer", "code", "description", "quantity", "price", "country"]


@dataclass(frozen=True)
class Outcome:
    """What the notebook finds, in the order of its customers."""

    customer_id: list[str]
    labels: np.ndarray
    is_anomaly: np.ndarray
    k_distance: np.ndarray


def online_retail(folder: Path) -> pd.DataFrame:
    """Lines with a customer, no cancellation, of positive quantity and price."""
    names = ["order", "code", "description", "quantity", "time", "price", "customer", "country"]
    parts = [pd.read_csv(path, header=0, names=names) for path in sorted(folder.glob("*.csv"))]
    return _clean(pd.concat(parts, ignore_index=True))


def sample(path: Path) -> pd.DataFrame:
    """The same of a file that `segmenter sample` wrote."""
    return _clean(pd.read_csv(path, header=0, names=SAMPLE_COLUMNS))


def _clean(lines: pd.DataFrame) -> pd.DataFrame:
    lines = lines.dropna(subset=["customer"])
    lines = lines[~lines.order.astype(str).str.startswith("C") & (lines.quantity > 0) & (lines.price > 0)].copy()
    lines["customer"] = lines.customer.astype(int).astype(str)
    lines["money"] = lines.quantity * lines.price
    lines["time"] = pd.to_datetime(lines.time)
    return lines


def analyse(lines: pd.DataFrame, with_map: bool = True) -> Outcome:
    """Segments and anomalies of the customers."""
    now = lines.time.max() + pd.Timedelta(days=1)
    rfm = lines.groupby("customer").agg(
        recency=("time", lambda times: (now - times.max()).days), frequency=("order", "nunique"), money=("money", "sum")
    )
    return fitted(rfm, with_map)


def by_polars(path: Path) -> pd.DataFrame:
    """Recency, frequency and money of a sample's customers, by polars."""
    import polars as pl

    lines = pl.scan_csv(path, new_columns=SAMPLE_COLUMNS, try_parse_dates=True, infer_schema_length=None)
    lines = lines.filter(
        pl.col("customer").is_not_null()
        & ~pl.col("order").cast(pl.String).str.starts_with("C")
        & (pl.col("quantity") > 0)
        & (pl.col("price") > 0)
    ).with_columns(pl.col("customer").cast(pl.Int64).cast(pl.String))
    found = (
        lines.group_by("customer")
        .agg(
            pl.col("time").max().alias("last"),
            pl.col("order").n_unique().alias("frequency"),
            (pl.col("quantity") * pl.col("price")).sum().alias("money"),
        )
        .sort("customer")
        .with_columns((pl.col("last").max() - pl.col("last")).dt.total_days().alias("recency") + 1)
        .collect(engine="streaming")
    )
    columns = {name: found[name].to_numpy() for name in ("recency", "frequency", "money")}
    return pd.DataFrame(columns, index=found["customer"].to_list())


def fitted(rfm: pd.DataFrame, with_map: bool = True) -> Outcome:
    """What scikit-learn finds in recency, frequency and money."""
    from sklearn.cluster import DBSCAN, KMeans
    from sklearn.manifold import TSNE
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

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


def main() -> None:
    """Analyse a file or folder, and write what was found where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path)
    parser.add_argument("--polars", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.polars:
        found = fitted(by_polars(options.export))
    else:
        found = analyse(online_retail(options.export) if options.export.is_dir() else sample(options.export))
    if options.out:
        table = {"customer_id": found.customer_id, "segment": found.labels, "is_anomaly": found.is_anomaly}
        pd.DataFrame(table).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
