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

from segmenter.analysis import anomalies, kmeans, prepare
from segmenter.config.analysis import DbscanConfig, KMeansConfig, PrepareConfig

CLUSTERINGS = (("hepta", 7, 10), ("s1", 15, 20), ("unbalance", 8, 10))  # name, groups, largest K tried
ANOMALIES = ("6_cardio", "38_thyroid", "23_mammography", "32_shuttle")
SEED = 42


def names_of(matrix: np.ndarray) -> tuple[str, ...]:
    """Names for columns that have none."""
    return tuple(f"x{number}" for number in range(matrix.shape[1]))


def clustered(points: np.ndarray, truth: np.ndarray, max_clusters: int) -> tuple[int, str, str]:
    """K found, whether it is called clear, and the adjusted Rand index with the labels."""
    found = kmeans.segment(points, KMeansConfig(max_clusters=max_clusters), SEED)
    clear = "yes" if found.choice.is_clear else "no"
    return found.n_clusters, clear, f"{adjusted_rand_score(truth, found.labels):.3f}"


def clusterings(folder: Path) -> list[tuple[object, ...]]:
    """A row per set and way to scale it."""
    rows: list[tuple[object, ...]] = []
    for name, groups, most in CLUSTERINGS:
        points = np.loadtxt(folder / f"{name}.data.gz")
        truth = np.loadtxt(folder / f"{name}.labels0.gz")
        standard = prepare.prepare(points, names_of(points), PrepareConfig(outliers="none", transform="none")).segments
        rows.append((name, groups, "its own", *clustered(points, truth, most)))
        rows.append((name, groups, "standard", *clustered(standard, truth, most)))
    return rows


def detected(path: Path) -> dict[str, float]:
    """Average precision of our score and of three detectors with their defaults."""
    from pyod.models.ecod import ECOD

    with np.load(path) as archive:
        points, truth = archive["X"].astype(np.float64), archive["y"]
    prepared = prepare.prepare(points, names_of(points), PrepareConfig())
    _, ours = anomalies.search(prepared, DbscanConfig(), {})
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
    write(
        "Number of segments on labelled sets",
        "Sets of the clustering benchmark by M. Gagolewski; K-Means with its defaults over K = 2 to 10 (s1: 20). Their "
        "columns are coordinates in one unit, so the sets are measured as they are. Standardised column by column, as "
        "features of different units must be, unbalance shows six groups: its y axis is stretched until two pairs of its "
        "small groups, each with a spread of 0.5, lie only 1.1 apart, and all criteria but one take a pair for one "
        "group.\n\n" + table(("set", "groups", "units", "K found", "clear", "adjusted Rand"), clusterings(folder)),
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
