"""Verdicts on alerts: read from people's words and files, kept in the archive's state, and counted."""

from datetime import UTC, date, datetime

import pytest

from segmenter.errors import UsageError
from segmenter.runs.state import open_state
from segmenter.runs.verdicts import (
    Verdict,
    add_verdicts,
    on_alerts,
    precision,
    read_verdicts,
    verdict,
    verdicts_from_csv,
)
from tests.runs.test_alerts import DAYS, live, odd


def say(state, *verdicts, day=6):
    add_verdicts(state, verdicts, datetime(2025, 1, day, tzinfo=UTC))


def test_the_latest_verdict_on_a_customer_is_the_one_that_holds(tmp_path):
    with open_state(tmp_path) as state:
        say(state, Verdict("a", "expected", DAYS[1], since="run1"), Verdict("b", "act", DAYS[1], since="run1"))
        say(state, Verdict("a", "act", DAYS[2], "looked at it", "run1"))
        found = read_verdicts(state)
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
