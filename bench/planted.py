"""Planted segments and anomalies, ten seeds of other sizes and shapes than the sample's default.

python bench/planted.py
"""

from __future__ import annotations

import csv
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tutorial
from results import table, write
from sklearn.metrics import adjusted_rand_score, average_precision_score

from segmenter import load_config
from segmenter.analysis import anomalies, kmeans, prepare
from segmenter.features import build
from segmenter.intake import load
from segmenter.sample import Shape, generate
from segmenter.workspace import workspace

CASES = (
    # seed, customers, shape
    (1, 2000, Shape(n_segments=6, anomaly_share=0.01)),
    (2, 3000, Shape(n_segments=8, anomaly_share=0.03)),
    (3, 1500, Shape(n_segments=4, anomaly_share=0.02, balance=3)),
    (4, 6000, Shape(n_segments=7, anomaly_share=0.005, balance=5)),
    (5, 2500, Shape(n_segments=5, anomaly_share=0.015, balance=2)),
    (6, 4000, Shape(n_segments=6, anomaly_share=0.02, balance=4, days=540)),
    (7, 8000, Shape(n_segments=4, anomaly_share=0.03)),
    (8, 1200, Shape(n_segments=5, anomaly_share=0.025)),
    (9, 5000, Shape(n_segments=8, anomaly_share=0.01, balance=6)),
    (10, 3500, Shape(n_segments=7, anomaly_share=0.02)),
)
FIGURES = ("rand", "average_precision", "precision", "recall")


@dataclass(frozen=True)
class Score:
    """How well one way recovered what was planted."""

    n_clusters: int
    rand: float
    average_precision: float
    precision: float
    recall: float


def scored(
    ids: list[str], truth: dict[str, tuple[str, str]], labels: np.ndarray, odd: np.ndarray, score: np.ndarray
) -> Score:
    """Compare with the truth of the customers found; the segments without the anomalies."""
    segment = np.array([truth[customer][0] for customer in ids])
    planted = np.array([bool(truth[customer][1]) for customer in ids])
    n_planted = sum(bool(anomaly) for _, anomaly in truth.values())
    hits = (odd & planted).sum()
    return Score(
        n_clusters=int(labels.max()) + 1,
        rand=adjusted_rand_score(segment[~planted], labels[~planted]),
        average_precision=average_precision_score(planted, score),
        precision=hits / max(1, odd.sum()),
        recall=hits / n_planted,
    )


def ours(export: Path, truth: dict[str, tuple[str, str]]) -> Score:
    """segmenter with its default configuration."""
    config = load_config()
    with workspace(config) as connection:
        load(connection, [str(export)], config.source, config.rules)
        found = build(connection, config.features)
    prepared = prepare.prepare(
        found.values,
        found.names,
        config.prepare,
        use=config.features.use,
        anomalies_use=config.features.anomalies_use,
        units=found.units,
        seed=config.engine.seed,
    )
    segments = kmeans.segment(prepared.segments, config.kmeans, config.engine.seed)
    _, odd = anomalies.search(prepared, config.dbscan, {})
    return scored(found.customer_id.tolist(), truth, segments.labels, odd.is_anomaly, odd.score)


def theirs(export: Path, truth: dict[str, tuple[str, str]]) -> Score:
    """The tutorial way."""
    outcome = tutorial.analyse(tutorial.sample(export), with_map=False)
    return scored(outcome.customer_id, truth, outcome.labels, outcome.is_anomaly, outcome.k_distance)


def case(seed: int, n_customers: int, shape: Shape, folder: Path) -> tuple[Score, Score]:
    """Both ways on one sample."""
    export, answers = folder / "sample.csv", folder / "truth.csv"
    generate(export, n_customers, seed, answers, shape)
    with answers.open(newline="", encoding="utf-8") as file:
        truth = {row["customer_id"]: (row["segment"], row["anomaly"]) for row in csv.DictReader(file)}
    return ours(export, truth), theirs(export, truth)


def main() -> None:
    """Measure, and write the section."""
    with tempfile.TemporaryDirectory() as folder:
        scores = [case(*planted, Path(folder)) for planted in CASES]
    text = (
        "Samples by `segmenter.sample` with four to eight segments and six kinds of anomalies (wholesale, bot-like, serial "
        "returner, dormant then burst, one giant order, ring of identical customers), other sizes and shapes than the "
        "default. K: segments found; Rand: adjusted Rand index of the segments, without the anomalies; AP: average "
        "precision of the anomaly score; precision and recall of the flags.\n\n"
    )
    mine, other = ([pair[way] for pair in scores] for way in (0, 1))
    tutorial_way = "The tutorial way (`bench/tutorial.py`) on the same files; its score is the k-distance.\n\n"
    write("Planted structure", f"{text}{_table(mine)}\n\n{tutorial_way}{_table(other)}")


def _table(scores: list[Score]) -> str:
    """One way's scores, a row per case, and their medians."""
    rows = [
        (seed, f"{n:,}", f"{shape.anomaly_share:.1%}", shape.n_segments, score.n_clusters, *_figures(score))
        for (seed, n, shape), score in zip(CASES, scores, strict=True)
    ]
    right = sum(score.n_clusters == shape.n_segments for (_, _, shape), score in zip(CASES, scores, strict=True))
    middle = [statistics.median(getattr(score, field) for score in scores) for field in FIGURES]
    rows.append(("median", "", "", "", f"{right} of {len(CASES)} right", *(f"{figure:.2f}" for figure in middle)))
    return table(("seed", "customers", "odd", "segments", "K", "Rand", "AP", "precision", "recall"), rows)


def _figures(score: Score) -> tuple[str, ...]:
    return tuple(f"{getattr(score, field):.2f}" for field in FIGURES)


if __name__ == "__main__":
    main()
