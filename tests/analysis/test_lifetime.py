"""Orders and money to come: the models against their papers, the hold-out check and the gate."""

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import check_grad
from scipy.stats import beta

from segmenter.analysis import bgnbd, gammagamma
from segmenter.analysis.findings import BgNbd, GammaGamma

PAPER = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def cdnow():
    """Repeat orders, recency and age in weeks, and mean repeat value of CDNOW's 2,357 customers (tests/analysis/cdnow.csv).

    Their first 39 weeks, the summary that Fader, Hardie and Lee publish with both papers: equal histories share a row.
    """
    table = np.genfromtxt(Path(__file__).with_name("cdnow.csv"), delimiter=",", names=True)
    customers = table["customers"].astype(int)
    x, recency, age, value = (np.repeat(table[name], customers) for name in ("x", "t_x", "T", "mean_value"))
    return x, recency / 7, age / 7, value


@pytest.fixture(scope="module")
def fitted(cdnow):
    return bgnbd.fit(*cdnow[:3])


def test_the_summary_is_that_of_the_paper(cdnow):
    x, _, _, value = cdnow
    assert len(x) == 2357
    assert np.bincount(x.astype(int).clip(max=7)).tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert value[x > 0].mean() == pytest.approx(35.08, abs=0.005)


def test_the_papers_bgnbd_parameters_come_out(cdnow, fitted):
    found = (fitted.r, fitted.alpha, fitted.a, fitted.b)
    assert found == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=1e-3)
    assert bgnbd.log_likelihood(fitted, *cdnow[:3]) == pytest.approx(-9582.4, abs=0.05)


def test_the_papers_customer_is_expected_to_order_as_in_the_paper():
    one = bgnbd.expected_orders(PAPER, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)
    assert one == pytest.approx([1.226], abs=5e-4)


def test_the_papers_gamma_gamma_parameters_come_out(cdnow):
    x, _, _, value = cdnow
    model = gammagamma.fit(x[x > 0], value[x > 0])
    assert (model.p, model.q, model.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=1e-2)


@pytest.mark.parametrize("logs", [np.zeros(4), np.log([0.243, 4.414, 0.793, 2.426]), np.array([2.0, 3.0, -2.0, 1.0])])
def test_the_slope_of_the_bgnbd_likelihood_is_right(cdnow, logs):
    table, weights = np.column_stack(cdnow[:3])[::50], np.full(48, 1 / 48)
    parts = [lambda p, at=at: bgnbd._loss(p, table, weights)[at] for at in (0, 1)]
    assert check_grad(*parts, logs) < 1e-5


def test_the_slope_of_the_gamma_gamma_likelihood_is_right(cdnow):
    x, _, _, value = (column[cdnow[0] > 0][::20] for column in cdnow)
    parts = [lambda p, at=at: gammagamma._loss(p, x, value)[at] for at in (0, 1)]
    assert check_grad(*parts, np.log([2.0, 3.0, 20.0])) < 1e-5


@pytest.mark.parametrize("a", [0.05, 0.793, 1.0, 3.0, 40.0])
@pytest.mark.parametrize(
    ("x", "recency", "age", "weeks"), [(0, 0, 5, 13), (2, 30, 39, 39), (60, 52, 52, 4), (400, 90, 100, 100)]
)
def test_expected_orders_equal_their_definition(a, x, recency, age, weeks):
    model = BgNbd(0.8, 4.4, a, 2.4)

    def orders(leaving):
        """Orders to come of an active customer who leaves with this chance after each."""
        steady = (model.r + x) * np.log1p(leaving * weeks / (model.alpha + age))
        return -np.expm1(-steady) / leaving * beta.pdf(leaving, a, model.b + x)

    known = [np.array([float(value)]) for value in (x, recency, age)]
    defined = quad(orders, 0, 1, points=(1e-3, 0.1), limit=500)[0] * bgnbd.p_active(model, *known)
    assert bgnbd.expected_orders(model, *known, weeks) == pytest.approx(defined, rel=1e-4)


def test_customers_who_are_all_alike_give_finite_figures(rng):
    x = rng.poisson(5.0, 500).astype(float)
    times = np.where(x > 0, 40.0, 0.0), np.full(500, 52.0)
    orders = bgnbd.expected_orders(bgnbd.fit(x, *times), x, *times, 13.0)
    assert orders.sum() == pytest.approx(x.sum() / 4, rel=0.05)


def test_a_longer_silence_lowers_every_expectation(fitted):
    x, recency, age = np.full(40, 5.0), np.linspace(1, 39, 40), np.full(40, 39.0)
    for asked in (bgnbd.p_active(fitted, x, recency, age), bgnbd.p_order(fitted, x, recency, age, 4.0)):
        assert (np.diff(asked) > 0).all()
        assert ((asked > 0) & (asked < 1)).all()


def test_a_value_lies_between_the_customers_own_mean_and_everybodys():
    model = GammaGamma(6.25, 3.74, 15.44)
    everybody = model.p * model.gamma / (model.q - 1)
    own = gammagamma.expected_value(model, np.array([0.0, 1.0, 10.0, 1e6]), np.array([np.nan, 100.0, 100.0, 100.0]))
    assert own[0] == pytest.approx(everybody)
    assert everybody < own[1] < own[2] < own[3] <= 100
