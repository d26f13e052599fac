"""Drift is nothing where nothing changed, and grows with the change."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmenter.features.types import Feature, FeatureTable
from segmenter.runs.drift import by_chance, drift, psi

numbers = arrays(float, st.integers(1, 80), elements=st.floats(-1e6, 1e6) | st.just(float("nan")))


def table(values, name="monetary"):
    ids = np.array([str(number) for number in range(len(values))])
    feature = Feature(name, name, "", "money")
    return FeatureTable(ids, np.asarray(values, dtype=float)[:, None], (feature,), None)


@given(numbers)
def test_the_same_customers_have_not_drifted(values):
    assert psi(values, values) == pytest.approx(0.0)


@given(numbers, numbers)
def test_the_index_is_never_negative_and_knows_no_order(then, now):
    assert psi(then, now) >= -1e-12
    assert psi(then[::-1], now[::-1]) == pytest.approx(psi(then, now))


def test_the_index_is_the_formula_of_the_textbook():
    then = np.repeat(np.arange(10.0), 10)
    now = np.repeat(np.arange(10.0), [19, 1, 10, 10, 10, 10, 10, 10, 10, 10])
    expected = (0.19 - 0.10) * np.log(0.19 / 0.10) + (0.01 - 0.10) * np.log(0.01 / 0.10)
    assert psi(then, now) == pytest.approx(expected)


def test_a_clear_shift_is_called_drift_and_its_distance_is_in_interquartile_ranges(rng):
    then = pd.DataFrame({"monetary": rng.normal(100, 10, 4000)})
    moved = then["monetary"].to_numpy() + 20
    (found,) = drift(then, table(moved), ["monetary"])
    low, high = np.quantile(then["monetary"], [0.25, 0.75])
    assert found.verdict == "drifted"
    assert found.wasserstein == pytest.approx(20 / (high - low))
    assert drift(then, table(rng.normal(100, 10, 4000)), ["monetary"])[0].verdict == "steady"


@pytest.mark.parametrize("kind", ["normal", "lognormal", "poisson"])
def test_a_random_part_of_the_same_customers_is_steady_but_once_in_twenty_times(rng, kind):
    verdicts = []
    for size in (200, 400, 800, 1500) * 10:
        values = getattr(rng, kind)(size=3000) if kind != "poisson" else rng.poisson(3, 3000).astype(float)
        part = rng.choice(values, size, replace=False)
        verdicts.append(drift(pd.DataFrame({"monetary": values}), table(part), ["monetary"])[0].verdict)
    assert verdicts.count("steady") >= 0.95 * len(verdicts)


@pytest.mark.parametrize("size", [1, 12, 40, 99])
def test_of_few_customers_nothing_is_claimed(rng, size):
    values = rng.normal(0, 1, 2000)
    for then, now in ((values, values[:size] + 9), (values[:size], values + 9)):
        assert drift(pd.DataFrame({"monetary": then}), table(now), ["monetary"])[0].verdict == "too few"


def test_a_hundred_customers_who_are_others_are_called_so(rng):
    values = rng.normal(0, 1, 2000)
    assert drift(pd.DataFrame({"monetary": values}), table(values[:100] + 2), ["monetary"])[0].verdict == "drifted"


def test_a_bin_that_is_empty_by_chance_makes_no_shift_of_a_figure_that_half_of_a_hundred_customers_have(rng):
    def figures():
        return np.where(rng.random(100) < 0.5, np.nan, rng.gamma(1, 5, 100))

    found = [drift(pd.DataFrame({"monetary": figures()}), table(figures()), ["monetary"])[0] for _ in range(200)]
    assert np.mean([each.verdict == "steady" for each in found]) >= 0.9


def test_of_one_population_chance_exceeds_its_index_once_in_twenty_times(rng):
    pairs = [rng.normal(0, 1, (2, 500)) for _ in range(600)]
    beyond = np.mean([psi(then, now) > by_chance(then, now) for then, now in pairs])
    assert 0.025 < beyond < 0.085


def test_the_best_tenth_who_spend_five_times_as_much_are_a_shift_that_tenths_do_not_see(rng):
    then, now = rng.lognormal(3, 1, (2, 2000))
    more = np.where(now > np.quantile(now, 0.9), 5 * now, now)
    verdicts = [drift(pd.DataFrame({"monetary": then}), table(each), ["monetary"])[0].verdict for each in (now, more)]
    assert verdicts == ["steady", "shifted"]


def test_customers_who_lack_a_value_are_a_group_of_their_own(rng):
    values = rng.normal(0, 1, 1000)
    holed = np.where(rng.random(1000) < 0.5, np.nan, values)
    (found,) = drift(pd.DataFrame({"monetary": values}), table(holed), ["monetary"])
    assert found.verdict == "drifted"


def test_customers_who_come_at_the_same_rate_do_not_drift_as_the_record_goes_on(rng):
    then, now = rng.uniform(0, 400, 3000), rng.uniform(0, 500, 3750)
    (found,) = drift(pd.DataFrame({"tenure": then}), table(now, "tenure"), ["tenure"])
    assert found.verdict == "steady"
    assert found.median_now - found.median_then == pytest.approx(50, abs=15)


def test_many_newcomers_and_a_shorter_record_are_drift(rng):
    then = pd.DataFrame({"tenure": rng.uniform(0, 400, 3000)})
    newcomers = np.append(rng.uniform(0, 500, 2000), rng.uniform(0, 50, 2000))
    assert drift(then, table(newcomers, "tenure"), ["tenure"])[0].verdict == "drifted"
    assert drift(then, table(rng.uniform(0, 200, 3000), "tenure"), ["tenure"])[0].verdict == "drifted"
