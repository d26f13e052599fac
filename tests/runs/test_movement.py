"""Movement between two runs adds up, in customers and in money, whatever moved."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.runs.model import number_again
from segmenter.runs.movement import Side, movement
from segmenter.runs.narration import IDLE
from segmenter.runs.types import Model
from tests.plain import plain

NAMES = {0: "Best", 2: "Middle", 5: "Gone"}


def model(cut):
    """Two features as they are; segment 0 above `cut` of the first, 2 in the middle, 5 below."""
    return Model(
        plain("a", "b"), ((cut + 10, 0.0), (cut, 0.0), (cut - 10, 0.0)), tuple(NAMES.values()), tuple(NAMES), 6
    )


def side(ids, figures, money, cut=50.0, day=1):
    figures = np.asarray(figures, dtype=float)
    nearest = np.array([list(NAMES)[int(np.argmin(np.abs(np.array([cut + 10, cut, cut - 10]) - x)))] for x in figures])
    customers = pd.DataFrame(
        {
            "customer_id": [f"c{each}" for each in ids],
            "a": figures,
            "b": np.zeros(len(figures)),
            "segment": nearest.astype(np.int64),
            "segment_name": [NAMES[each] for each in nearest],
            "period_revenue": np.asarray(money, dtype=float),
            "recency": np.ones(len(figures)),
            "frequency": np.ones(len(figures)),
        }
    )
    return Side(f"run{day}", date(2025, 1, day), customers, model(cut), {0: 300.0, 2: 200.0, 5: 100.0})


customers = st.dictionaries(
    st.integers(0, 60), st.tuples(st.floats(30, 70), st.decimals(-500, 500, places=2).map(float)), min_size=1
)


def of(drawn, **more):
    ids = sorted(drawn)
    return side(ids, [drawn[each][0] for each in ids], [drawn[each][1] for each in ids], **more)


@given(customers, customers, st.sampled_from([45.0, 50.0, 53.0]))
def test_flows_bridge_and_segments_add_up_in_customers_and_in_money(first, second, cut):
    before, now = of(first, day=1), of(second, cut=cut, day=8)
    found, moves = movement(before, now, 30, 1)
    assert sum(flow.customers for flow in found.flows if flow.before) == len(first)
    assert sum(flow.customers for flow in found.flows if flow.now) == len(second)
    assert sum(flow.customers for flow in found.flows) == len(moves) == len(first.keys() | second.keys())
    then, today = before.customers["period_revenue"].sum(), now.customers["period_revenue"].sum()
    assert sum(flow.money_before for flow in found.flows) == pytest.approx(then)
    assert sum(flow.money_now for flow in found.flows) == pytest.approx(today)
    assert sum(step.amount for step in found.bridge[:-1]) == pytest.approx(found.bridge[-1].amount)
    assert sum(step.customers for step in found.bridge[1:-1]) == len(moves)
    for change in found.segments:
        assert change.customers.value == change.customers_now - change.customers_before
        assert change.money.value == pytest.approx(change.money_now - change.money_before)
        for each in (change.customers, change.beyond):
            assert each.low <= each.value <= each.high, "a range is that of the figure before it"
        grown = change.customers_before * len(second) / len(first)
        assert change.beyond.value == pytest.approx(change.customers_now - grown)


@given(customers)
def test_the_matrix_adds_up_to_each_segments_customers_and_money_on_both_sides(drawn):
    before, now = (
        of(drawn, day=1),
        of({each: (100 - figure, money + 3) for each, (figure, money) in drawn.items()}, day=8),
    )
    found, _ = movement(before, now, 30, 1)
    for side, run in (("before", before), ("now", now)):
        for number, own in run.customers.groupby("segment"):
            cells = [flow for flow in found.flows if getattr(flow, f"number_{side}") == number]
            assert sum(flow.customers for flow in cells) == len(own)
            assert sum(getattr(flow, f"money_{side}") for flow in cells) == pytest.approx(own["period_revenue"].sum())


@given(customers)
def test_between_a_run_and_itself_nobody_moves(drawn):
    found, moves = movement(of(drawn, day=1), of(drawn, day=2), 30, 1)
    assert set(moves["state"]) == {"same"}
    assert moves["cause"].isna().all()
    assert not found.is_real
    assert ("within chance" in " ".join(found.sentences)) == (len(found.segments) > 1), (
        "of one alone there is nothing to say"
    )


@given(customers, st.randoms())
def test_the_order_of_customers_changes_nothing(drawn, random):
    ids = sorted(drawn)
    mixed = random.sample(ids, len(ids))
    after = {each: (figure + 7, money + 1) for each, (figure, money) in drawn.items()}
    plain = movement(of(drawn, day=1), of(after, day=2), 30, 1)
    shuffled = side(mixed, [drawn[each][0] for each in mixed], [drawn[each][1] for each in mixed], day=1)
    assert movement(shuffled, of(after, day=2), 30, 1)[1].equals(plain[1])


def test_each_customer_has_the_one_state_that_fits():
    before = side([1, 2, 3, 4, 5, 6], [60, 60, 40, 40, 60, 50], [10, 10, 10, 0, 10, 10], day=1)
    now = side([1, 2, 3, 4, 6, 7], [60, 40, 60, 40, 50, 50], [12, 10, 10, 10, 0, 5], day=8)
    _, moves = movement(before, now, 30, 1)
    assert dict(zip(moves["customer_id"], moves["state"], strict=True)) == {
        "c1": "same", "c2": "downgraded", "c3": "upgraded", "c4": "returning", "c5": "gone", "c6": "lapsed", "c7": "new",
    }  # fmt: skip


@given(customers, customers)
def test_the_sentence_counts_who_moved_up_and_down_as_the_matrix_does(first, second):
    found, _ = movement(of(first, day=1), of(second, day=8), 30, 1)
    place = {0: 2, 2: 1, 5: 0}  # by what a segment is worth
    counted = Counter()
    for flow in found.flows:
        if flow.before and flow.now and flow.number_before != flow.number_now:
            counted[place[flow.number_now] > place[flow.number_before]] += flow.customers
    told = " ".join(found.sentences)
    for is_up, words in ((True, "better"), (False, "weaker")):
        number = re.search(rf"([\d,]+) moved to a {words} segment", told)
        assert (int(number[1]) if number else 0) == counted[is_up]


def test_whoever_moved_without_an_order_since_is_told_from_those_who_ordered():
    ids, figures = np.arange(6), np.array([40, 60, 60, 60, 60, 50])
    before, now = side(ids, figures, np.ones(6), day=1), side(ids, [60, 40, 40, 40, 60, 50], np.ones(6), day=8)
    seen = now.customers.assign(recency=[1, 8, 8, 3, 8, 1], frequency=[2, 1, 0, 2, 1, 2])
    found, moves = movement(before, replace(now, customers=seen), 30, 1)
    assert moves["ordered"].tolist() == [True, False, False, True, False, True]
    told = "1 moved to a better segment, 3 moved to a weaker segment (2 of them without an order since)."
    assert f"Of the 6 customers of both runs: {told}" in found.sentences
    assert IDLE in found.sentences
    assert IDLE not in movement(before, now, 30, 1)[0].sentences


def test_a_move_of_the_cut_point_alone_is_not_laid_on_time():
    before, now = side([1, 2], [56, 40], [1, 1], cut=50, day=1), side([1, 2], [56, 40], [1, 1], cut=55, day=8)
    idle = replace(now, customers=now.customers.assign(recency=8.0))
    assert IDLE not in movement(before, idle, 30, 1)[0].sentences


@given(customers, customers)
def test_a_new_name_for_a_segment_is_no_move(first, second):
    before, now = of(first, day=1), of(second, day=8)
    called = now.customers.assign(segment_name=now.customers["segment_name"].replace({"Best": "VIP", "Gone": "VIP"}))
    plain, moves = movement(before, now, 30, 1)
    renamed, after = movement(before, replace(now, customers=called), 30, 1)
    names = ["segment_before", "segment_now"]
    assert moves.drop(columns=names).equals(after.drop(columns=names))
    keys = [(flow.number_before, flow.number_now, flow.customers, flow.money_now) for flow in plain.flows]
    assert keys == [(flow.number_before, flow.number_now, flow.customers, flow.money_now) for flow in renamed.flows]


def test_a_segment_goes_by_its_newest_name_on_both_sides():
    before, now = side([1, 2], [60, 40], [1, 1], day=1), side([1, 2], [60, 60], [1, 1], day=8)
    called = now.customers.assign(segment_name="VIP")
    _, moves = movement(before, replace(now, customers=called), 30, 1)
    assert moves["segment_before"].tolist() == ["VIP", "Gone"]
    assert moves["segment_now"].tolist() == ["VIP", "VIP"]


def test_who_was_in_a_run_before_both_is_back_again_and_not_new():
    before, now = side([1], [60], [10], day=1), side([1, 2, 3, 4], [60, 60, 60, 60], [10, 5, 5, 0], day=8)
    found, moves = movement(before, now, 30, 1, seen={"c2", "c1", "c4"})
    assert dict(zip(moves["customer_id"], moves["state"], strict=True)) == {
        "c1": "same", "c2": "returning", "c3": "new", "c4": "back",
    }  # fmt: skip
    told = " ".join(found.sentences)
    assert "1 with revenue in the last 30 days but none in the 30 before the earlier run, 1 back in the export" in told


@given(customers, customers, st.sets(st.integers(0, 60)))
def test_whoever_is_said_to_have_brought_money_in_one_of_two_periods_did(first, second, older):
    _, moves = movement(of(first, day=1), of(second, day=8), 30, 1, seen={f"c{each}" for each in older})
    for state, yes, no in (("returning", "money_now", "money_before"), ("lapsed", "money_before", "money_now")):
        mine = moves[moves["state"] == state]
        assert (mine[yes] > 0).all()
        assert (mine[no] <= 0).all()


def test_a_purchase_that_a_return_outweighs_is_not_told_as_none():
    before, now = side([1, 2], [60, 60], [10, 10], day=1), side([1, 2], [60, 60], [10, -5], day=8)
    found, _ = movement(before, now, 30, 1)
    told = " ".join(found.sentences)
    assert "1 with revenue in the 30 days before the earlier run but none in the last 30" in told
    assert "bought" not in told


def test_revenue_that_really_changed_is_told_where_no_segments_size_did():
    ids = np.arange(400)
    figures = np.where(ids < 200, 60, 40)
    before = side(ids, figures, np.full(400, 50.0), day=1)
    now = side(ids, figures, np.where(ids < 200, 80.0, 50.0), day=8)
    found, _ = movement(before, now, 30, 1)
    assert found.is_real
    assert "has really changed in size" in found.sentences[0]
    assert found.sentences[1] == "Revenue over 30 days really changed in these segments: Best (+6,000)."


def test_after_an_acceptance_it_is_told_that_the_segments_were_redrawn_and_what_became_of_them():
    ids = np.arange(120)
    figures = np.where(ids < 60, 60.0, np.where(ids < 90, 48.0, 40.0))
    before, now = side(ids, figures, np.ones(120), day=1), side(ids, figures, np.ones(120), day=8)
    assert not movement(before, now, 30, 1)[0].redrawn
    finer = replace(model(50), centroids=((60.0, 0.0), (48.0, 0.0), (40.0, 0.0), (44.0, 0.0)),
                    names=("Best", "Middle", "Gone", "Going"), numbers=(0, 2, 5, 7), next_number=8)  # fmt: skip
    table = now.customers.assign(a=np.where(ids >= 105, 43.0, figures))
    table["segment"] = number_again(finer, table)
    table["segment_name"] = table["segment"].map(dict(zip(finer.numbers, finer.names, strict=True)))
    found, moves = movement(before, replace(now, customers=table, model=finer), 30, 1)
    assert found.redrawn
    assert {match.kind for match in found.matches} == {"kept", "split"}
    assert found.sentences[0] == "Another model has been accepted since then, so the segments were redrawn."
    assert "Gone was split into: Gone, 15 customers; Going, 15 customers." in found.sentences
    assert moves["number_now"].eq(7).sum() == 15


def test_a_move_is_split_into_the_customer_and_the_cut_point():
    before = side([1, 2, 3], [56, 48, 46], [1, 1, 1], cut=50, day=1)
    now = side([1, 2, 3], [56, 48, 62], [1, 1, 1], cut=55, day=8)
    found, moves = movement(before, now, 30, 1)
    causes = dict(zip(moves["customer_id"], moves["cause"], strict=True))
    assert causes["c1"] == causes["c2"] == "cut point"
    assert causes["c3"] == "customer"
    assert (found.n_by_customer, found.n_by_cut_point) == (1, 2)
    assert found.sentences[-1].startswith("2 changed segment only because the segments were redrawn")


def test_segments_that_grow_as_all_do_have_not_changed():
    ids = np.arange(1200)
    before = side(ids[:1000], np.where(ids[:1000] % 2, 60, 40), np.ones(1000), day=1)
    now = side(ids, np.where(ids % 2, 60, 40), np.where(ids < 1000, 1, 0), day=8)
    found = movement(before, now, 30, 1)[0]
    assert [change.customers_now - change.customers_before for change in found.segments] == [100, 0, 100][::2]
    assert not found.is_real
    assert "No segment has really changed in size" in " ".join(found.sentences)


def test_the_change_of_all_money_is_told_from_chance_by_how_it_is_spread_over_customers(rng):
    ids, figures = np.arange(2000), np.full(2000, 50)
    bought = rng.random((2, 2000)) < 0.3
    before, now, more = (side(ids, figures, money, day=8) for money in (*(90.0 * bought), 90.0 * bought[1] + 9.0))
    by_chance, real = movement(before, now, 30, 1)[0].revenue, movement(before, more, 30, 1)[0].revenue
    assert by_chance.value == pytest.approx(90.0 * (bought[1].sum() - bought[0].sum()))
    assert (by_chance.is_real, real.is_real) == (False, True)
    spread = 1.96 * 90.0 * np.sqrt(2000 * 2 * 0.3 * 0.7)
    assert by_chance.high - by_chance.low == pytest.approx(2 * spread, rel=0.1)


@pytest.mark.parametrize(("days_known", "is_told"), [(14, False), (26, False), (27, True), (400, True)])
def test_money_that_grew_with_the_first_period_on_record_is_no_change(days_known, is_told):
    ids, figures, day = np.arange(300), [40, 50, 60] * 100, date(2025, 1, 8)
    before = replace(side(ids, figures, np.full(300, 50.0), day=8), since=day - timedelta(days=days_known))
    found, _ = movement(before, side(ids, figures, np.full(300, 90.0), day=15), 30, 1)
    assert (found.is_whole, found.revenue.is_real, found.is_real) == (is_told,) * 3
    assert ("really changed in these segments" in " ".join(found.sentences)) == is_told


def sized(found):
    """Names of the segments whose size really changed."""
    return {change.name for change in found.segments if change.is_resized}


@given(customers, st.integers(0, 400))
def test_a_segment_that_nobody_joins_or_leaves_has_not_changed_however_many_newcomers_another_gets(drawn, newcomers):
    after = drawn | {1000 + each: (60.0, 0.0) for each in range(newcomers)}
    found = movement(of(drawn, day=1), of(after, day=8), 30, 1)[0]
    assert sized(found) <= {"Best"}


def test_a_shop_that_gains_customers_tells_of_the_segment_that_they_came_into_alone():
    ids = np.arange(700)
    figures = np.where(ids < 128, 40, np.where(ids < 600, 50, 60))
    before, now = side(ids[:600], figures[:600], np.ones(600), day=1), side(ids, figures, np.ones(700), day=8)
    found = movement(before, now, 30, 1)[0]
    assert sized(found) == {"Best"}
    assert found.sentences[0].endswith("explain: Best (+100: from 0% to 14% of the customers).")


def test_a_segment_that_loses_a_third_of_its_customers_has_changed_though_the_others_grow():
    ids = np.arange(1000)
    figures = np.where(ids < 300, 40, np.where(ids < 600, 50, 60))
    lost = np.where(ids < 100, 60, figures)
    before, now = side(ids[:800], figures[:800], np.ones(800), day=1), side(ids, lost, np.ones(1000), day=8)
    found = movement(before, now, 30, 1)[0]
    gone = next(change for change in found.segments if change.name == "Gone")
    assert sized(found) == {"Best", "Gone"}
    assert gone.customers.low < gone.customers.value == -100
    assert gone.customers.high < 0


def test_revenue_that_grows_everywhere_is_told_as_it_does_not_add_up_from_run_to_run():
    ids = np.arange(400)
    figures = np.where(ids < 200, 60, 40)
    before, now = (side(ids, figures, np.full(400, money), day=day) for money, day in ((50.0, 1), (80.0, 8)))
    found = movement(before, now, 30, 1)[0]
    assert "Best (+6,000); Gone (+6,000)" in found.sentences[1]


def test_a_small_change_is_chance_and_a_large_one_is_not():
    ids = np.arange(400)
    before = side(ids, np.where(ids < 200, 60, 40), np.ones(400), day=1)
    few = side(ids, np.where((ids < 200) != (ids % 100 == 0), 60, 40), np.ones(400), day=8)
    many = side(ids, np.where(ids < 260, 60, 40), np.ones(400), day=8)
    assert not movement(before, few, 30, 1)[0].is_real
    found = movement(before, many, 30, 1)[0]
    best = next(change for change in found.segments if change.name == "Best")
    assert found.is_real
    assert best.customers.low > 0
    assert best.customers.low < best.customers.value < best.customers.high


def test_two_shares_of_a_size_that_changed_are_told_apart_by_a_decimal_where_they_round_alike():
    ids = np.arange(10_000)
    figures = np.where(ids < 3380, 60, np.where(ids < 9900, 40, 50))
    more = np.where(ids < 3425, 60, figures)
    before, now = side(ids, figures, np.ones(10_000), day=1), side(ids, more, np.ones(10_000), day=8)
    assert "Best (+45: from 33.8% to 34.2% of the customers)" in " ".join(movement(before, now, 30, 1)[0].sentences)
