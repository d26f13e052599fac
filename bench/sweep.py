"""How long the whole sweep over K takes, and on how many customers its figures are measured.

python bench/sweep.py
"""

from __future__ import annotations

import time

import numpy as np
from results import table, write

from segmenter.analysis import kmeans
from segmenter.config.analysis import KMeansConfig

CUSTOMERS = (10_000, 100_000, 1_000_000)
FEATURES, GROUPS, SEED = 6, 5, 42


def customers(n: int) -> np.ndarray:
    """Prepared customers (n, 6) in five groups whose edges touch."""
    generator = np.random.default_rng(SEED)
    centers = generator.normal(0, 3, size=(GROUPS, FEATURES))
    return centers[generator.integers(0, GROUPS, n)] + generator.normal(size=(n, FEATURES))


def swept(n: int) -> tuple[object, ...]:
    """A row: customers, seconds of the sweep, K found and the sample of the indices."""
    points = customers(n)
    begun = time.perf_counter()
    found = kmeans.segment(points, KMeansConfig(), SEED)
    seconds = time.perf_counter() - begun
    return f"{n:,}", f"{seconds:.1f}", found.n_clusters, f"{found.choice.n_silhouette:,}"


def main() -> None:
    """Measure, and write the section."""
    kmeans.segment(customers(1_000), KMeansConfig(max_clusters=3, bootstraps=1), SEED)  # loads the libraries
    config = KMeansConfig()
    write(
        "The sweep over K",
        f"K = {config.min_clusters} to {config.max_clusters}, {config.n_init} restarts and {config.bootstraps} resamples for "
        f"each K, all five criteria and the silhouette of data without groups; {FEATURES} features, {GROUPS} groups.\n\n"
        + table(("customers", "seconds", "K found", "silhouettes measured on"), [swept(n) for n in CUSTOMERS]),
    )


if __name__ == "__main__":
    main()
