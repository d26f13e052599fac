"""Orders and money to come: the models against their papers, the hold-out check and the gate."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import check_grad
from scipy.stats import beta

from segmenter.analysis import bgnbd, gammagamma, gate
from segmenter.analysis.lifetime import value_to_come
from segmenter.analysis.lifetime_types import BgNbd, GammaGamma

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
    loss, _ = bgnbd._loss(np.log([fitted.r, fitted.alpha, fitted.a, fitted.b]), *bgnbd._distinct(*cdnow[:3]))
    assert -len(cdnow[0]) * loss == pytest.approx(-9582.4, abs=0.05)


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
    known = gammagamma._summed(x, value)
    parts = [lambda p, at=at: gammagamma._loss(p, known)[at] for at in (0, 1)]
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


@dataclass(frozen=True)
class Histories:
    repeats: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    order_value: np.ndarray


@dataclass(frozen=True)
class Orders:
    now: Histories
    before: Histories
    orders: np.ndarray
    orders_soon: np.ndarray
    revenue: np.ndarray
    period_orders: np.ndarray
    days: int
    year_ago: tuple[int, int] = (0, 0)
    year_ago_customers: int = 0


def simulated(rng, n=3000, weeks=(60, 90), lost=0.0, subscribers=0.0):
    """Customers who order as the models say, seen after so many weeks, and the orders that the next 30 days bring.

    From 60 days before the end on, a share of the orders is `lost`; a share of `subscribers` orders every 30 days.
    """
    rate, leaving = rng.gamma(0.8, 1 / 6.0, n), rng.beta(0.8, 4.0, n)
    subscribed = np.arange(n) < subscribers * n
    leaving[subscribed] = 0.05
    first = rng.uniform(0, weeks[1] - 1, n)
    first[0] = 0.0
    usual = 3.0 / rng.gamma(4.0, 1 / 90.0, n)
    times = [first]
    alive = np.ones(n, bool)
    while alive.any():
        following = times[-1] + np.where(subscribed, 30 / 7, rng.exponential(1 / rate))
        alive &= (rng.random(n) > leaving) & (following < weeks[1] + 5)
        times.append(np.where(alive, following, np.inf))
    times = np.array(times)
    if lost:
        times[1:][(times[1:] >= weeks[1] - 60 / 7) & (rng.random(times[1:].shape) < lost)] = np.inf
    value = np.where(np.isfinite(times), rng.gamma(3.0, usual / 3.0, times.shape), 0.0)
    split, now = (seen(times, value, week) for week in weeks)
    later = (times >= weeks[0]) & (times < weeks[1])
    soon = later & (times < weeks[0] + 30 / 7)
    known = first < weeks[0]
    orders, orders_soon = (np.where(known, part.sum(axis=0), np.nan) for part in (later, soon))
    revenue = np.where(known, (value * later).sum(axis=0), np.nan)
    weeks_later = (times[later & known] - weeks[0]) * 7 // 30
    periods = np.bincount(weeks_later.astype(int))[: 7 * (weeks[1] - weeks[0]) // 30].astype(float)
    coming = ((times >= weeks[1]) & (times < weeks[1] + 30 / 7)).sum(axis=0)
    return Orders(now, split, orders, orders_soon, revenue, periods, 7 * (weeks[1] - weeks[0])), coming


def seen(times, value, week):
    """The customers' history as it stood in that week."""
    done = times < week
    known, last = done[0], np.where(done, times, -np.inf).max(axis=0)
    columns = (
        done.sum(axis=0) - 1,
        last - times[0],
        week - times[0],
        (value * done).sum(axis=0) / np.maximum(done.sum(axis=0), 1),
    )
    return Histories(*(np.where(known, column, np.nan) for column in columns))


@pytest.fixture(scope="module")
def shop():
    return simulated(np.random.default_rng(3))


@pytest.fixture(scope="module")
def told(shop):
    return value_to_come(shop[0], 30, np.arange(3000) % 3)


def test_what_is_expected_of_customers_who_follow_the_models_comes(shop, told):
    assert told.finding.refusal == told.finding.value_refusal == ""
    assert told.forecast.orders.sum() == pytest.approx(shop[1].sum(), rel=0.08)
    assert told.forecast.p_order.sum() == pytest.approx((shop[1] > 0).sum(), rel=0.08)
    likely = told.forecast.p_order > 0.5
    assert (shop[1][likely] > 0).mean() == pytest.approx(told.forecast.p_order[likely].mean(), abs=0.08)


def test_the_segments_add_up_to_the_customers(told):
    parts = told.finding.segments
    assert [part.label for part in parts] == [0, 1, 2]
    assert sum(part.orders for part in parts) == pytest.approx(told.forecast.orders.sum())
    assert sum(part.ordering for part in parts) == pytest.approx(told.forecast.p_order.sum())
    assert sum(part.revenue for part in parts) == pytest.approx(told.forecast.revenue.sum())


def test_the_check_counts_every_customer_known_before_and_every_order_since(shop, told):
    past, check = shop[0], told.finding.check
    assert sum(each.customers for each in check.classes) == np.isfinite(past.before.age).sum()
    assert sum(each.actual for each in check.classes) == check.orders == np.nansum(past.orders)
    assert check.revenue == pytest.approx(np.nansum(past.revenue))


def test_the_check_tells_how_far_single_periods_were_off(shop, told):
    check = told.finding.check
    assert check.period_orders == tuple(shop[0].period_orders)
    assert len(check.period_orders) == 7
    assert sum(check.period_expected) == pytest.approx(check.orders_expected)
    assert np.allclose(check.period_expected, check.period_orders, rtol=0.25)
    words = " ".join(told.finding.sentences)
    assert "In 7 past periods of the same length it was between" in words
    assert "this one may be as far off, either way" in words


def test_of_many_periods_the_newest_are_told(shop):
    past = replace(shop[0], period_orders=np.arange(15.0))
    check = value_to_come(past, 14, np.zeros(3000, np.int64)).finding.check
    assert check.period_orders == tuple(range(3, 15))
    assert len(check.period_expected) == 12
    assert sum(check.period_expected) == pytest.approx(check.orders_expected * 12 / 15, rel=0.1)


def test_a_fall_that_the_time_held_out_hides_is_told_with_what_it_may_make_of_the_next_days(told):
    past, coming = simulated(np.random.default_rng(5), lost=0.4)
    found = value_to_come(past, 30, np.zeros(3000, np.int64))
    assert found.finding.refusal == ""
    assert "fewer orders than the model expects of them" in found.finding.lately
    worst = int(re.search(r"may bring as few as ([\d,]+) orders", found.finding.lately)[1].replace(",", ""))
    assert worst < coming.sum() < np.nansum(found.forecast.orders)
    assert told.finding.lately == ""


@pytest.mark.parametrize(
    ("expected", "came", "said"),
    [
        (1400, 1000, "brought 29% fewer orders than the model expects of them (1,000, not 1,400)"),
        (1000, 1400, "40% more orders"),
        (1000, 1400, "may bring as many as 700 orders"),
        (1200, 1000, ""),
        (14, 8, ""),
        (20, 0, "100% fewer orders"),
    ],
    ids=["too many", "too few", "of the next", "as a forecast may be", "by chance", "none came"],
)
def test_the_newest_days_are_told_where_they_were_missed_by_more_than_chance(expected, came, said):
    found = gate.lately_off(expected, came, 30, 500.0)
    assert said in found
    assert bool(found) == bool(said)


def test_the_check_counts_who_ordered_in_the_first_period(shop, told):
    check = told.finding.check
    assert check.ordering == (shop[0].orders_soon > 0).sum()
    assert check.ordering_expected == pytest.approx(check.ordering, rel=0.1)
    assert f"expected {check.ordering_expected:,.0f} customers to order, and {check.ordering:,.0f} did" in " ".join(
        told.finding.sentences
    )


def test_before_a_second_order_nothing_is_known_of_having_left(shop, told):
    assert (np.isnan(told.forecast.p_active) == (shop[0].now.repeats == 0)).all()


def test_no_chance_of_being_active_is_given_where_the_model_sees_nobody_leave(shop, told, monkeypatch):
    monkeypatch.setattr(gate, "STEADY", 1.0)
    found = value_to_come(shop[0], 30, np.arange(3000) % 3)
    assert np.isnan(found.forecast.p_active).all()
    assert np.array_equal(found.forecast.p_order, told.forecast.p_order)
    assert gate.KEEPS_EVERYBODY in found.finding.sentences
    assert gate.KEEPS_EVERYBODY not in told.finding.sentences


def test_the_customers_order_has_no_part_in_it(shop, told):
    def turned(history):
        return Histories(*(column[::-1].copy() for column in vars(history).values()))

    past = shop[0]
    since = (past.orders[::-1], past.orders_soon[::-1], past.revenue[::-1], past.period_orders)
    back = Orders(turned(past.now), turned(past.before), *since, past.days)
    again = value_to_come(back, 30, (np.arange(3000) % 3)[::-1])
    assert np.allclose(again.forecast.revenue[::-1], told.forecast.revenue, rtol=1e-6)


def withheld(past, days=30):
    found = value_to_come(past, days, np.zeros(len(past.orders), np.int64))
    assert np.isnan(found.forecast.revenue).all()
    return found


def test_a_forecast_reaches_no_further_than_it_was_checked(shop):
    found = withheld(shop[0], days=400)
    assert "cannot be checked" in found.finding.refusal
    assert "1200 days" in found.finding.refusal


def test_too_few_who_came_again_carry_no_forecast():
    found = withheld(simulated(np.random.default_rng(4), n=150)[0])
    assert "ordered again" in found.finding.refusal


def test_customers_who_stop_as_nothing_foretold_close_the_gate(shop):
    past = replace(shop[0], orders=np.where(np.isnan(shop[0].orders), np.nan, 0.0))
    found = withheld(past)
    assert "none came; above 25% no forecast is given" in found.finding.refusal
    assert np.isnan(found.forecast.orders).all()
    assert found.finding.segments == ()


def test_money_is_withheld_where_frequent_customers_spend_otherwise(shop):
    past, often = shop[0], np.nan_to_num(shop[0].now.repeats)
    dear = replace(past.now, order_value=past.now.order_value * (1 + often) ** 2)
    found = withheld(replace(past, now=dear))
    assert "rank correlation" in found.finding.value_refusal
    assert found.forecast.orders.sum() > 0
    assert [part.revenue for part in found.finding.segments] == [None]


def test_money_is_withheld_where_it_did_not_come_as_expected(shop):
    past = shop[0]
    found = withheld(replace(past, revenue=past.revenue * 2))
    assert "too low" in found.finding.value_refusal


@pytest.mark.parametrize(
    ("year_ago", "said"),
    [
        ((800, 1800), "the 30 days from this date on brought 125% more orders than the 30 before them"),
        ((1800, 800), "56% fewer orders"),
        ((1000, 1200), ""),
        ((10, 16), ""),
        ((0, 900), ""),
        ((0, 0), ""),
    ],
    ids=["before Christmas", "after it", "no season", "by chance", "no days before", "no year on record"],
)
def test_a_season_that_the_record_holds_is_told_of(shop, year_ago, said):
    past = replace(shop[0], year_ago=year_ago, year_ago_customers=9)
    season = value_to_come(past, 30, np.arange(3000) % 3).finding.season
    assert said in season
    assert ("A year ago" in season) == bool(said)
    days = f"The same 30 days 52 weeks before brought {year_ago[1]:,} orders from 9 customers, new ones among them."
    assert season.startswith(days) == (year_ago[1] > 0), "what came then is said even where it is no season"


def test_who_orders_is_withheld_where_the_orders_come_from_more_customers_than_expected(shop):
    past = shop[0]
    more = np.where(np.arange(3000) % 2 == 0, np.maximum(past.orders_soon, 1), past.orders_soon)
    found = value_to_come(replace(past, orders_soon=more), 30, np.zeros(3000, np.int64))
    assert "Orders at fixed intervals, as with subscriptions" in found.finding.ordering_refusal
    assert np.isnan(found.forecast.p_order).all()
    assert found.forecast.orders.sum() > 0
    assert [part.ordering for part in found.finding.segments] == [None]


def test_who_orders_and_who_has_left_is_withheld_where_misses_of_both_signs_cancel_in_the_total():
    past, _ = simulated(np.random.default_rng(6), subscribers=0.5)
    found = value_to_come(past, 30, np.zeros(3000, np.int64))
    check = found.finding.check
    assert found.finding.refusal == ""
    assert abs(check.ordering_expected - check.ordering) <= 0.25 * check.ordering
    assert "the chances of an order were off by" in found.finding.ordering_refusal
    assert np.isnan(found.forecast.p_order).all()
    assert np.isnan(found.forecast.p_active).all()
    assert found.forecast.orders.sum() > 0


def test_chances_that_are_right_are_no_further_off_than_by_chance(told):
    check = told.finding.check
    few = value_to_come(simulated(np.random.default_rng(8), n=500)[0], 30, np.zeros(500, np.int64)).finding.check
    assert check.ordering_error <= check.ordering_chance < few.ordering_chance
    assert gate.ordering_wrong(replace(check, ordering_error=0.5), 30) != ""
    assert gate.ordering_wrong(replace(check, ordering_error=0.5, ordering_chance=0.6), 30) == "", "few customers"


def test_free_orders_have_no_money_to_come(shop):
    past = shop[0]
    free = [replace(history, order_value=history.order_value * 0) for history in (past.now, past.before)]
    now, before = free
    found = withheld(replace(past, now=now, before=before, revenue=past.revenue * 0))
    assert "paid" in found.finding.value_refusal


def test_customers_who_have_not_ordered_are_told_nothing_of(shop):
    past = shop[0]
    nobody = Histories(*(np.append(column, np.nan) for column in vars(past.now).values()))
    before = Histories(*(np.append(column, np.nan) for column in vars(past.before).values()))
    since = (np.append(column, np.nan) for column in (past.orders, past.orders_soon, past.revenue))
    more = Orders(nobody, before, *since, past.period_orders, past.days)
    found = value_to_come(more, 30, np.zeros(3001, np.int64))
    assert np.isnan(found.forecast.orders[-1])
    assert found.finding.n_customers == 3000
