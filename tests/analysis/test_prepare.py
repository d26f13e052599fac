"""From raw features to matrices: what is filled, clipped, transformed and scaled, and what never is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.decomposition import PCA
from sklearn.preprocessing import PowerTransformer, StandardScaler

from segmenter.analysis.preparation import apply
from segmenter.analysis.prepare import prepare
from segmenter.config.analysis import PrepareConfig

NAMES = ("recency", "orders", "money", "always", "gap")
PLAIN = PrepareConfig(outliers="none", transform="none")


@pytest.fixture
def customers(rng):
    """Skewed values, refunds in `money`, `always` constant, `gap` missing for every fifth."""
    values = np.exp(rng.normal(size=(300, 5)))
    values[:10, 2] *= -1
    values[:, 3] = 7.0
    values[::5, 4] = np.nan
    values[0, 2] = 1e6
    return values


def columns(values, prepared):
    return values[:, [NAMES.index(name) for name in prepared.preparation.names]]


@pytest.mark.parametrize("price", [0.1, 0.3, 9.9, 38.7])
def test_one_price_for_everybody_makes_no_feature_of_rounding_errors(rng, price):
    values = np.column_stack([rng.gamma(2, 3, 150), np.where(rng.random(150) < 0.5, np.nan, price)])
    mean, constant = (prepare(values, ("a", "b"), PrepareConfig(imputation=how)) for how in ("mean", "constant"))
    assert mean.preparation.names == ("a",)
    assert np.abs(constant.segments).max() < 10


@pytest.mark.parametrize(
    ("imputation", "outliers", "transform", "scaling", "pca"),
    [
        pytest.param(*ways, marks=pytest.mark.slow if number % 7 else ())
        for number, ways in enumerate(
            product(
                ["median", "mean", "constant", "knn"],
                ["none", "iqr", "zscore", "winsorize"],
                ["none", "log1p", "yeo-johnson"],
                ["standard", "minmax", "robust"],
                [None, 2],
            )
        )
    ],
)
def test_plain_numbers_repeat_the_preparation_on_new_customers(
    customers, imputation, outliers, transform, scaling, pca
):
    config = PrepareConfig(imputation=imputation, outliers=outliers, transform=transform, scaling=scaling, pca=pca)
    prepared = prepare(customers, NAMES, config)
    assert np.isfinite(prepared.segments).all()
    assert np.array_equal(apply(prepared.preparation, columns(customers, prepared)), prepared.segments)
    tail = apply(prepared.preparation, columns(customers, prepared)[-7:])
    assert np.allclose(tail, prepared.segments[-7:], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("transform", ["none", "log1p", "yeo-johnson"])
@pytest.mark.parametrize("factor", [0.01, 130.0])
def test_amounts_in_another_unit_are_the_same_amounts(customers, transform, factor):
    config = PrepareConfig(transform=transform)
    ours = prepare(customers, NAMES, config, units=(1, 1, 0.5, 1, 1))
    theirs = prepare(customers * [1, 1, factor, 1, 1], NAMES, config, units=(1, 1, 0.5 * factor, 1, 1))
    assert np.allclose(ours.segments, theirs.segments, atol=1e-9)
    assert np.allclose(ours.anomalies, theirs.anomalies, atol=1e-9)


@pytest.mark.parametrize("outliers", ["iqr", "zscore", "winsorize"])
def test_outlier_treatment_never_touches_the_anomalies_matrix(customers, outliers):
    treated = prepare(customers, NAMES, PrepareConfig(outliers=outliers))
    plain = prepare(customers, NAMES, PrepareConfig(outliers="none"))
    assert np.array_equal(treated.anomalies, plain.anomalies)
    assert np.abs(treated.segments).max() < np.abs(plain.segments).max()


@given(seed=st.integers(0, 100))
def test_the_order_of_customers_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(size=(80, 5)))
    values[::4, 1] = np.nan
    order = rng.permutation(80)
    config = PrepareConfig(imputation="knn", pca=2)
    plain, shuffled = prepare(values, NAMES, config), prepare(values[order], NAMES, config)
    assert np.array_equal(plain.segments[order], shuffled.segments)
    assert np.array_equal(plain.anomalies[order], shuffled.anomalies)


def test_the_values_given_are_not_changed(customers):
    before = customers.copy()
    prepare(customers, NAMES, PrepareConfig())
    assert np.array_equal(before, customers, equal_nan=True)


def test_a_constant_feature_is_left_out_and_named(customers):
    prepared = prepare(customers, NAMES, PrepareConfig())
    assert "always" not in prepared.preparation.names
    assert "always" not in prepared.search.names
    assert any("always is the same for every customer" in note for note in prepared.preparation.notes)


def test_notes_count_the_customers_filled_and_clipped(customers):
    notes = " ".join(
        prepare(customers, NAMES, PrepareConfig(outliers="winsorize", outlier_limit=0.02)).preparation.notes
    )
    assert "gap is missing for 60 of 300 customers and was filled with the median" in notes
    assert "recency: 12 of" in notes


def test_only_the_features_named_are_used_in_their_order(customers):
    prepared = prepare(customers, NAMES, PrepareConfig(), use=("money", "recency"), anomalies_use=("orders",))
    assert prepared.preparation.names == ("money", "recency")
    assert prepared.search.names == ("orders",)
    assert prepared.segments.shape == (300, 2)


def test_standard_scaling_equals_scikit_learns(customers):
    values = customers[:, :3]
    assert np.allclose(prepare(values, NAMES[:3], PLAIN).segments, StandardScaler().fit_transform(values))


def test_yeo_johnson_equals_scikit_learns(rng):
    values = np.exp(rng.normal(size=(400, 3))) - 0.5
    config = PrepareConfig(outliers="none", transform="yeo-johnson")
    assert np.allclose(prepare(values, NAMES[:3], config).segments, PowerTransformer().fit_transform(values), atol=1e-3)


def test_components_span_the_same_plane_as_scikit_learns(rng):
    values = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4))
    prepared = prepare(values, NAMES[:4], PrepareConfig(outliers="none", transform="none", pca=2))
    reference = PCA(2).fit(StandardScaler().fit_transform(values))
    assert np.allclose(np.abs(prepared.preparation.components), np.abs(reference.components_))


def test_imputation_fills_with_what_it_says(customers):
    known = customers[~np.isnan(customers[:, 4]), 4]
    for imputation, value in (("median", np.median(known)), ("mean", known.mean()), ("constant", 3.0)):
        config = PrepareConfig(imputation=imputation, constant=3.0)
        fill = prepare(customers, NAMES, config).preparation.fill
        assert fill[-1] == pytest.approx(value)


def test_neighbours_lend_a_value_near_the_true_one(rng):
    hidden = rng.normal(size=400)
    values = np.column_stack([hidden, 2 * hidden, hidden + 5])
    values[:40, 1] = np.nan
    config = PrepareConfig(imputation="knn", outliers="none", transform="none")
    prepared = prepare(values, NAMES[:3], config)
    filled = prepared.segments[:40, 1] * prepared.preparation.scale[1] + prepared.preparation.center[1]
    assert np.abs(filled - 2 * hidden[:40]).mean() < 0.2


def test_the_logarithm_is_taken_of_skewed_amounts_only(rng):
    amounts, differences = np.exp(rng.normal(size=500)), rng.normal(size=500)
    prepared = prepare(np.column_stack([amounts, differences]), NAMES[:2], PrepareConfig())
    assert prepared.preparation.transforms == ("log1p", "none")


def test_fences_that_would_make_a_feature_constant_are_not_put_up(rng):
    returns = np.zeros(500)
    returns[:3] = (1, 2, 3)
    values = np.column_stack([rng.normal(size=500), returns])
    assert prepare(values, NAMES[:2], PrepareConfig(outliers="iqr")).preparation.names == NAMES[:2]


@pytest.mark.parametrize(
    "values",
    [np.zeros((0, 5)), np.ones((1, 5)), np.ones((40, 5)), np.full((40, 5), np.nan), np.full((40, 5), np.inf)],
    ids=["nobody", "one", "alike", "all missing", "infinite"],
)
def test_degenerate_tables_leave_no_feature_and_say_so(values):
    prepared = prepare(values, NAMES, PrepareConfig())
    assert prepared.segments.shape == (len(values), 0)
    assert prepared.anomalies.shape == (len(values), 0)
    assert len([note for note in prepared.preparation.notes if "left out" in note]) == 5


def test_winsorizing_half_of_the_customers_is_refused():
    with pytest.raises(ValidationError, match=r"below 0\.5"):
        PrepareConfig(outliers="winsorize", outlier_limit=0.5)


@pytest.mark.parametrize("scaling", ["standard", "robust", "minmax"])
@pytest.mark.parametrize("imputation", ["median", "mean", "constant", "knn"])
def test_center_and_scale_come_from_the_known_values(rng, scaling, imputation):
    values = np.exp(rng.normal(size=(1000, 2)))
    known = rng.random(1000) < 0.2
    values[~known, 1] = np.nan
    config = PLAIN.model_copy(update={"scaling": scaling, "imputation": imputation})
    some, only = prepare(values, ("a", "b"), config), prepare(values[known], ("a", "b"), config)
    assert np.allclose(some.segments[known, 1], only.segments[:, 1])
    assert np.allclose(some.anomalies[known, 1], only.anomalies[:, 1])


def test_fences_come_from_the_known_values(rng):
    values = rng.normal(size=(1000, 2))
    values[100:, 1] = np.nan
    assert prepare(values, ("a", "b"), PrepareConfig(outliers="iqr")).preparation.lower[1] == pytest.approx(
        prepare(values[:100], ("a", "b"), PrepareConfig(outliers="iqr")).preparation.lower[1]
    )


def test_a_feature_with_one_known_value_is_scaled_by_who_has_it(rng):
    values = rng.normal(size=(100, 2))
    values[:, 1] = np.where(np.arange(100) < 50, 7.0, np.nan)
    prepared = prepare(values, ("a", "b"), PLAIN.model_copy(update={"imputation": "constant"}))
    assert prepared.preparation.names == ("a", "b")
    assert np.ptp(prepared.segments[:, 1]) == pytest.approx(2.0)
