"""Labelled public sets: K found, and average precision of the anomaly score beside three detectors.

python bench/labelled.py FOLDER-OF-THE-EXPORTS
"""

from __future__ import annotations

import statistics
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from results import table, write
from sklearn.ensemble import IsolationForest
from sklearn.metrics import adjusted_rand_score, average_precision_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from segmenter.analysis import dbscan, kmeans, prepare
from segmenter.config.analysis import DbscanConfig, KMeansConfig, PrepareConfig

CLUSTERINGS = (("hepta", 7, 10), ("s1", 15, 20), ("unbalance", 8, 10))  # name, groups, largest K tried
ANOMALIES = ("6_cardio", "38_thyroid", "23_mammography", "32_shuttle")
SEED = 42


def names_of(matrix: np.ndarray) -> tuple[str, ...]:
    """Names for columns that have none."""
    return tuple(f"x{number}" for number in range(matrix.shape[1]))


def clustered(folder: Path, name: str, max_clusters: int) -> tuple[int, str, float]:
    """K found, whether it is called clear, and the adjusted Rand index with the labels."""
    points = np.loadtxt(folder / f"{name}.data.gz")
    truth = np.loadtxt(folder / f"{name}.labels0.gz")
    prepared = prepare.prepare(points, names_of(points), PrepareConfig(outliers="none", transform="none"))
    found = kmeans.segment(prepared.segments, KMeansConfig(max_clusters=max_clusters), SEED)
    clear = "yes" if found.choice.is_clear else "no"
    return found.n_clusters, clear, adjusted_rand_score(truth, found.labels)


def detected(path: Path) -> dict[str, float]:
    """Average precision of our score and of three detectors with their defaults."""
    from pyod.models.ecod import ECOD

    with np.load(path) as archive:
        points, truth = archive["X"].astype(np.float64), archive["y"]
    prepared = prepare.prepare(points, names_of(points), PrepareConfig())
    ours = dbscan.detect(prepared.anomalies, prepared.anomaly_names, DbscanConfig())
    scaled = StandardScaler().fit_transform(points)
    scores = {
        "segmenter": ours.score,
        "IsolationForest": -IsolationForest(random_state=SEED).fit(scaled).score_samples(scaled),
        "LocalOutlierFactor": -LocalOutlierFactor().fit(scaled).negative_outlier_factor_,
        "ECOD": ECOD().fit(scaled).decision_scores_,
    }
    return {name: float(average_precision_score(truth, score)) for name, score in scores.items()}


def main(exports: Path) -> None:
    """Measure, and write the sections."""
    folder = exports / "benchmark"
    rows = [(name, k, *clustered(folder, name, most)) for name, k, most in CLUSTERINGS]
    write(
        "Number of segments on labelled sets",
        "Sets of the clustering benchmark by M. Gagolewski, standardised; K-Means over K = 2 to 10 (s1: 20).\n\n"
        + table(("set", "groups", "K found", "clear", "adjusted Rand"), [(*row[:4], f"{row[4]:.3f}") for row in rows]),
    )
    found = {name: detected(folder / f"{name}.npz") for name in ANOMALIES}
    lines = [
        (
            name.split("_")[1],
            *(f"{value:.3f}" for value in each.values()),
            f"{statistics.median(list(each.values())[1:]):.3f}",
        )
        for name, each in found.items()
    ]
    write(
        "Anomalies on labelled sets",
        "Average precision on sets of ADBench, every detector with its defaults: scikit-learn's IsolationForest and "
        f"LocalOutlierFactor and PyOD {version('pyod')}'s ECOD on standardised columns. segmenter's score joins the distance "
        "to the nearest ordinary customer by DBSCAN with the distance within which half of 500 others lie.\n\n"
        + table(("set", *next(iter(found.values())), "median of the three"), lines),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
