"""What a run is told by those before it: no movement is made up where there is none to be told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from segmenter.config.history import HistoryConfig
from segmenter.runs import archive
from segmenter.runs.memory import remember
from tests.runs.test_movement import model


@pytest.fixture
def remembered(shelf):
    """Makes a run seen so many days after its last transaction, remembers it, and keeps it in the archive."""

    def make(run_id, days=1):
        made = shelf.run(run_id)
        day = made.manifest.period.last_day + timedelta(days=days)
        customers = made.customers.assign(period_revenue=100.0 if days <= 30 else 0.0)
        made = replace(
            made, manifest=replace(made.manifest, as_of=day), customers=customers, model=model(50.0), moves=None
        )
        found = remember(made, shelf.root, HistoryConfig())
        archive.write(found, shelf.root, lambda aside: None)
        return found

    return make


def test_an_export_that_holds_nothing_of_the_period_tells_so_and_of_nobody_who_moved(remembered):
    remembered("20260105T080000Z-ab12")
    stale = remembered("20260112T080000Z-ab12", days=51)
    assert stale.history.movement is None
    assert stale.moves is None
    (told,) = stale.history.sentences
    assert "holds nothing of the 30 days before 2012-01-29: its newest transaction is of 2011-12-09" in told


def test_the_next_run_with_transactions_is_compared_with_the_last_that_had_some(remembered):
    remembered("20260105T080000Z-ab12")
    remembered("20260112T080000Z-ab12", days=51)
    archived = remembered("20260119T080000Z-ab12", days=20)
    assert archived.history.movement.previous_run == "20260105T080000Z-ab12"


def test_the_edge_of_the_period_is_the_day_whose_money_still_counts(remembered):
    assert not remembered("20260105T080000Z-ab12", days=30).manifest.has_empty_period
    assert remembered("20260112T080000Z-ab12", days=31).manifest.has_empty_period


def test_a_second_run_of_one_day_names_the_first_and_says_that_it_is_of_the_same_day(remembered):
    assert remembered("20260105T080000Z-ab12").history.sentences == ()
    second = remembered("20260106T080000Z-ab12")
    assert second.history.movement is None
    assert "20260105T080000Z-ab12 sees these customers from the same day, 2011-12-10" in second.history.sentences[0]


def test_a_second_run_of_one_day_is_compared_with_an_earlier_day_where_there_is_one(remembered):
    remembered("20260105T080000Z-ab12")
    remembered("20260106T080000Z-ab12", days=8)
    again = remembered("20260107T080000Z-ab12", days=8)
    assert again.history.movement.previous_run == "20260105T080000Z-ab12"
    assert again.history.sentences == ()
