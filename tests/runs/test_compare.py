"""What a run is told by those before it: no movement is made up where there is none to be told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from segmenter.cli import main
from segmenter.config.history import HistoryConfig
from segmenter.report.language import Voice
from segmenter.runs.compare import with_history
from segmenter.runs.customers import other_money
from segmenter.runs.history import History
from segmenter.runs.news import as_news
from tests.kept import kept
from tests.runs.test_movement import model


@pytest.fixture
def remembered(shelf):
    """Makes a run seen so many days after its last transaction, remembers it, and keeps it in the archive."""

    def make(run_id, days=1, currency="", without=(), weeks=(), period=28):
        made = shelf.run(run_id)
        made = replace(made, customers=made.customers[~made.customers["customer_id"].isin(without)])
        config = {**made.manifest.config, "report": {**made.manifest.config["report"], "currency": currency}}
        config["history"] = {"period_days": period}
        made = replace(made, manifest=replace(made.manifest, config=config))
        day = made.manifest.period.last_day + timedelta(days=days)
        made = replace(made, manifest=replace(made.manifest, period=replace(made.manifest.period, weekly_orders=weeks)))
        customers = made.customers.assign(period_revenue=100.0 if days <= 28 else 0.0)
        made = replace(
            made, manifest=replace(made.manifest, as_of=day), customers=customers, model=model(50.0), moves=None
        )
        found = with_history(made, shelf.root, HistoryConfig(period_days=period))
        kept(found, shelf.root)
        return found

    return make


def test_an_export_that_holds_nothing_of_the_period_tells_so_and_of_nobody_who_moved(remembered):
    remembered("20260105T080000Z-ab12")
    stale = remembered("20260112T080000Z-ab12", days=51)
    assert stale.history.movement is None
    assert stale.moves is None
    (told,) = stale.history.sentences
    assert "holds nothing for the 28 days before 2012-01-29: its latest transaction is from 2011-12-09" in told


def test_the_next_run_with_transactions_is_compared_with_the_last_that_had_some(remembered):
    remembered("20260105T080000Z-ab12")
    remembered("20260112T080000Z-ab12", days=51)
    archived = remembered("20260119T080000Z-ab12", days=20)
    assert archived.history.movement.previous_run == "20260105T080000Z-ab12"


def test_money_of_periods_of_different_length_is_not_compared(remembered):
    remembered("20260105T080000Z-ab12")
    other = remembered("20260112T080000Z-ab12", days=5, period=30)
    assert other.history.movement is None
    assert any("counts the money of 28 days and this one that of 30 days" in told for told in other.history.sentences)
    again = remembered("20260119T080000Z-ab12", days=9, period=30)
    assert again.history.movement.previous_run == "20260112T080000Z-ab12"


def test_each_period_ends_the_day_before_its_run_unless_that_day_has_orders_itself(remembered):
    first = remembered("20260105T080000Z-ab12", days=0).manifest.period.last_day
    found = remembered("20260112T080000Z-ab12", days=5).history.movement
    assert found.period_ends == (first, first + timedelta(days=4))
    assert found.n_days_shared == 24


def test_a_week_unlike_those_before_it_is_told_of_first(remembered):
    remembered("20260105T080000Z-ab12")
    found = remembered("20260112T080000Z-ab12", days=5, weeks=((40, 50), *[(90 + more, 120) for more in range(8)]))
    assert found.history.movement.sentences[0] == (
        "The 7 days to 2011-12-09 brought 40 orders, fewer than any of the 8 weeks before: 90 to 97."
    )


def test_the_edge_of_the_period_is_the_day_whose_money_still_counts(remembered):
    assert not remembered("20260105T080000Z-ab12", days=28).manifest.has_empty_period
    assert remembered("20260112T080000Z-ab12", days=29).manifest.has_empty_period


def test_a_second_run_of_one_day_names_the_first_and_says_that_it_is_of_the_same_day(remembered):
    assert remembered("20260105T080000Z-ab12").history.sentences == ()
    second = remembered("20260106T080000Z-ab12")
    assert second.history.movement is None
    assert "20260105T080000Z-ab12 sees these customers as of the same day, 2011-12-10" in second.history.sentences[0]


def test_a_second_run_of_one_day_is_compared_with_an_earlier_day_where_there_is_one(remembered):
    remembered("20260105T080000Z-ab12")
    remembered("20260106T080000Z-ab12", days=8)
    again = remembered("20260107T080000Z-ab12", days=8)
    assert again.history.movement.previous_run == "20260105T080000Z-ab12"
    assert again.history.sentences == ()


FIRST, SECOND, THIRD = (f"202601{day:02}T080000Z-ab12" for day in (5, 12, 19))


def test_a_run_in_another_currency_is_compared_with_none_before_it_and_says_why(remembered):
    remembered(FIRST, currency="GBP")
    second = remembered(SECOND, days=8, currency="EUR")
    assert second.history.movement is None
    assert second.history.alerts.is_baseline
    told = second.history.sentences
    assert told == (other_money(FIRST, "GBP", "EUR"),)
    assert "lassen sich nicht vergleichen. Jede Währung" in Voice("de").translate(told[0])


def test_a_run_in_other_money_is_told_once_where_its_model_is_the_accepted_one_too(remembered, shelf):
    remembered(FIRST, currency="GBP")
    second = remembered(SECOND, days=8, currency="EUR")
    told = replace(second, history=History(sentences=second.history.sentences))
    assert with_history(told, shelf.root, HistoryConfig()).history.sentences == second.history.sentences


def test_a_run_is_compared_with_the_last_one_in_its_own_money(remembered):
    remembered(FIRST, currency="GBP")
    remembered(SECOND, days=8, currency="EUR")
    third = remembered(THIRD, days=15, currency="GBP")
    assert third.history.movement.previous_run == FIRST
    assert not third.history.alerts.is_baseline
    assert SECOND in third.history.sentences[0]


def test_money_without_a_name_is_taken_to_be_the_same(remembered):
    remembered(FIRST, currency="GBP")
    assert remembered(SECOND, days=8).history.movement.previous_run == FIRST
    assert remembered(THIRD, days=15, currency="GBP").history.movement.previous_run == SECOND


def test_alerts_are_no_news_since_a_run_in_another_currency(remembered, shelf):
    remembered(FIRST, currency="GBP")
    second = remembered(SECOND, days=8, currency="EUR")
    assert as_news(second, shelf.root, FIRST) is second
    assert as_news(remembered(THIRD, days=15, currency="EUR"), shelf.root, SECOND).history.alerts.ongoing > 0


def test_two_runs_in_different_currencies_are_not_compared_by_hand_either(remembered, shelf, capsys):
    remembered(FIRST, currency="GBP")
    remembered(SECOND, days=8, currency="EUR")
    assert main(["runs", "compare", FIRST, SECOND, "-o", str(shelf.root)]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"The run {FIRST} is in GBP and the run {SECOND} in EUR: their amounts cannot be compared." in told


def test_by_hand_a_run_of_an_empty_period_is_compared_with_a_doubt(remembered, shelf, capsys):
    remembered(FIRST)
    remembered(SECOND, days=51)
    assert main(["runs", "compare", FIRST, SECOND, "-o", str(shelf.root)]) == 0
    assert f"{SECOND}: The export holds nothing for the 28 days before" in " ".join(capsys.readouterr().err.split())


def test_who_was_in_a_run_in_another_currency_is_not_new_in_the_next(remembered, shelf):
    came = shelf.made.customers["customer_id"].iloc[0]
    remembered(FIRST, currency="GBP", without=[came])
    remembered(SECOND, days=8, currency="EUR")
    third = remembered(THIRD, days=15, currency="GBP")
    assert third.moves.set_index("customer_id")["state"][came] == "returning"
