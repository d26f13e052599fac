"""The first page alone tells a manager what happened to the money and what to do first."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from segmenter.config.report import ReportConfig
from segmenter.intake.types import AccountLine
from segmenter.report.brief import brief
from segmenter.report.context import build, view_of
from segmenter.report.types import Stat
from segmenter.runs.compare import COVERS
from segmenter.runs.history import AlertCount, BridgeStep, History, Interval, Movement, SegmentChange
from tests.report.made_up import made_up_run, silent
from tests.report.moved import moved_run

CONFIG = ReportConfig(currency="GBP", locale="en_GB")
ODD, QUIET = -1, -2  # in the place of a segment's number
CHANCE = Interval(5000.0, -100.0, 9000.0)
REAL = Interval(5000.0, 100.0, 9000.0)


def moved(run, changes):
    """`run` with a movement in which customers at these places changed their money of 100 by so much."""
    ids = run.customers["customer_id"]
    now = pd.Series(100.0, index=ids.index).add(pd.Series(changes), fill_value=0.0)
    names = run.customers["segment_name"]
    moves = pd.DataFrame(
        {"customer_id": ids, "segment_before": names, "segment_now": names, "money_before": 100.0, "money_now": now}
    )
    total = float((now - 100).sum())
    before = 100.0 * len(ids)
    bridge = (
        BridgeStep("before", len(ids), before),
        BridgeStep("same", len(ids), total),
        BridgeStep("after", len(ids), before + total),
    )
    segment = SegmentChange(0, "Best customers", 100, 100, Interval(0, 0, 0), before, before + total, CHANCE)
    found = Movement(
        "before", date(2011, 11, 1), 30, (), bridge, (segment,), 0, 0, False, ("Nobody moved.",), False, (), REAL, True
    )
    return replace(run, moves=moves, history=History(movement=found))


def places(run, *, odd):
    return run.customers.index[run.customers["is_anomaly"] == odd]


def test_the_change_block_opens_with_the_money_now_and_before():
    run = made_up_run(600)
    ordinary = places(run, odd=False)
    first = brief(moved(run, dict.fromkeys(ordinary[:30], -1000.0)), CONFIG).changed[0]
    assert first.startswith("Revenue in the last 30 days: £30,000, 50% less than in the previous run (£60,000).")
    assert "customers who stayed in their segment" in first
    assert "−£30,000" in first


def test_a_few_odd_customers_who_carry_the_change_are_named_unless_customers_must_not_be():
    run = made_up_run(600)
    few = places(run, odd=True)[:3]
    changed = moved(run, dict.fromkeys(few, 20_000.0))
    first = brief(changed, CONFIG).changed[0]
    assert "£120,000, 100% more than in the previous run (£60,000)" in first
    assert all(run.customers.loc[place, "customer_id"] in first for place in few)
    hidden = brief(changed, CONFIG.model_copy(update={"customer_rows": False})).changed[0]
    assert "Odd customers (3)" in hidden


def test_all_odd_customers_who_carry_the_change_are_told_apart_from_the_others_however_few_are_named():
    run = made_up_run(600)
    odd = places(run, odd=True)[:8]
    first = brief(moved(run, dict.fromkeys(odd, 20_000.0)), CONFIG).changed[0]
    assert " and 3 more) account for +£160,000 of the difference, all others for 0." in first.replace("£0", "0")
    assert sum(run.customers.loc[place, "customer_id"] in first for place in odd) == 5


def test_a_change_of_revenue_within_chance_says_so_unless_the_few_who_made_it_are_named():
    run = made_up_run(600)
    ordinary, odd = (places(run, odd=is_odd)[:3] for is_odd in (False, True))
    chance = "Chance alone can explain a difference of this size."
    first = brief(with_revenue(moved(run, dict.fromkeys(ordinary, 900.0)), -500.0), CONFIG).changed[0]
    assert first.endswith(chance), "what made a difference that chance makes is no news"
    assert chance not in brief(with_revenue(moved(run, dict.fromkeys(ordinary, 900.0)), 500.0), CONFIG).changed[0]
    assert chance not in brief(with_revenue(moved(run, dict.fromkeys(odd, 900.0)), -500.0), CONFIG).changed[0]


def with_revenue(run, low):
    """A moved run in which the change of revenue has an interval from `low` on."""
    movement = replace(run.history.movement, revenue=Interval(2700.0, low, 5000.0))
    return replace(run, history=replace(run.history, movement=movement))


def test_money_is_compared_with_no_run_that_knew_less_than_a_period():
    run = moved(made_up_run(600), dict.fromkeys(range(600), 90.0))
    movement = replace(run.history.movement, is_whole=False)
    first = brief(replace(run, history=replace(run.history, movement=movement)), CONFIG).changed[0]
    assert first == (
        "Revenue in the last 30 days: £114,000. The previous run covered fewer than 30 days, so the two cannot be compared."
    )


@pytest.mark.parametrize(("later", "n_shared"), [(7, 23), (29, 1), (30, 0), (-7, 23)])
def test_the_days_that_count_on_both_sides_of_a_comparison_of_money_are_told(later, n_shared):
    run = moved(made_up_run(600), dict.fromkeys(range(300), 90.0))
    ends = date(2011, 10, 31), date(2011, 10, 31) + timedelta(days=later)
    told = replace(run, history=replace(run.history, movement=replace(run.history.movement, period_ends=ends)))
    page = build(view_of(told, CONFIG, ()))
    days = f"{n_shared} of the 30 days are in both figures."
    assert (days in page.changed[0], days in page.moves.lead) == (n_shared > 0,) * 2
    assert "30 days from 2 October 2011 to 31 October 2011" in page.moves.lead
    assert "both figures" not in brief(run, CONFIG).changed[0], "a run made before the days were recorded"


def test_a_small_difference_in_which_much_cancelled_out_is_laid_on_no_odd_customer():
    run = made_up_run(600)
    ordinary, odd = (places(run, odd=is_odd) for is_odd in (False, True))
    ups_and_downs = {place: 90.0 * (-1) ** at for at, place in enumerate(ordinary[:100])}
    assert "Odd customers (" not in brief(moved(run, {**ups_and_downs, odd[0]: 200.0}), CONFIG).changed[0]
    assert "Odd customers (" in brief(moved(run, {**ups_and_downs, odd[0]: 20_000.0}), CONFIG).changed[0]


def test_a_change_that_many_share_is_laid_on_no_odd_customer():
    run = made_up_run(600)
    everybody = dict.fromkeys(run.customers.index, 50.0)
    assert "Odd customers (" not in brief(moved(run, everybody), CONFIG).changed[0]


def test_a_handful_who_bring_half_of_the_money_are_told_of_beside_the_best_tenth():
    run = made_up_run(600)
    even = run.customers.assign(monetary=100.0 + run.customers.index)
    assert "alone" not in brief(replace(run, customers=even), CONFIG).sentences[2]
    for n, told in (
        (3, "of the revenue, and 3 customers alone bring in 60%."),
        (1, "of the revenue, and a single customer brings in 60%."),
    ):
        most = even.assign(monetary=even["monetary"].where(even.index >= n, even["monetary"].iloc[n:].sum() * 1.5 / n))
        assert told in brief(replace(run, customers=most), CONFIG).sentences[2]


def test_money_that_is_leaving_comes_before_money_that_stays_anyway():
    run = made_up_run(600, 3, 0)
    best, leaving, small = run.findings.cards
    cards = (
        replace(best, revenue=1e6, movable=0.1),
        replace(leaving, revenue=4e5, movable=1.0),
        replace(small, revenue=10.0, movable=1.0),
    )
    present = replace(run, customers=run.customers.assign(recency=1.0))
    told = brief(replace(present, findings=replace(run.findings, cards=cards)), CONFIG).actions
    assert [action.segment for action in told] == [leaving.label, best.label, small.label]
    assert [action.money for action in told] == [
        "£400,000 of revenue",
        "about £100,000 of £1M of revenue",
        "£10.00 of revenue",
    ]


def test_the_figures_that_are_shown_are_in_the_order_of_the_actions():
    run = made_up_run(600, 5)
    cards = tuple(
        replace(card, revenue=revenue, movable=movable)
        for card, revenue, movable in zip(
            run.findings.cards, (6.77e6, 7.5e5, 9e5, 40.0, 1e6), (0.1, 0.5, 0.3, 1.0, 0.0), strict=True
        )
    )
    changed = silent(replace(run, findings=replace(run.findings, cards=cards)), 0)
    odd = changed.anomalies.assign(amount_at_stake=2.4e6 / len(changed.anomalies))
    told = [action.money for action in brief(replace(changed, anomalies=odd), CONFIG).actions]
    assert told == [
        "about £680,000 of £6.77M of revenue", "about £600,000 of £2.4M involved", "about £380,000 of £750,000 of revenue",
    ]  # fmt: skip
    leaving = replace(run, findings=replace(run.findings, cards=cards[4:]))
    assert [action.segment for action in brief(silent(leaving, 0), CONFIG).actions] == [ODD], "it has nothing to move"


@pytest.mark.parametrize(("news", "name"), [(0, "Odd customers"), (2, "Odd customers, new or worse")])
def test_odd_customers_who_are_new_are_the_ones_to_start_with(news, name):
    run = made_up_run(600)
    last = run.anomalies["customer_id"].tolist()[-2:]
    state = ["new" if customer in last[: news or 0] else "ongoing" for customer in run.anomalies["customer_id"]]
    alerts = pd.DataFrame({"customer_id": run.anomalies["customer_id"], "state": state, "verdict": None})
    counts = AlertCount(False, news, 0, len(alerts) - news, 0, 0, 0, 0)
    told = brief(replace(run, alerts=alerts, history=History(alerts=counts)), CONFIG).actions
    odd = next(action for action in told if action.segment == ODD)
    assert odd.name == name
    assert odd.money.endswith("involved")
    assert (f"Start with {', '.join(last)}." in odd.text) == bool(news)


def test_nobody_is_sent_to_look_at_customers_of_whom_a_verdict_says_what_they_are():
    run = made_up_run(600)
    ids = run.anomalies["customer_id"]
    counts = AlertCount(False, 0, 0, len(ids), 0, 0, 0, 0)
    odd = {}
    for n_judged in (0, 2, len(ids)):
        verdicts = ["expected" if place < n_judged else None for place in range(len(ids))]
        alerts = pd.DataFrame({"customer_id": ids, "state": "ongoing", "verdict": verdicts})
        told = brief(replace(run, alerts=alerts, history=History(alerts=counts)), CONFIG).actions
        odd[n_judged] = next((action for action in told if action.segment == ODD), None)
    assert f"Start with {', '.join(ids[:4])}." in odd[0].text
    assert f"Start with {', '.join(ids[2:6])}." in odd[2].text
    assert odd[2].money != odd[0].money
    assert odd[len(ids)] is None


def test_regulars_gone_quiet_are_to_be_called_whatever_else_there_is_to_do():
    run = made_up_run(600)
    quiet = silent(run, 3)
    (told,) = (action for action in brief(quiet, CONFIG).actions if action.segment == QUIET)
    money = run.customers["monetary"].head(3)
    first = ", ".join(run.customers.loc[money.sort_values(ascending=False).index, "customer_id"])
    assert f"3 customers, silent for more than 3 times their usual gap. Start with {first}." in told.text
    assert told.money == f"£{money.sum():,.0f} of revenue"
    assert len(brief(quiet, CONFIG).actions) == len(brief(silent(run, 0), CONFIG).actions) + 1
    hidden = brief(quiet, CONFIG.model_copy(update={"customer_rows": False})).actions
    assert not [action for action in hidden if "Start with" in action.text]


def test_who_is_to_be_called_with_a_whole_segment_is_not_counted_once_more_among_those_gone_quiet():
    run = silent(made_up_run(600), 30)
    by_money = sorted(run.findings.cards, key=lambda card: -card.revenue)
    drifting = by_money[0].label
    cards = tuple(replace(card, movable=1.0 if card.label == drifting else 0.1) for card in run.findings.cards)
    run = replace(run, findings=replace(run.findings, cards=cards))
    others = run.customers.head(30)[lambda first: first["segment"] != drifting]
    assert 0 < len(others) < 30
    (told,) = (action for action in brief(run, CONFIG).actions if action.segment == QUIET)
    assert f"{len(others)} customers of other segments, silent for more than 3 times their usual gap." in told.text
    assert told.money == f"£{others['monetary'].sum():,.0f} of revenue"


def test_rows_that_name_no_customer_are_missing_in_the_open():
    run = made_up_run(600)
    assert "Left out: 25% of the rows, worth £1.45M, which have no customer." in brief(run, CONFIG).sentences[0]
    account = run.manifest.account
    lines = (*account.lines[:2], AccountLine("no_customer", "no customer", 9, Decimal(90), False))
    manifest = replace(run.manifest, account=replace(account, lines=lines))
    assert "Left out" not in brief(replace(run, manifest=manifest), CONFIG).sentences[0]


def test_an_old_export_is_told_as_such_before_anything_is_read_out_of_it():
    run = made_up_run(600)
    period = replace(run.manifest.period, usual_pause=1)
    old = replace(run, manifest=replace(run.manifest, period=period, as_of=date(2012, 1, 29)))
    assert "is from 9 December 2011, 51 days before 29 January 2012" in brief(old, CONFIG).sentences[0]
    fresh = replace(run, manifest=replace(run.manifest, period=period))
    assert "latest transaction" not in brief(fresh, CONFIG).sentences[0]


def test_why_nothing_is_told_of_who_moved_stands_where_it_would_be_told():
    run = replace(made_up_run(600), history=History(sentences=("The earlier run is of the same day.",)))
    assert brief(run, CONFIG).changed == ("The earlier run is of the same day.",)


def test_segments_are_told_as_a_division_that_was_made_and_not_as_kinds_that_customers_fall_into():
    assert "They are divided into" in brief(made_up_run(600), CONFIG).sentences[1]


def test_a_share_above_the_whole_is_explained_and_a_share_of_nobody_not_told():
    run = made_up_run(600)
    regulars = replace(run, customers=run.customers.assign(frequency=5.0))
    for told in (brief(run, CONFIG).sentences[2], brief(regulars, CONFIG).sentences[2]):
        assert "More than 100%" not in told
    assert "no more than once" in brief(run, CONFIG).sentences[2]
    assert "no more than once" not in brief(regulars, CONFIG).sentences[2]
    alike = replace(regulars, customers=regulars.customers.assign(monetary=60.0))
    assert not [told for told in brief(alike, CONFIG).sentences if "no more than once" in told]
    best, *others = run.findings.cards
    cards = (replace(best, revenue_share=1.65), *(replace(card, revenue_share=-0.1) for card in others))
    told = brief(replace(run, findings=replace(run.findings, cards=cards)), CONFIG).sentences
    assert "bring in 165% of the revenue" in told[1]
    assert "other customers returned more than they bought" in told[2]


def test_what_the_search_did_by_itself_and_how_right_alerts_were_is_told_in_the_chapter_alone():
    counts = AlertCount(False, 2, 1, 7, 3, 0, 4, 3, line_in=5, line_out=1)
    run = moved(made_up_run(600), {})
    page = build(view_of(replace(run, history=replace(run.history, alerts=counts)), CONFIG, ()))
    chapter = " ".join(sentence for part in page.moves.parts for sentence in part.sentences)
    for words in ("redrawn in every run", "judged so far"):
        assert words not in " ".join(page.changed)
        assert words in chapter
    assert "Odd customers: 2 new, 1 worse, 3 back to normal." in page.changed


@pytest.mark.parametrize(("is_clear", "n_fresh", "is_told"), [(False, 6, True), (True, 6, False), (False, 1, False)])
def test_the_doubt_of_an_unclear_number_of_segments_stays_on_the_first_page_of_every_run(is_clear, n_fresh, is_told):
    run = moved_run()
    fit = replace(run.history.continuity, challenger_n_clusters=n_fresh)
    choice = replace(run.findings.choice, is_clear=is_clear, doubts=() if is_clear else ("votes",))
    later = replace(run, findings=replace(run.findings, choice=choice), history=replace(run.history, continuity=fit))
    trust = brief(later, CONFIG).sentences[-1]
    assert trust.startswith("The segments of 19 November 2011 no longer fit well")
    assert trust.endswith("treat the segments as a useful grouping, not as a fact.") == is_told


def test_no_figure_of_the_strip_is_longer_than_its_place():
    run = made_up_run(600)
    cards = tuple(replace(card, overall={**card.overall, "monetary": 1.3559e9}) for card in run.findings.cards)
    stats = brief(replace(run, findings=replace(run.findings, cards=cards)), ReportConfig(currency="IDR")).stats
    assert next(stat.value for stat in stats if stat.label == "median per customer") == "IDR1.36B"
    assert max(len(stat.value) for stat in stats) <= 12


def test_of_a_study_of_a_sample_the_odd_are_those_whose_money_is_named_and_the_strip_counts_everybody():
    run = made_up_run(600)
    outside = run.anomalies.head(2).assign(customer_id=["outside 1", "outside 2"])
    cards = tuple(replace(card, n_anomalies=500) for card in run.findings.cards)
    drawn = replace(run, anomalies=pd.concat([run.anomalies, outside]), findings=replace(run.findings, cards=cards))
    page = brief(drawn, CONFIG)
    assert f"{len(run.anomalies) + 2} customers behave like nobody else" in " ".join(page.sentences)
    assert Stat(f"{500 * len(cards):,}", "odd customers") in page.stats


@pytest.mark.parametrize(
    ("n", "told"), [(0, ""), (1, " One more customer has only"), (44, " 44 more customers have only")]
)
def test_who_has_no_order_left_is_not_said_to_have_placed_any(n, told):
    run = made_up_run(600)
    period = replace(run.manifest.period, n_without_order=n)
    first = brief(replace(run, manifest=replace(run.manifest, period=period)), CONFIG).sentences[0]
    assert f" {600 - n} customers placed " in first
    assert f"net of returns.{told}" in first
    assert ("cancelled orders or returns" in first) == (n > 0)


def sampled(run, share=100):
    """The run as a sample of `share` times as many customers, who were placed where they are."""
    cards = [replace(each, customers=share * each.customers, n_anomalies=40) for each in run.findings.cards]
    period = replace(run.manifest.period, n_customers=share * len(run.customers))
    manifest, findings = replace(run.manifest, period=period), replace(run.findings, cards=tuple(cards))
    return replace(run, manifest=manifest, findings=findings)


def test_regulars_gone_quiet_in_a_sample_are_listed_as_such_and_do_not_stand_beside_the_money_of_everybody():
    drawn = sampled(silent(made_up_run(600), 30))
    assert not [action for action in brief(drawn, CONFIG).actions if action.segment == QUIET]
    parts = build(view_of(drawn, CONFIG, ())).segments.parts
    (words,) = (part.sentences for part in parts if part.title == "Regular customers gone quiet")
    assert words[1] == "The table covers the 600 customers in the sample."


def test_what_is_told_of_a_sample_alone_is_said_to_be_of_one():
    run = made_up_run(600)
    run.customers.loc[:2, "monetary"] = 10 * run.customers["monetary"].sum()
    whole, drawn = (build(view_of(each, CONFIG, ())) for each in (run, sampled(run)))
    assert "2 customers alone bring in" in whole.sentences[2]
    assert "alone bring in" not in drawn.sentences[2]
    assert drawn.sentences[2].endswith("These shares are of a sample of 600 customers.")
    assert drawn.oddities.lead.startswith("200 customers, 0.3% of all, behave like nobody else.")
    largest = next(part for part in drawn.segments.parts if part.title == "The largest customers")
    assert "The table covers the 600 customers in the sample." in largest.sentences


def test_what_changed_between_samples_says_first_whom_it_covers():
    run = moved(made_up_run(600), {})
    told = replace(run.history.movement, covers=COVERS.format(n=600, n_all=60000))
    first, second, *_ = brief(replace(run, history=History(movement=told)), CONFIG).changed
    assert first.startswith(
        "Customers and their revenue are compared on the sample that both runs hold, today 600 of 60,000"
    )
    assert second.startswith("Revenue in the last 30 days")


def test_an_export_of_one_day_is_told_as_a_day():
    run = made_up_run(600)
    day = run.manifest.period.last_day
    period = replace(run.manifest.period, first_day=day)
    page = build(view_of(replace(run, manifest=replace(run.manifest, period=period)), CONFIG, ()))
    assert page.period == "9 December 2011"
    assert page.sentences[0].startswith("On 9 December 2011, ")


def test_where_more_money_went_back_than_came_in_no_segment_is_said_to_bring_a_share_of_it():
    run = made_up_run(600)
    cards = tuple(replace(card, revenue=-900.0, revenue_share=0.0) for card in run.findings.cards)
    view = view_of(replace(run, findings=replace(run.findings, cards=cards)), CONFIG, {"shares"})
    assert "no segment has a share of the revenue" in build(view).sentences[1]
    assert not view.charts


def test_that_no_currency_is_known_is_said_once_on_the_first_page_and_with_its_key_where_the_data_is_told_of():
    def told(config):
        page = build(view_of(made_up_run(600), config, ()))
        return page.note, [each for part in page.data.parts for each in part.sentences if "report.currency" in each]

    note, (sentence,) = told(ReportConfig())
    assert note == "Amounts without a currency: none is known (report.currency)."
    assert sentence.endswith("Set report.currency to the currency's code, such as EUR.")
    assert told(CONFIG) == ("", [])
