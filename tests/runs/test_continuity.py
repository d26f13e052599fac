"""What is said of a model that is held: how it fits, and whose name no longer suits them."""

import math
from datetime import date

import pytest

from segmenter.runs.continuity import outgrown_names, verdict

NAMES = ("Best customers", "One-time buyers, long gone (2)", "Loyal regulars")


def test_a_segment_whose_customers_would_be_called_otherwise_today_is_named_with_both_names():
    today = ("Good customers drifting away", "One-time buyers, long gone", "Loyal regulars")
    assert outgrown_names(NAMES, today, [], {"Best customers": "VIP"}) == (
        "By what its customers do today, VIP would be called Good customers drifting away.",
    )


def test_what_only_tells_two_segments_of_one_name_apart_is_no_other_name():
    today = ("Best customers, with large orders", "One-time buyers, long gone, seen lately", "Loyal regulars")
    assert outgrown_names(NAMES, today, [], {}) == ()


def test_those_who_came_since_are_told_of_where_the_name_does_not_suit_them():
    came = [(0, 30, "Best customers, seen lately"), (1, 1460, "New customers")]
    assert outgrown_names(NAMES, NAMES, came, {}) == (
        "1,460 customers in One-time buyers, long gone (2) placed their first order since the model was made; they alone "
        "would be called New customers.",
    )


@pytest.mark.parametrize(
    ("agreement", "silhouettes", "told"),
    [
        (0.95, (0.5, 0.5), "still fit: 421 of 1,186"),
        (0.48, (0.47, 0.48), "are as clear as those found anew, which are cut otherwise: 421 of 1,186"),
        (0.39, (0.47, 0.51), "no longer fit well: 421 of 1,186"),
    ],
)
def test_segments_have_grown_wrong_only_where_those_found_anew_are_clearer(agreement, silhouettes, told):
    first, *more = verdict(date(2025, 2, 24), agreement, (421, 1186), silhouettes, is_clear=True)
    assert told in first
    assert bool(more) == ("no longer fit" in first), "only then are the fresh segments worth a look"


@pytest.mark.parametrize(
    ("silhouettes", "is_clear", "told"),
    [
        ((math.nan, 0.26), False, "are not clear enough to divide them."),
        ((math.nan, 0.6), True, "no longer fit well: 340 of 340"),
        ((0.26, math.nan), False, "are a useful cut, not separate kinds."),
    ],
)
def test_customers_left_together_are_called_outgrown_only_by_clear_segments(silhouettes, is_clear, told):
    assert told in verdict(date(2025, 2, 24), 0.0, (340, 340), silhouettes, is_clear=is_clear)[0]
