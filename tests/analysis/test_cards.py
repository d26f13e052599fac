"""Segment cards, their names and rules."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.analysis import cards, kmeans, names, rules
from segmenter.analysis.customers import Customers
from segmenter.config import Config
from segmenter.config.analysis import KMeansConfig
from segmenter.config.names import GIVEN, given_name
from segmenter.features.catalogue import CATALOGUE
from segmenter.features.types import Feature
from segmenter.study.tables import formatter

FEATURES = (
    Feature("recency", "days since the last order", "", "days"),
    Feature("frequency", "orders", "", "count"),
    Feature("monetary", "money spent", "", "money"),
    Feature("tenure", "days since the first order", "", "days"),
)


def show(feature, value):
    return f"{value:,.0f}"


def named(customers, segmentation):
    return cards.name(customers, segmentation.labels, segmentation.n_clusters)


@pytest.fixture(scope="module")
def planted():
    """Three hundred customers in three plain groups: best, new, long gone."""
    rng = np.random.default_rng(7)
    recency = np.concatenate([rng.integers(1, 20, 100), rng.integers(1, 20, 100), rng.integers(300, 400, 100)])
    frequency = np.concatenate([rng.integers(20, 30, 100), rng.integers(1, 3, 100), np.ones(100)])
    monetary = frequency * np.concatenate(
        [rng.uniform(90, 110, 100), rng.uniform(20, 30, 100), rng.uniform(20, 30, 100)]
    )
    tenure = np.concatenate([rng.integers(500, 700, 100), rng.integers(5, 40, 100), recency[200:] + 5])
    values = np.column_stack([recency, frequency, monetary, tenure]).astype(float)
    matrix = (np.log1p(values) - np.log1p(values).mean(axis=0)) / np.log1p(values).std(axis=0)
    config = KMeansConfig(n_clusters=3, max_clusters=4, bootstraps=5)
    segmentation = kmeans.segment(matrix, config, 1, values[:, 2])
    used = tuple(feature.name for feature in FEATURES)
    return Customers(values, FEATURES, matrix, used, np.zeros(300, dtype=bool)), segmentation


def described(values, name, mine):
    feature = next(each for group in CATALOGUE.values() for each in group if each.name == name)
    nobody = np.zeros(len(values), dtype=bool)
    customers = Customers(values[:, None], (feature,), np.zeros((len(values), 1)), (name,), nobody)
    return rules.describe(customers, mine, formatter(Config()))


@pytest.mark.parametrize(
    ("name", "low", "high", "text"),
    [
        ("hour_spread", 1.2, 1.7, "spread of the hour of ordering: 1.2 hours to 1.7 hours"),
        ("mean_gap", 0.1, 0.6, "days between orders: 0.1 to 0.6"),
        ("hour_spread", -1.0, 0.8, "spread of the hour of ordering: at most 0.8 hours"),
    ],
)
def test_a_rule_on_a_figure_that_is_not_whole_is_not_rounded_to_whole_numbers(rng, name, low, high, text):
    values = rng.uniform(0, 4, 3000)
    assert described(values, name, (values > low) & (values <= high)).text == text


def test_a_rule_says_who_has_no_figure_and_never_a_bound_that_nobody_meets(rng):
    gaps = np.where(rng.random(2000) < 0.4, np.nan, rng.integers(10, 90, 2000).astype(float))
    missing = np.isnan(gaps)
    assert described(gaps, "mean_gap", missing).text == "days between orders: not known"
    assert described(gaps, "mean_gap", ~missing).text == "days between orders: known"
    assert described(gaps, "mean_gap", ~missing & (gaps < 40)).text == "days between orders: at most 39"


def test_a_rule_on_a_count_that_begins_at_three_speaks_of_no_zero_orders(rng):
    most = np.where(rng.random(2000) < 0.8, 0, rng.integers(3, 9, 2000)).astype(float)
    assert described(most, "orders_in_a_day", most == 0).text == "most orders in a day: fewer than 3"
    assert described(most, "orders_in_a_day", most > 0).text == "most orders in a day: at least 3"


@pytest.mark.parametrize("n", [10_000, 1_000_000])
def test_a_rule_is_as_fine_among_many_customers_as_among_few(rng, n):
    values = rng.integers(1, 101, n).astype(float)
    rule = described(values, "frequency", values > 90)
    assert (rule.text, rule.precision, rule.recall) == ("orders: at least 91", 1.0, 1.0)
    assert rule.n_tried == rules.VALIDATED


def test_a_rule_read_off_chance_is_told_to_be_right_no_more_often_than_chance(rng):
    values, mine = rng.uniform(0, 4, 1000), rng.random(1000) < 0.2
    rule = described(values, "hour_spread", mine)
    assert rule.precision < 0.3
    assert rule.n_tried == 1000


def test_the_order_of_the_customers_changes_nothing_of_a_rule(rng):
    values = rng.uniform(0, 4, 1000)
    mine = (values > 2) ^ (rng.random(1000) < 0.1)
    there, back = np.arange(1000), rng.permutation(1000)
    one, other = (described(values[rows], "hour_spread", mine[rows]) for rows in (there, back))
    assert one == other
    assert 0.8 < one.precision < 1


@pytest.mark.parametrize("n_mine", [1, rules.FOLDS - 1])
def test_a_rule_for_too_few_to_leave_any_out_is_told_without_how_often_it_is_right(rng, n_mine):
    values = np.sort(rng.uniform(0, 4, 400))
    rule = described(values, "hour_spread", np.arange(400) < n_mine)
    assert rule.text
    assert np.isnan([rule.precision, rule.recall]).all()


@given(
    st.builds(
        names.Standing,
        frequent=st.floats(0, 1),
        valuable=st.floats(0, 1),
        basket=st.floats(0, 1),
        lateness=st.floats(0, 20),
        age=st.floats(0, 1),
        days=st.floats(0, 2000),
        orders=st.integers(0, 60).map(float),
        once=st.floats(0, 1),
        on_time=st.floats(0, 1),
    )
)
def test_no_segment_is_called_what_its_profile_contradicts(standing):
    found = names.advise(standing)
    gone = {names.DRIFTING, names.ONE_TIME, names.FADED}
    assert found not in gone or standing.lateness > 2
    assert found in gone | {names.NO_ORDER, names.ONE_TIME_ALL} or standing.lateness <= 2
    assert found not in {names.ONE_TIME, names.ONE_TIME_ALL, names.RECENT_ONE_TIME} or standing.once >= 0.8
    assert found is not names.ONE_TIME or standing.on_time < 0.2
    assert found not in {names.BEST, names.DRIFTING} or standing.orders >= 2
    assert found is not names.NEW or (standing.age <= 0.25 and standing.days <= 180)
    assert found is not names.LOYAL or standing.orders >= 4
    assert found is not names.BIG_BASKETS or standing.basket >= 0.7
    assert (found is names.NO_ORDER) == (standing.orders < 1)


def test_one_time_buyers_of_whom_a_third_bought_of_late_are_not_called_long_gone(rng):
    recency = np.concatenate([rng.integers(1, 600, 300), rng.integers(1, 40, 300)]).astype(float)
    once = np.repeat([1.0, 6.0], 300)
    values = np.column_stack([recency, once, once * 50, recency + 40 * (once - 1), np.where(once > 1, 40.0, np.nan)])
    features = (*FEATURES, Feature("mean_gap", "days between orders", "", "days"))
    customers = Customers(values, features, values[:, :1], ("recency",), np.zeros(600, bool))
    called = cards.name(customers, np.repeat([0, 1], 300), 2)
    assert called[0] == "One-time buyers, long gone"
    recent = recency.copy()
    recent[:100] = rng.integers(1, 60, 100)
    values = np.column_stack([recent, *values.T[1:]])
    customers = Customers(values, features, values[:, :1], ("recency",), np.zeros(600, bool))
    assert cards.name(customers, np.repeat([0, 1], 300), 2)[0] == "One-time buyers, recent or long gone"


def test_nobody_is_late_within_the_own_rhythm(rng):
    gap = rng.uniform(5, 100, 400)
    values = np.column_stack([gap, np.full(400, 9.0), np.full(400, 500.0), np.full(400, 900.0), gap])
    features = (*FEATURES, Feature("mean_gap", "days between orders", "", "days"))
    slow = gap > np.median(gap)
    customers = Customers(values, features, values, tuple(feature.name for feature in features), np.zeros(400, bool))
    called = cards.name(customers, slow.astype(np.int64), 2)
    assert not any("gone" in name or "Faded" in name or "drifting" in name for name in called)


def test_where_all_spent_and_ordered_alike_nobody_is_called_a_good_customer(rng):
    recency = np.concatenate([rng.integers(5, 30, 200), rng.integers(250, 300, 200)]).astype(float)
    values = np.column_stack([recency, np.full(400, 2.0), np.full(400, 20.0), recency + 40])
    customers = Customers(values, FEATURES, values, tuple(feature.name for feature in FEATURES), np.zeros(400, bool))
    called = cards.name(customers, np.repeat([0, 1], 200), 2)
    assert not any("Good" in name or "Best" in name for name in called)


def test_those_who_only_returned_are_not_called_buyers(planted):
    customers, segmentation = planted
    values = customers.values.copy()
    values[segmentation.labels == 2, 1] = 0
    changed = Customers(values, FEATURES, customers.matrix, customers.used, customers.is_anomaly)
    assert named(changed, segmentation)[2] == "Returns without an order"


def test_of_those_who_only_returned_no_last_order_is_told(planted):
    customers, segmentation = planted
    values = customers.values.copy()
    values[segmentation.labels == 2, 1] = 0
    values[segmentation.labels == 2, 2] = -40
    changed = Customers(values, FEATURES, customers.matrix, customers.used, customers.is_anomaly)
    told = cards.build(changed, segmentation, named(changed, segmentation), show, 0)[2].summary
    assert told == "Typically no valid order, 40 more refunded than paid."


def test_segments_are_told_apart_by_the_plainest_feature_that_differs():
    profiles = [{"tenure": 1.0, "monetary": 0.9}, {"tenure": -1.0, "monetary": -0.9}]
    assert names.unique(["Loyal regulars"] * 2, profiles, cards.APART) == [
        "Loyal regulars, spending more",
        "Loyal regulars, spending less",
    ]


def test_names_follow_from_the_profile(planted):
    found = cards.build(*planted, named(*planted), show, 0)
    assert [card.name for card in found] == ["Best customers", "New customers", "One-time buyers, long gone"]


def test_who_orders_hardly_more_at_a_time_than_others_is_not_called_after_large_orders():
    """Online Retail's second segment: three orders of 347 GBP each, where half of all customers' are of 292 GBP and the best's of 350."""
    second = names.Standing(0.63, 0.65, 0.63, lateness=0.6, age=0.8, days=276, orders=3, once=0.05, on_time=0.9)
    assert names.advise(second) is names.STEADY
    assert names.advise(replace(second, basket=0.92)) is names.BIG_BASKETS


@pytest.fixture
def regulars_and_big_baskets(rng):
    """Customers who order often, and half as many who order seldom and much; both still order. Then those long gone."""
    recency = np.concatenate([rng.integers(1, 20, 100), rng.integers(1, 20, 60), rng.integers(300, 400, 240)])
    frequency = np.concatenate([rng.integers(30, 50, 100), np.full(60, 3), np.ones(240)])
    value = np.concatenate([rng.uniform(90, 110, 100), rng.uniform(3300, 3700, 60), rng.uniform(20, 30, 240)])
    values = np.column_stack([recency, frequency, frequency * value, np.full(400, 500.0)]).astype(float)
    features = tuple(feature.name for feature in FEATURES)
    return Customers(values, FEATURES, values, features, np.zeros(400, bool)), np.repeat([0, 1, 2], [100, 60, 240])


def test_nobody_is_called_best_beside_a_segment_that_brings_clearly_more_per_customer(regulars_and_big_baskets):
    assert cards.name(*regulars_and_big_baskets, 3)[0] == "Loyal regulars"


@pytest.mark.parametrize("case", ["a little more", "one large customer", "a handful", "long gone"])
def test_the_best_keep_their_name_beside_a_segment_that_does_not_clearly_bring_more(regulars_and_big_baskets, case):
    customers, labels = regulars_and_big_baskets
    values, big = customers.values.copy(), labels == 1
    if case == "a little more":
        values[big, 2] *= 0.5
    elif case == "one large customer":
        values[big, 2] = 2500.0
        values[100, 2] = 1e6
    elif case == "a handful":
        labels = np.where(np.cumsum(big) > 40, labels, np.where(big, 2, labels))
    else:
        values[big, 0] = 490
    assert cards.name(replace(customers, values=values), labels, 3)[0] == "Best customers"


def test_a_segment_of_nobody_but_odd_customers_gets_no_advice_for_many(planted):
    customers, segmentation = planted
    odd = segmentation.labels == 0
    found = cards.build(replace(customers, is_anomaly=odd), segmentation, ("A", "B", "C"), show, 1)
    assert found[0].action.startswith("Look at each one")
    assert [card.movable > 0 for card in found] == [False, True, True]
    odd[np.flatnonzero(odd)[0]] = False
    assert not cards.build(replace(customers, is_anomaly=odd), segmentation, ("A", "B", "C"), show, 1)[
        0
    ].action.startswith("Look")


def test_shares_add_up(planted):
    found = cards.build(*planted, named(*planted), show, 0)
    assert sum(card.customers for card in found) == 300
    assert sum(card.customer_share for card in found) == pytest.approx(1)
    assert sum(card.revenue_share for card in found) == pytest.approx(1)


def test_a_card_carries_the_name_it_is_given(planted):
    found = cards.build(*planted, ("Stars", "Fresh faces", "Gone"), show, 0)
    assert [card.name for card in found] == ["Stars", "Fresh faces", "Gone"]


def test_medians_are_in_raw_units(planted):
    customers, segmentation = planted
    card = cards.build(customers, segmentation, named(customers, segmentation), show, 0)[0]
    mine = segmentation.labels == 0
    assert card.medians["monetary"] == np.median(customers.values[mine, 2])
    assert card.overall["recency"] == np.median(customers.values[:, 0])


def test_a_rule_tells_how_far_it_can_be_trusted(planted):
    for card in cards.build(*planted, named(*planted), show, 0):
        assert card.rule_precision > 0.9
        assert card.rule_recall > 0.9
        assert any(feature.label in card.rule for feature in FEATURES)


def test_the_feature_that_sets_a_segment_apart_is_the_most_important(planted):
    last = cards.build(*planted, named(*planted), show, 0)[2]
    assert last.importance[0][0] == "recency"
    assert all(0 <= share <= 1 for _, share in last.importance)


@pytest.mark.parametrize("spent", [0.0, -5.0])
def test_no_revenue_or_less_gives_no_share_and_no_error(planted, spent):
    customers, segmentation = planted
    values = customers.values.copy()
    values[:, 2] = spent
    poor = Customers(values, FEATURES, customers.matrix, customers.used, customers.is_anomaly)
    assert {card.revenue_share for card in cards.build(poor, segmentation, named(poor, segmentation), show, 0)} == {0.0}


def test_missing_values_are_left_out_of_the_medians(planted):
    customers, segmentation = planted
    values = customers.values.copy()
    values[:, 3] = np.nan
    bare = Customers(values, FEATURES, customers.matrix, customers.used, customers.is_anomaly)
    assert np.isnan(cards.build(bare, segmentation, named(bare, segmentation), show, 0)[0].medians["tenure"])


@pytest.mark.parametrize(("share", "is_told"), [(0.38, False), (0.5, True)])
def test_what_fewer_than_half_of_a_segment_have_is_not_typical_of_it(planted, share, is_told):
    customers, segmentation = planted
    mine = np.flatnonzero(segmentation.labels == 0)
    values = customers.values.copy()
    values[mine[int(np.ceil(share * len(mine))) :], 3] = np.nan
    bare = Customers(values, FEATURES, customers.matrix, customers.used, customers.is_anomaly)
    card = cards.build(bare, segmentation, named(bare, segmentation), show, 0)[0]
    assert np.isfinite(card.medians["tenure"]) == is_told
    assert np.isfinite(card.overall["tenure"])


PROFILES = st.lists(
    st.fixed_dictionaries({"recency": st.floats(-2, 2), "monetary": st.floats(-2, 2)}), min_size=1, max_size=9
)


RULED = [advice for advice in vars(names).values() if isinstance(advice, names.Advice)]


def test_the_configuration_knows_every_name_that_a_segment_can_have():
    assert sorted(advice.name for advice in RULED) == sorted(GIVEN)


@given(PROFILES, st.sampled_from(GIVEN), st.sampled_from([{}, cards.APART]))
def test_every_name_that_the_rule_gives_may_be_replaced(profiles, name, words):
    for given_here in names.unique([name] * len(profiles), profiles, words):
        assert given_name(given_here) == given_here
        assert given_name(f"{given_here} (2)")


@given(PROFILES)
def test_segments_never_share_a_name(profiles):
    given_names = ["Loyal regulars"] * len(profiles)
    assert len(set(names.unique(given_names, profiles, cards.APART))) == len(profiles)


@pytest.mark.parametrize(
    ("stability", "word"),
    [(0.9, "highly stable"), (0.8, "valid"), (0.7, "a pattern"), (0.3, "unstable"), (None, "not measured")],
)
def test_stability_is_said_in_hennigs_bands(stability, word):
    assert names.stability_words(stability, is_clear=True).startswith(word)


@pytest.mark.parametrize("stability", [0.76, 0.85, 0.97])
def test_where_no_number_of_segments_is_clear_a_stable_one_is_called_a_cut(stability):
    """Pieces of one crowd reach 0.95 and more, so that stability alone shows no type."""
    assert "no proof of a separate type" in names.stability_words(stability, is_clear=False)
    assert names.stability_words(0.5, is_clear=False) == names.stability_words(0.5, is_clear=True)
