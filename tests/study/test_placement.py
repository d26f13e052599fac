"""The names of segments as a team would have them."""

import pytest

from segmenter.config import load_config
from segmenter.study.placement import shown_names

RULED = ("Best customers", "New customers")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({}, RULED),
        ({"Best customers": "Stars"}, ("Stars", "New customers")),
        ({"Faded occasional buyers": "Gone"}, RULED),
        ({"New customers": "Best customers"}, ("Best customers", "Best customers (New customers)")),
    ],
    ids=["none", "one", "of no segment", "of another segment"],
)
def test_a_name_of_the_teams_takes_the_rules_place_and_stays_the_only_one(names, shown):
    assert shown_names(RULED, load_config(kmeans={"names": names})) == shown
