"""What is said of a model that is held: how it fits, and whose name no longer suits them."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from segmenter.analysis.choice import trivial
from segmenter.analysis.findings import KPoint
from segmenter.analysis.prepare import prepare
from segmenter.config.analysis import PrepareConfig
from segmenter.features.catalogue import CATALOGUE
from segmenter.features.types import FeatureTable
from segmenter.runs.acceptance import Accepted
from segmenter.runs.continuity import continuity, outgrown_names, verdict
from segmenter.runs.history import Match
from segmenter.runs.types import Model

ONE = trivial(100)
THEN = date(2025, 2, 24)
FEATURES = {each.name: each for each in CATALOGUE["features_value"]}
NAMES = ("Best customers", "One-time buyers, long gone (2)", "Loyal regulars")


def test_a_segment_whose_customers_would_be_called_otherwise_today_is_named_with_both_names():
    today = ("Good customers drifting away", "One-time buyers, long gone", "Loyal regulars")
    assert outgrown_names(NAMES, today, [], {"Best customers": "VIP"}) == (
        "Judging by what its customers do today, VIP would be called Good customers drifting away.",
    )


def test_what_only_tells_two_segments_of_one_name_apart_is_no_other_name():
    today = ("Best customers, with large orders", "One-time buyers, long gone, seen lately", "Loyal regulars")
    assert outgrown_names(NAMES, today, [], {}) == ()


def test_a_name_of_the_same_stage_is_a_shade_and_no_news():
    today = ("Loyal regulars, spending more", "Faded occasional buyers", "Steady customers")
    assert outgrown_names(NAMES, today, [], {}) == ()


def test_those_who_came_since_are_told_of_where_the_segment_is_called_after_those_long_gone():
    came = [(0, 30, "New customers, spending more"), (1, 1460, "New customers"), (2, 60, "Recent one-time buyers")]
    assert outgrown_names(NAMES, NAMES, came, {}) == (
        "1,460 customers in One-time buyers, long gone (2) placed their first order since the model was made; on their own they "
        "would be called New customers.",
    )


@pytest.mark.parametrize(
    ("agreement", "silhouettes", "told"),
    [
        (0.95, (0.5, 0.5), "still fit: 421 of 1,186"),
        (
            0.48,
            (0.47, 0.48),
            "are kept: a fresh fit would place 35% of the customers elsewhere, but is not clearly better.",
        ),
        (0.39, (0.47, 0.51), "no longer fit well: 421 of 1,186"),
    ],
)
def test_segments_have_grown_wrong_only_where_those_found_anew_are_clearer(agreement, silhouettes, told):
    first, *more = verdict(THEN, agreement, (421, 1186), silhouettes, is_clear=True)
    assert told in first
    assert bool(more) == ("no longer fit" in first), "only then are the fresh segments worth a look"


@pytest.mark.parametrize(
    ("silhouettes", "is_clear", "told"),
    [
        ((math.nan, math.nan), False, "and a fresh fit would do the same today."),
        ((math.nan, 0.26), False, "are not clear enough to divide them."),
        ((math.nan, 0.6), True, "no longer fit well: 340 of 340"),
        ((0.26, math.nan), False, "are a useful grouping, not distinct types."),
    ],
)
def test_customers_left_together_are_called_outgrown_only_by_clear_segments(silhouettes, is_clear, told):
    assert told in verdict(THEN, 0.0, (340, 340), silhouettes, is_clear=is_clear)[0]


def test_segments_that_a_fresh_fit_no_better_does_not_find_again_are_named_with_the_share_it_places_elsewhere():
    lost = ("Steady customers", "New customers")
    assert verdict(THEN, 0.48, (1480, 4371), (0.27, 0.25), lost, is_clear=False) == (
        "The segments of 2025-02-24 are kept: a fresh fit would place 34% of the customers elsewhere and not find Steady "
        "customers; New customers again, but is not clearly better.",
    )


def a_shop(rng, weeks, orders_a_week=0.4):
    """Days since the first order, and orders, of customers who come evenly and order by chance ever since."""
    tenure = rng.uniform(0, 7 * weeks, 25 * weeks)
    return np.column_stack([tenure, 1 + rng.poisson(orders_a_week * tenure / 7)])


def beside(then, now, *, silhouettes=(0.4, 0.4), fresh=None, matches=(), choice=ONE, names=("tenure", "frequency")):
    """What is said of a model made of the customers `then`, held on those of `now`."""
    features = tuple(FEATURES[name] for name in names)

    def table(values):
        return FeatureTable(np.array([str(number) for number in range(len(values))]), values, features, None)

    preparation = prepare(then, names, PrepareConfig(outliers="winsorize")).preparation
    model = Model(preparation, ((0.0, 0.0),), ("All customers",), (0,), 1)
    known = Accepted("then", THEN, model, pd.DataFrame(then, columns=list(names)), 0.4, None, 1, 0)
    held = np.arange(len(now)) % 2
    fresh = held if fresh is None else fresh
    return continuity(known, table(now), held, fresh, matches, silhouettes, choice).sentences


def test_customers_who_only_had_more_time_are_not_told_to_lie_beyond_what_the_model_knew(rng):
    told = beside(a_shop(rng, weeks=12), a_shop(rng, weeks=26))
    assert not [sentence for sentence in told if "beyond what the model" in sentence]


def test_customers_who_order_more_in_the_same_time_are_told_to_lie_beyond_what_the_model_knew(rng):
    told = beside(a_shop(rng, weeks=12), a_shop(rng, weeks=26, orders_a_week=1.2))
    assert [sentence for sentence in told if "beyond what the model" in sentence and "limit: orders (" in sentence]


def test_what_a_fresh_fit_cuts_otherwise_is_told_only_where_it_is_clearer(rng):
    shop, split = a_shop(rng, weeks=12), [Match("split", 1, "Loyal regulars", ("Best customers",), 40, 1.0)]
    otherwise = np.arange(len(shop)) // 2 % 2
    lost = Match("vanished", None, "Steady customers", ("Steady customers",), 20, 0.0)
    tell = [
        beside(shop, shop, silhouettes=each, fresh=otherwise, matches=[*split, lost])
        for each in ((0.4, 0.41), (0.3, 0.5))
    ]
    assert ["A fresh fit would split" in " ".join(told) for told in tell] == [False, True]
    assert all(" not find Steady customers again" in " ".join(told) for told in tell), (
        "what is lost is said in any case"
    )


@pytest.mark.parametrize(
    ("is_clear", "same_number", "fits"), [(False, 0.41, True), (False, 0.5, False), (True, 0.41, False)]
)
def test_another_number_of_segments_is_better_only_where_it_is_clear(rng, is_clear, same_number, fits):
    shop = a_shop(rng, weeks=60)
    otherwise = np.arange(len(shop)) // 2 % 3
    sweep = tuple(KPoint(k, 1.0, silhouette, 1.0, 1.0, 0.9) for k, silhouette in ((2, same_number), (3, 0.5)))
    choice = replace(ONE, points=sweep, n_clusters=3, is_clear=is_clear)
    first, *_ = beside(shop, shop, silhouettes=(0.4, 0.5), fresh=otherwise, choice=choice)
    assert ("are kept" in first) == fits


@pytest.mark.parametrize(("later", "is_told"), [(28, False), (280, True)])
def test_one_renewal_more_of_everybody_is_no_other_kind_of_customers(rng, later, is_told):
    tenure = np.concatenate([rng.uniform(260, 280, 300), rng.uniform(0, 260, 500)])
    then, now = (
        np.column_stack([days, 1 + days // 28]) for days in (tenure, np.r_[tenure + later, rng.uniform(0, later, 50)])
    )
    assert ("Customers differ from those of" in " ".join(beside(then, now))) == is_told
