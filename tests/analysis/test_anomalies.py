"""The search for anomalies where nearly all customers are alike, and how far its distances mean something."""

import numpy as np
import pytest

from segmenter.analysis import prepare
from segmenter.analysis.anomalies import search
from segmenter.config.analysis import DbscanConfig, PrepareConfig

NAMES = ("money", "orders", "returns")


def searched(values, names=NAMES, labels=None, unknown=()):
    prepared = prepare.prepare(values, names, PrepareConfig())
    return search(prepared, DbscanConfig(), labels or {}, unknown)


def shop(rng, n=1000, n_regulars=60):
    """Customers who bought once and returned nothing, and some who bought two to five times."""
    values = np.column_stack([rng.lognormal(4, 0.6, n), np.ones(n), np.zeros(n)])
    values[:n_regulars, 1] = rng.integers(2, 6, n_regulars)
    return values


def test_regulars_in_a_shop_where_nearly_all_buy_once_are_not_odd_for_that(rng):
    values = shop(rng)
    values[0] = (120.0, 400.0, 0.0)
    _, found = searched(values)
    assert found.is_anomaly[0]
    assert found.is_anomaly[1:60].mean() < 0.2


def test_what_one_in_a_hundred_do_is_odd_still(rng):
    values = shop(rng, n_regulars=0)
    values[:6, 2] = rng.integers(20, 60, 6)
    _, found = searched(values)
    assert found.is_anomaly[:6].all()


def test_the_warning_names_the_features_for_a_reader(rng):
    _, found = searched(shop(rng), labels={"orders": "orders placed"})
    assert any("alike in orders placed." in warning for warning in found.finding.warnings)


def test_flagged_who_merely_differ_are_warned_of(rng):
    values = shop(rng)
    values[:60, 0] *= 60  # and spend far more, so that nothing spares them
    _, found = searched(values)
    assert found.is_anomaly[:60].mean() > 0.5
    assert any("does not make them odd" in warning for warning in found.finding.warnings)


def test_customers_of_whom_a_figure_is_not_known_are_not_called_alike_in_it(rng):
    values = np.column_stack([rng.lognormal(4, 0.6, 1000), rng.poisson(4, 1000) + 1.0, np.full(1000, np.nan)])
    values[:60, 2] = rng.normal(3, 0.5, 60)
    values[:5, 0] *= 200  # giants, and among the few of whom it is known
    _, found = searched(values, unknown=["returns"])
    assert found.is_anomaly[:5].all()
    assert not any("alike in" in warning or "another kind" in warning for warning in found.finding.warnings)


def test_new_customers_are_prepared_as_those_that_were_searched(rng):
    values = shop(rng)
    prepared, _ = searched(values)
    assert prepared.search.leeway
    columns = [NAMES.index(name) for name in prepared.search.names]
    assert prepare.apply(prepared.search, values[:, columns]) == pytest.approx(prepared.anomalies, abs=1e-9)


def test_a_shop_with_all_sorts_of_customers_is_searched_as_it_is(rng):
    values = np.column_stack([rng.lognormal(4, 0.6, 800), rng.poisson(4, 800) + 1.0, rng.poisson(1, 800)])
    prepared, found = searched(values)
    assert prepared.search.leeway == ()
    assert found.finding.warnings == ()


def test_the_order_of_customers_changes_nothing(rng):
    values = shop(rng)
    order = rng.permutation(len(values))
    (_, plain), (_, shuffled) = searched(values), searched(values[order])
    assert np.array_equal(plain.is_anomaly[order], shuffled.is_anomaly)
    assert plain.finding.contrast == shuffled.finding.contrast


def test_distances_mean_less_the_more_features_and_that_is_warned_of(rng):
    contrasts = []
    for d in (2, 8, 60):
        _, found = searched(rng.normal(10, 1, size=(600, d)), [f"x{number}" for number in range(d)])
        contrasts.append(found.finding.contrast)
    assert contrasts == sorted(contrasts, reverse=True)
    assert any("features.anomalies_use" in warning for warning in found.finding.warnings)


def test_where_all_are_alike_there_is_no_contrast():
    _, found = searched(np.ones((50, 3)))
    assert found.finding.contrast is None
    assert not found.is_anomaly.any()
