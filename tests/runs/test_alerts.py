"""Alerts live through runs: told once, worse when they worsen, quiet when somebody has judged them."""

from datetime import date

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from segmenter.config.history import HistoryConfig
from segmenter.runs.alerts import FRESH, LINE, ORDER, alerts, count, to_report, with_verdicts
from segmenter.runs.verdicts import Verdict

CONFIG = HistoryConfig()
DAYS = [date(2025, 1, 6), date(2025, 1, 13), date(2025, 1, 20), date(2025, 1, 27)]


def odd(**severities):
    return pd.DataFrame(
        {
            "customer_id": list(severities),
            "severity": [float(each) for each in severities.values()],
            "amount_at_stake": 100.0,
            "reason": "Orders a lot",
            "evidence": "One order",
        }
    )


def live(*weeks, config=CONFIG, verdicts=()):
    """The alerts of consecutive weekly runs with these odd customers, under verdicts that were there before."""
    tables = []
    said = {each.customer_id: each for each in verdicts}
    for number, flagged in enumerate(weeks):
        before = tables[-1] if tables else None
        tables.append(alerts(flagged, before, f"run{number}", DAYS[number], config, said))
    return tables


def states(table, day):
    shown = to_report(table, day)
    return dict(zip(shown["customer_id"], shown["state"], strict=True))


def test_the_first_run_is_a_silent_baseline():
    (first,) = live(odd(a=50, b=70))
    assert states(first, DAYS[0]) == {"a": "ongoing", "b": "ongoing"}


def test_new_worsened_ongoing_and_resolved_are_told_apart():
    tables = live(odd(a=50, b=50, c=50), odd(a=52, b=65, d=40))
    assert states(tables[1], DAYS[1]) == {"a": "ongoing", "b": "worsened", "c": "resolved", "d": "new"}


def test_whom_the_line_alone_moved_is_no_news_but_counted_once():
    first = alerts(odd(a=50, b=50), None, "run0", DAYS[0], CONFIG, {})
    second = alerts(odd(a=50, c=60, d=40), first, "run1", DAYS[1], CONFIG, {}, quiet={"b": LINE, "c": LINE})
    assert states(second, DAYS[1]) == {"a": "ongoing", "c": "ongoing", "d": "new"}
    counted = count(second, (0, 0), DAYS[1], is_baseline=False)
    assert (counted.new, counted.ongoing, counted.resolved, counted.line_in, counted.line_out) == (1, 2, 0, 1, 1)
    third = alerts(odd(a=50, c=71, d=40), second, "run2", DAYS[2], CONFIG, {})
    assert states(third, DAYS[2]) == {"a": "ongoing", "c": "worsened", "d": "ongoing"}
    counted = count(third, (0, 0), DAYS[2], is_baseline=False)
    assert (counted.line_in, counted.line_out) == (0, 0)


def test_a_customer_who_worsens_bit_by_bit_is_told_all_the_same():
    tables = live(odd(a=50), odd(a=56), odd(a=61), odd(a=62))
    assert [states(table, day)["a"] for table, day in zip(tables, DAYS, strict=True)] == [
        "ongoing", "ongoing", "worsened", "ongoing",
    ]  # fmt: skip


def test_who_was_resolved_and_is_odd_again_is_not_news_for_a_while():
    tables = live(odd(a=50), odd(), odd(), odd(a=51))
    assert states(tables[1], DAYS[1]) == {"a": "resolved"}
    assert states(tables[2], DAYS[2]) == {}
    assert states(tables[3], DAYS[3]) == {"a": "ongoing"}
    forgetful = live(odd(a=50), odd(), odd(), odd(a=51), config=HistoryConfig(remember_days=3))
    assert states(forgetful[3], DAYS[3]) == {"a": "new"}


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100)), min_size=1, max_size=4))
def test_every_flagged_customer_has_exactly_one_alert_and_nobody_else_an_open_one(weeks):
    for flagged, table in zip(weeks, live(*(odd(**week) for week in weeks)), strict=True):
        assert table["customer_id"].is_unique
        assert set(table.loc[table["state"] != "resolved", "customer_id"]) == set(flagged)


def test_a_verdict_holds_an_alert_back_until_its_day():
    table = live(odd(a=50), odd(a=50, b=60, c=60))[1]
    verdicts = {"b": Verdict("b", "expected", DAYS[1]), "c": Verdict("c", "act", DAYS[0])}
    seen = with_verdicts(table, verdicts, DAYS[1])
    assert states(seen, DAYS[1]) == {"a": "ongoing", "c": "new"}
    counts = count(seen, (2, 1), DAYS[1], is_baseline=False)
    assert (counts.new, counts.ongoing, counts.held, counts.judged, counts.right) == (1, 1, 1, 2, 1)


def test_what_worsened_while_a_verdict_held_it_is_told_when_the_verdict_ends():
    held, first = Verdict("a", "expected", DAYS[2]), live(odd(), odd(a=40))
    held_back = alerts(odd(a=90), first[1], "run2", DAYS[2], CONFIG, {"a": held})
    assert states(held_back, DAYS[2]) == {}
    after = alerts(odd(a=90), held_back, "run3", DAYS[3], CONFIG, {})
    assert states(after, DAYS[3]) == {"a": "worsened"}


def test_who_turned_odd_while_a_verdict_held_is_new_when_it_ends_and_told_once():
    tables = live(odd(), odd(a=40), odd(a=41), odd(a=42), verdicts=[Verdict("a", "expected", DAYS[1])])
    assert [states(table, day) for table, day in zip(tables, DAYS, strict=True)] == [
        {}, {}, {"a": "new"}, {"a": "ongoing"},
    ]  # fmt: skip
    assert set(tables[3]["since"]) == {"run1"}


def test_what_came_and_went_while_a_verdict_held_is_never_told():
    tables = live(odd(), odd(a=40), odd(), odd(), verdicts=[Verdict("a", "expected", DAYS[1])])
    assert [states(table, day) for table, day in zip(tables, DAYS, strict=True)] == [{}, {}, {}, {}]


@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 100)), min_size=2, max_size=4),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(DAYS)),
)
def test_a_verdict_delays_news_and_loses_none(weeks, until):
    """Whoever is odd on the last day, and no verdict holds then, has been told of at the severity of now or near it."""
    verdicts = [Verdict(customer, "expected", day) for customer, day in until.items()]
    last = live(*(odd(**week) for week in weeks), verdicts=verdicts)[-1]
    day = DAYS[len(weeks) - 1]
    open_now = last[(last["state"] != "resolved") & last["verdict"].isna()]
    assert open_now["told_severity"].notna().all()
    assert (open_now["severity"] < open_now["told_severity"] + CONFIG.worsened_by).all()
    assert set(to_report(last, day).query("state != 'resolved'")["customer_id"]) == set(open_now["customer_id"])


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100)),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100)),
    st.randoms(),
)
def test_news_come_first_and_the_most_severe_first_whatever_the_tables_order(first, second, random):
    table = live(odd(**first), odd(**second))[1]
    mixed = table.sample(frac=1, random_state=random.randrange(2**31))
    shown = to_report(mixed, DAYS[1])
    places = [0 if state in FRESH else ORDER[state] for state in shown["state"]]
    keys = [(place, -severity) for place, severity in zip(places, shown["severity"], strict=True)]
    assert keys == sorted(keys)
