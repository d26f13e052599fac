"""Runs that hold samples of their customers: whoever was only not drawn has neither come nor gone nor changed."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.commands.shown import run_document
from segmenter.config.history import HistoryConfig
from segmenter.engine.drawn import Drawn, common_limit, within
from segmenter.pipeline import Finished
from segmenter.report.language import Voice
from segmenter.runs.alerts import of_run
from segmenter.runs.compare import compared, with_history
from segmenter.runs.customers import other_customers
from segmenter.runs.state import open_state
from tests.kept import kept
from tests.report.made_up import made_up_run
from tests.runs.test_movement import model

MADE, DAY = made_up_run(n_customers=120), date(2026, 1, 5)


def smallest(population, n):
    """The `n` of the population with the smallest hashes, sorted by id."""
    named = np.array(sorted(population), dtype=np.str_)
    return sorted(
        next(found for one in named if len(found := named[within(named, Drawn(np.array([one]), 2).limit)]) == n)
    )


def made(population, n, week=0, odd=()):
    """A run that holds `n` of a population, of which `odd` are flagged; each customer brings money by their own number."""
    ids = smallest(population, min(n, len(population)))
    places = [int(each.removeprefix("c")) for each in ids]
    customers = MADE.customers.take([place % 120 for place in places]).reset_index(drop=True)
    money = np.array(places, dtype=float) + 1 + week
    customers = customers.assign(
        customer_id=pd.Series(ids, dtype="str"), period_revenue=money, is_anomaly=[each in odd for each in ids]
    )
    anomalies = MADE.anomalies.iloc[: len(odd)].assign(customer_id=pd.Series(list(odd), dtype="str"), severity=50.0)
    manifest = replace(
        MADE.manifest,
        run_id=f"202601{5 + week:02}T080000Z-ab12",
        as_of=MADE.manifest.period.last_day + timedelta(days=1 + week),
        period=replace(MADE.manifest.period, n_customers=len(population)),
    )  # fmt: skip
    return replace(MADE, manifest=manifest, customers=customers, anomalies=anomalies, model=model(50.0), moves=None)


def named(*numbers):
    return {f"c{number}" for span in numbers for number in span}


def limit_of(*runs):
    return common_limit(*(run.drawn for run in runs))


def up_to(population, limit):
    ids = np.array(sorted(population), dtype=np.str_)
    return set(ids[within(ids, limit)].tolist())


def in_state(moves, state):
    return set(moves.loc[moves["state"] == state, "customer_id"])


@given(
    st.sets(st.integers(0, 60), min_size=4, max_size=30), st.sets(st.integers(0, 60), min_size=4, max_size=30),
    st.integers(2, 40), st.integers(2, 40),
)  # fmt: skip
def test_only_who_came_or_went_is_new_or_gone_however_many_each_run_holds(tmp_path_factory, first, second, n, m):
    then, today = named(first), named(second)
    before, now = made(then, n), made(today, m, week=7)
    limit = limit_of(before, now)
    found, moves = compared(before, now, tmp_path_factory.getbasetemp() / "none", 30)
    assert in_state(moves, "new") == up_to(today - then, limit)
    assert in_state(moves, "gone") == up_to(then - today, limit)
    assert set(moves["customer_id"]) == up_to(then | today, limit)
    assert found.money_now == pytest.approx(sum(int(each[1:]) + 8 for each in up_to(today, limit)))
    assert bool(found.covers) == (n < len(then) or m < len(today))


def test_of_customers_who_were_added_nobody_is_told_to_be_gone(tmp_path):
    before, now = made(named(range(100)), 60), made(named(range(121)), 60, week=7)
    assert set(before.customers["customer_id"]) - set(now.customers["customer_id"])
    found, moves = compared(before, now, tmp_path, 30)
    assert not in_state(moves, "gone")
    assert in_state(moves, "new") == set(now.customers["customer_id"]) - named(range(100))
    assert found.covers == (
        "Customers and their revenue are compared on the sample that both runs hold, today 60 of 121 customers: these sums are "
        "not those of the whole business."
    )
    assert "heute 60 von 121 Kunden" in Voice("de").translate(found.covers)


def test_runs_that_hold_everybody_are_compared_whole(tmp_path):
    found, moves = compared(made(named(range(100)), 200), made(named(range(5, 121)), 200, week=7), tmp_path, 30)
    assert (len(in_state(moves, "new")), len(in_state(moves, "gone")), found.covers) == (21, 5, "")


@pytest.mark.parametrize(("n", "m"), [(60, 60), (1000, 30), (30, 1000)])
def test_samples_that_share_few_customers_are_of_one_business_all_the_same(n, m):
    small, large = made(named(range(100)), n).drawn, made(named(range(1000)), m).drawn
    assert other_customers("before", small, large) == ""
    assert other_customers("before", made(named(range(1000, 1100)), n).drawn, large) or m == 1000


def test_a_run_of_a_business_that_grew_a_lot_finds_the_run_before_it_in_the_archive(shelf):
    kept(with_history(made(named(range(60)), 60), shelf.root, HistoryConfig()), shelf.root)
    kept(with_history(made(named(range(100)), 60, week=7), shelf.root, HistoryConfig()), shelf.root)
    third = with_history(made(named(range(400)), 60, week=14), shelf.root, HistoryConfig())
    assert third.history.movement.previous_run == "20260112T080000Z-ab12"
    assert not in_state(third.moves, "gone")
    foreign = with_history(made(named(range(1000, 1400)), 60, week=14), shelf.root, HistoryConfig())
    assert foreign.history.movement is None


def told(root, before, now):
    """The alerts of `now` since `before`, by customer, and their counts."""
    with open_state(root) as state:
        first = replace(before, alerts=of_run(state, before, None, HistoryConfig())[0])
        table, counts = of_run(state, now, first, HistoryConfig())
    return table.set_index("customer_id"), counts, replace(now, alerts=table)


def test_an_alert_of_a_customer_whom_a_run_did_not_draw_is_neither_resolved_nor_forgotten(tmp_path):
    then, today = named(range(100)), named(range(200))
    before, now = made(then, 60), made(today, 60, week=7)
    kept_ones, lost = (
        sorted(up_to(then, limit_of(before, now))),
        sorted(set(before.customers["customer_id"]) - set(now.customers["customer_id"])),
    )
    outside = sorted(then - set(before.customers["customer_id"]))
    odd = [kept_ones[0], kept_ones[1], lost[0], lost[1], outside[0], outside[1]]
    table, counts, run = told(tmp_path, made(then, 60, odd=odd), made(today, 60, week=7, odd=[odd[1], odd[3], odd[5]]))
    assert table["state"].to_dict() == dict(
        zip(odd, ("resolved", "ongoing", "unseen", "ongoing", "unseen", "ongoing"), strict=True)
    )
    assert (counts.line_out, counts.ongoing, counts.unseen, counts.n_news) == (1, 3, 2, 0)  # with the same figures
    with open_state(tmp_path) as state:
        again = of_run(state, made(today, 60, week=14, odd=[odd[2]]), run, HistoryConfig())[0].set_index("customer_id")
        whole = of_run(state, made(today, 200, week=14), run, HistoryConfig())[0].set_index("customer_id")
    assert (again["state"][odd[2]], again["state"][odd[4]]) == ("ongoing", "unseen")
    assert again["changed"][odd[4]] == table["changed"][odd[4]]
    assert set(whole["state"]) == {"resolved"}


def test_an_alert_that_was_long_unseen_is_forgotten(tmp_path):
    then, today = named(range(100)), named(range(200))
    lost = sorted(set(smallest(then, 60)) - set(smallest(today, 60)))[:1]
    _, _, run = told(tmp_path, made(then, 60, odd=lost), made(today, 60, week=7))
    later = made(today, 60, week=7)
    later = replace(later, manifest=replace(later.manifest, as_of=later.manifest.as_of + timedelta(days=91)))
    with open_state(tmp_path) as state:
        assert of_run(state, later, run, HistoryConfig())[0].empty


def test_who_is_odd_and_was_not_drawn_before_is_no_news_but_the_farthest_of_all_are(tmp_path):
    everybody = named(range(100))
    before, now = made(everybody, 40), made(everybody, 70, week=7)
    ids, held = set(now.customers["customer_id"]), set(before.customers["customer_id"])
    known, drawn, farthest = min(ids & held), min(ids - held), min(everybody - ids)
    table, counts, _ = told(tmp_path, before, made(everybody, 70, week=7, odd=[known, drawn, farthest]))
    assert table["state"].to_dict() == {known: "ongoing", drawn: "ongoing", farthest: "new"}
    assert table["cause"].to_dict() == {known: "line", drawn: "sample", farthest: "customer"}
    assert (counts.new, counts.line_in) == (1, 1)


def test_a_finished_run_is_counted_by_all_its_customers_as_a_schedule_asks_for_a_least_number(tmp_path):
    run = made(named(range(100)), 60)
    cards = tuple(replace(card, n_anomalies=9) for card in run.findings.cards)
    document = run_document(Finished(replace(run, findings=replace(run.findings, cards=cards)), tmp_path, ()))
    assert (document["n_customers"], document["n_anomalies"]) == (100, 9 * len(cards))
