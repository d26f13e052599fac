"""Alerts live through runs: told once, worse when they worsen, quiet when somebody has judged them."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.config.history import HistoryConfig
from segmenter.errors import UsageError
from segmenter.runs import alerts as module
from segmenter.runs.alerts import Verdict, alerts, count, told, verdicts_from_csv, with_verdicts
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


def live(*weeks, config=CONFIG):
    """The alerts of consecutive weekly runs with these odd customers."""
    tables = []
    for number, flagged in enumerate(weeks):
        before = tables[-1] if tables else None
        table = alerts(flagged, before, f"run{number}", DAYS[number], config)
        tables.append(with_verdicts(table, {}, DAYS[number]))
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


@settings(deadline=None, max_examples=50)
@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100)), min_size=1, max_size=4))
def test_every_flagged_customer_has_exactly_one_alert_and_nobody_else_an_open_one(weeks):
    for flagged, table in zip(weeks, live(*(odd(**week) for week in weeks)), strict=True):
        assert table["customer_id"].is_unique
        assert set(table.loc[table["state"] != "resolved", "customer_id"]) == set(flagged)


def test_a_verdict_holds_an_alert_back_until_its_day_and_counts_for_the_precision():
    table = live(odd(a=50), odd(a=50, b=60, c=60))[1]
    verdicts = {"b": Verdict("b", "expected", DAYS[1]), "c": Verdict("c", "act", DAYS[0])}
    seen = with_verdicts(table, verdicts, DAYS[1])
    assert states(seen, DAYS[1]) == {"a": "ongoing", "c": "new"}
    counts = count(seen, verdicts, DAYS[1], is_baseline=False)
    assert (counts.new, counts.ongoing, counts.held, counts.judged, counts.right) == (1, 1, 1, 2, 1)


def test_the_latest_verdict_on_a_customer_is_the_one_that_counts(tmp_path):
    now = datetime(2025, 1, 6, tzinfo=UTC)
    with open_state(tmp_path) as state:
        module.add_verdicts(state, [Verdict("a", "expected", DAYS[1]), Verdict("b", "act", DAYS[1])], now)
        module.add_verdicts(state, [Verdict("a", "act", DAYS[2], "looked at it")], now)
        found = module.read_verdicts(state)
    assert found["a"] == Verdict("a", "act", DAYS[2], "looked at it")
    assert found["b"].verdict == "act"


def test_verdicts_come_from_a_csv_and_a_wrong_line_is_named(tmp_path):
    path = tmp_path / "said.csv"
    path.write_text("\ufeffcustomer_id,verdict,until,note\n007,expected,2025-06-30,ours\na,act,,\n", encoding="utf-8")
    first, second = verdicts_from_csv(path, DAYS[3])
    assert first == Verdict("007", "expected", date(2025, 6, 30), "ours")
    assert second == Verdict("a", "act", DAYS[3])
    path.write_text("customer_id,verdict\na,act\nb,perhaps\n")
    with pytest.raises(UsageError, match="line 3"):
        verdicts_from_csv(path, DAYS[3])
    path.write_text("customer,verdict\na,act\n")
    with pytest.raises(UsageError, match="customer_id"):
        verdicts_from_csv(path, DAYS[3])
    with pytest.raises(UsageError, match="cannot be read"):
        verdicts_from_csv(tmp_path / "none.csv", DAYS[3])
