"""Alerts live through runs: told once, worse when they worsen, quiet when somebody has judged them."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.config.history import HistoryConfig
from segmenter.errors import UsageError
from segmenter.runs import alerts as module
from segmenter.runs import state as ledger
from segmenter.runs.alerts import (
    ORDER,
    Verdict,
    alerts,
    count,
    holding,
    on_alerts,
    precision,
    told,
    verdict,
    verdicts_from_csv,
    with_verdicts,
)
from segmenter.runs.state import open_state

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
        table = alerts(flagged, before, f"run{number}", DAYS[number], config, holding(said, DAYS[number]))
        tables.append(with_verdicts(table, said, DAYS[number]))
    return tables


def states(table, day):
    shown = told(table, day)
    return dict(zip(shown["customer_id"], shown["state"], strict=True))


def test_the_first_run_is_a_silent_baseline():
    (first,) = live(odd(a=50, b=70))
    assert states(first, DAYS[0]) == {"a": "ongoing", "b": "ongoing"}


def test_new_worsened_ongoing_and_resolved_are_told_apart():
    tables = live(odd(a=50, b=50, c=50), odd(a=52, b=65, d=40))
    assert states(tables[1], DAYS[1]) == {"a": "ongoing", "b": "worsened", "c": "resolved", "d": "new"}


def test_whom_the_line_alone_moved_is_no_news_but_counted_once():
    first = alerts(odd(a=50, b=50), None, "run0", DAYS[0], CONFIG)
    second = with_verdicts(
        alerts(odd(a=50, c=60, d=40), first, "run1", DAYS[1], CONFIG, by_line={"b", "c"}), {}, DAYS[1]
    )
    assert states(second, DAYS[1]) == {"a": "ongoing", "c": "ongoing", "d": "new"}
    counted = count(second, (0, 0), DAYS[1], is_baseline=False)
    assert (counted.new, counted.ongoing, counted.resolved, counted.line_in, counted.line_out) == (1, 2, 0, 1, 1)
    third = with_verdicts(alerts(odd(a=50, c=71, d=40), second, "run2", DAYS[2], CONFIG), {}, DAYS[2])
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
    held_back = with_verdicts(
        alerts(odd(a=90), first[1], "run2", DAYS[2], CONFIG, holding({"a": held}, DAYS[2])), {"a": held}, DAYS[2]
    )
    assert states(held_back, DAYS[2]) == {}
    after = with_verdicts(alerts(odd(a=90), held_back, "run3", DAYS[3], CONFIG), {}, DAYS[3])
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
    assert set(told(last, day).query("state != 'resolved'")["customer_id"]) == set(open_now["customer_id"])


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100)),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100)),
    st.randoms(),
)
def test_news_come_first_and_the_most_severe_first_whatever_the_tables_order(first, second, random):
    table = live(odd(**first), odd(**second))[1]
    mixed = table.sample(frac=1, random_state=random.randrange(2**31))
    shown = told(mixed, DAYS[1])
    keys = [(ORDER[state], -severity) for state, severity in zip(shown["state"], shown["severity"], strict=True)]
    assert keys == sorted(keys)


def say(state, *verdicts, day=6):
    module.add_verdicts(state, verdicts, datetime(2025, 1, day, tzinfo=UTC))


def test_the_latest_verdict_on_a_customer_is_the_one_that_holds(tmp_path):
    with open_state(tmp_path) as state:
        say(state, Verdict("a", "expected", DAYS[1], since="run1"), Verdict("b", "act", DAYS[1], since="run1"))
        say(state, Verdict("a", "act", DAYS[2], "looked at it", "run1"))
        found = module.read_verdicts(state)
    assert found["a"] == Verdict("a", "act", DAYS[2], "looked at it", "run1")
    assert found["b"].verdict == "act"


def test_precision_counts_alerts_each_by_its_last_verdict(tmp_path):
    with open_state(tmp_path) as state:
        assert precision(state) == (0, 0)
        say(state, Verdict("a", "act", DAYS[1], since="run1"), Verdict("b", "act", DAYS[1], since="run1"))
        assert precision(state) == (2, 2)
        say(state, Verdict("a", "expected", DAYS[1], since="run1"))
        assert precision(state) == (2, 1)
        say(state, Verdict("a", "act", DAYS[3], since="run7"))
        assert precision(state) == (3, 2)


def test_a_verdict_is_about_an_alert_of_the_run_and_holds_at_least_to_its_day():
    table = live(odd(a=50), odd(a=50, b=60))[1]
    (found,) = on_alerts([Verdict("b", "act", DAYS[1])], table, DAYS[1])
    assert found.since == "run1"
    with pytest.raises(UsageError, match="99999 has no alert"):
        on_alerts([Verdict("b", "act", DAYS[1]), Verdict("99999", "act", DAYS[1])], table, DAYS[1])
    with pytest.raises(UsageError, match="2025-01-06, before the run's day"):
        on_alerts([Verdict("b", "act", DAYS[0])], table, DAYS[1])


@pytest.mark.parametrize("word", ["expected", "Expected", " EXPECTED "])
def test_expected_is_expected_however_it_is_written(word):
    assert verdict("a", word, DAYS[1]).verdict == "expected"


@pytest.mark.parametrize("word", ["act", "Act", "act on it", "Act  on it"])
def test_to_act_is_to_act_however_it_is_written(word):
    assert verdict("a", word, DAYS[1]).verdict == "act"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_verdicts_come_from_a_csv_of_any_common_mark(tmp_path, mark):
    path = tmp_path / "said.csv"
    lines = ["\ufeffCustomer_ID,verdict,until,note", '007,expected,2025-06-30,"ours', 'truly"', "a,act on it,,"]
    path.write_text("\n".join(line.replace(",", mark) for line in lines), encoding="utf-8")
    first, second = verdicts_from_csv(path, DAYS[3])
    assert first == Verdict("007", "expected", date(2025, 6, 30), "ours\ntruly")
    assert second == Verdict("a", "act", DAYS[3])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("customer_id,verdict\na,act\nb,perhaps\n", "line 3: 'perhaps' is not a verdict. A line"),
        ("customer_id,verdict\n,act\n", "line 2: it names no customer. A line"),
        ("customer_id,verdict,until\na,act,31.12.2025\n", "line 2: '31.12.2025' is not a date. A line"),
        ('customer_id,verdict,note\na,act,"big\nb,act,\n', "line 2: a quote is not closed"),
        ("customer,verdict\na,act\n", "has no column customer_id. A line"),
        ("", "has no column customer_id and no column verdict. A line"),
    ],
)
def test_a_csv_that_is_wrong_is_told_where_and_what_a_line_needs(tmp_path, text, says):
    path = tmp_path / "said.csv"
    path.write_text(text)
    with pytest.raises(UsageError) as told_of:
        verdicts_from_csv(path, DAYS[3])
    assert says in str(told_of.value)
    assert ".." not in str(told_of.value)


def test_a_csv_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        verdicts_from_csv(tmp_path / "none.csv", DAYS[3])


def test_a_ledger_from_before_verdicts_knew_their_alert_is_read_on(tmp_path, monkeypatch):
    with monkeypatch.context() as then:
        then.setattr(ledger, "MIGRATIONS", ledger.MIGRATIONS[:2])
        then.setattr(ledger, "VERSION", 2)
        with open_state(tmp_path) as state:
            state.execute(
                "INSERT INTO verdict (customer_id, verdict, said_at, until) VALUES ('a', 'act', 'then', '2025-02-01')"
            )
    with open_state(tmp_path) as state:
        say(state, Verdict("a", "expected", DAYS[2], since="run1"))
        assert precision(state) == (2, 1)
