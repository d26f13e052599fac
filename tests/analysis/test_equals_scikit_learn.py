"""DBSCAN's labels and core points equal scikit-learn's on every public set, with the parameters that we choose there."""

import numpy as np
import pytest
from sklearn.cluster import DBSCAN

from segmenter import features
from segmenter.analysis.dbscan import dbscan, detect
from segmenter.analysis.prepare import prepare
from segmenter.config import Config
from segmenter.intake import load
from segmenter.pipeline import workspace
from tests.plain import plain

pytestmark = pytest.mark.slow
CONFIG = Config()
EVERY = (1.0, 0.5, 1.5)  # of the eps that we choose
POINTS = ("hepta", "s1", "unbalance", "zigzag_outliers")
LABELLED = {"6_cardio": EVERY, "38_thyroid": EVERY, "23_mammography": EVERY, "32_shuttle": (1.0,)}


def assert_equal(matrix, scales=EVERY):
    """With our own parameters, and where clusters fall apart and run together."""
    finding = detect(matrix, plain(*(f"x{number}" for number in range(matrix.shape[1]))), CONFIG.dbscan).finding
    for scale in scales:
        ours = dbscan(matrix, scale * finding.eps, finding.min_samples)
        theirs = DBSCAN(eps=scale * finding.eps, min_samples=finding.min_samples).fit(matrix)
        assert np.array_equal(np.flatnonzero(ours.core), theirs.core_sample_indices_)
        assert np.array_equal(ours.labels, theirs.labels_)


@pytest.mark.parametrize("name", POINTS)
def test_on_points_of_the_plane_and_of_space(exports, name):
    assert_equal(np.loadtxt(exports / "benchmark" / f"{name}.data.gz"))


@pytest.mark.parametrize("name", LABELLED)
def test_on_sets_with_labelled_anomalies(exports, name):
    with np.load(exports / "benchmark" / f"{name}.npz") as archive:
        points = archive["X"].astype(np.float64)
    prepared = prepare(points, [f"x{number}" for number in range(points.shape[1])], CONFIG.prepare)
    assert_equal(prepared.anomalies, LABELLED[name])


def test_on_the_customers_of_online_retail(exports):
    with workspace(CONFIG) as connection:
        load(connection, [exports / "online-retail-by-day"], CONFIG.source, CONFIG.rules)
        table = features.build(connection, CONFIG.features)
    searched = [name for name in CONFIG.features.anomalies_use if name in table.names]
    prepared = prepare(table.values, table.names, CONFIG.prepare, anomalies_use=searched)
    assert len(prepared.anomalies) > 4000
    assert_equal(prepared.anomalies)
