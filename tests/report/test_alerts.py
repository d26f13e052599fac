"""The alert says what is new first, on one page that runs nothing."""

import re
from dataclasses import replace
from datetime import date

import pytest

from segmenter.config.report import ReportConfig
from segmenter.errors import ReportError
from segmenter.features.catalogue import CATALOGUE
from segmenter.report.alerts import alert_lines, alert_page
from segmenter.report.steps import ANY, ORDER, RETURN, STEPS, TAKEN_BACK, fitting, next_step
from segmenter.report.types import AlertLine
from segmenter.runs.history import AlertCount
from tests.report.moved import moved_run

DAY = date(2011, 12, 10)
LINES = (
    AlertLine("14646", "ongoing", 80, 900.0, "buys every day"),
    AlertLine("12346", "new", 60, 77183.6, "bought and gave back 74,215 pieces within minutes", "order 541431"),
    AlertLine("16446", "new", 99, 168472.5, "spent 168,470 in one order"),
    AlertLine("13000", "resolved", 10, None, "back to normal"),
)


def page(lines=LINES, **config):
    return alert_page(lines, ReportConfig(currency="GBP", locale="en_GB", **config), DAY)


def test_new_comes_before_ongoing_and_the_most_severe_first():
    text = page()
    places = [text.index(customer) for customer in ("16446", "12346", "14646", "13000")]
    assert places == sorted(places)


def test_what_is_worse_comes_before_what_is_new_where_it_is_the_most_severe():
    def places(severity):
        text = page((AlertLine("worse", "worsened", severity, 9.0, "odd"), AlertLine("fresh", "new", 60, 1.0, "odd")))
        return text.index('<b translate="no">worse') < text.index('<b translate="no">fresh')

    assert places(89)
    assert not places(59)


def test_the_headline_counts_the_new_and_the_worse_with_their_money():
    assert "2 customers are newly odd or worse, with £245,656 involved." in page()


def test_a_quiet_day_is_said_to_be_quiet():
    assert "Nothing is newly odd." in page(())


def test_a_name_that_is_markup_is_shown_and_not_run():
    hostile = "<script>alert(1)</script>"
    text = page((AlertLine(hostile, "new", 1, 1.0, hostile, hostile),))
    assert hostile not in text
    assert "&lt;script&gt;" in text


def test_the_page_names_nothing_to_fetch():
    assert not re.search(r"(?:src|href|url)\s*[=(]", page())


def test_without_customer_rows_no_customer_is_named():
    text = page(customer_rows=False)
    assert not any(line.customer_id in text for line in LINES)
    assert "2 customers are newly odd" in text


def test_only_what_is_new_or_worse_is_shown_with_its_evidence():
    lines = [AlertLine(state, state, 1, 1.0, "odd", f"orders of {state}") for state in ("new", "worsened", "ongoing")]
    text = page(lines)
    assert "orders of new" in text
    assert "orders of worsened" in text
    assert "orders of ongoing" not in text


def test_customers_beyond_the_limit_are_counted():
    many = [AlertLine(str(i), "new", i, 1.0, "odd") for i in range(8)]
    assert "5 more are in anomalies.csv of the run." in page(many, max_anomalies=3)


@pytest.mark.parametrize(
    ("text", "line"),
    [("{% if %}", 1), ("\n{{ page.nothing }}", 2), ("a\nb\n{{ 1 / 0 }}", 3), ("{{ page.__class__.__mro__ }}", 1)],
)
def test_a_broken_template_is_named_with_its_line(tmp_path, text, line):
    (tmp_path / "alerts.html").write_text(text)
    with pytest.raises(ReportError, match=rf"alerts\.html, line {line}"):
        page(templates=str(tmp_path))


def test_a_block_of_a_team_replaces_ours_and_leaves_the_rest(tmp_path):
    (tmp_path / "alerts.html").write_text('{% extends "default/alerts.html" %}{% block head %}Hello{% endblock %}')
    text = page(templates=str(tmp_path))
    assert "Hello" in text
    assert "16446" in text


def test_a_template_cannot_reach_files(tmp_path):
    (tmp_path / "alerts.html").write_text('{% include "../../etc/passwd" %}')
    with pytest.raises(ReportError):
        page(templates=str(tmp_path))


@pytest.mark.parametrize(("written", "shown"), [("296.50 GBP", "£296.50"), ("0.00 GBP", "£0")])
def test_reasons_write_money_as_the_page_does(written, shown):
    text = page((AlertLine("1", "new", 1, 13549.0, f"Spent 13,549 GBP; a typical customer spends {written}"),))
    assert f"Spent £13,549; a typical customer spends {shown}" in text
    assert "£13,549 involved" in text
    assert "GBP" not in text


def many(state, n=8):
    return [AlertLine(f"{state}-{i}", state, i, 1.0, f"reason of {state}-{i}") for i in range(n)]


def test_what_is_no_news_is_a_number_and_three_names():
    text = page([*many("ongoing"), *many("resolved", 2)])
    assert "ongoing-7, ongoing-6, ongoing-5 and 5 more" in text
    assert "resolved-1, resolved-0<" in text
    assert "reason of" not in text


def test_news_beyond_a_page_is_counted():
    text = page(many("new", 9))
    assert text.count("<li>") == 5
    assert "4 more are in anomalies.csv of the run." in text


def test_a_first_look_shows_the_most_severe_and_speaks_of_nothing_before():
    counts = AlertCount(True, 0, 0, 8, 0, 0, 0, 0)
    text = alert_page(many("ongoing"), ReportConfig(), DAY, counts)
    assert "This is the first run: 8 customers are odd." in text
    assert "reason of ongoing-7" in text
    assert not re.search("before|Ongoing|Resolved", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))


def test_every_alert_that_is_news_says_what_to_look_at():
    lines = [
        AlertLine("a", "new", 9, 1.0, "odd", "", next_step("return_share")),
        AlertLine("b", "worsened", 9, 1.0, "odd"),
    ]
    text = page(lines)
    assert "Check what was returned and why" in text
    assert "Check what stands out and decide" in text


@pytest.mark.parametrize(("back", "is_whole"), [(9_000.0, True), (8_000.0, False), (float("nan"), False)])
def test_an_order_that_was_taken_back_whole_asks_for_no_look_at_faulty_products(back, is_whole):
    for step in (RETURN, ORDER):
        assert fitting(step, 9_000.0, back) == (TAKEN_BACK if is_whole else step)
    assert fitting(ANY, 9_000.0, back) == ANY


def test_the_step_of_an_alert_knows_that_the_largest_order_was_taken_back():
    run = moved_run()
    same = run.customers.assign(largest_order=50.0, largest_return=50.0)
    assert alert_lines(replace(run, customers=same))[0].step == TAKEN_BACK


def test_next_steps_are_of_features_that_there_are():
    features = {feature.name for features in CATALOGUE.values() for feature in features}
    assert set(STEPS) <= features


def test_an_alert_of_a_run_is_chosen_by_what_stands_out_most():
    first = alert_lines(moved_run())[0]
    assert first.step == next_step("largest_order")


def test_who_got_all_the_money_back_is_no_key_account():
    run = moved_run()
    customer, label = run.anomalies.loc[0, "customer_id"], "money spent, net of returns"
    back = run.customers["monetary"].where(run.customers["customer_id"] != customer, -120.0)
    odd = run.anomalies.assign(reason_1_feature=label)
    lines = alert_lines(replace(run, anomalies=odd, customers=run.customers.assign(monetary=back)))
    steps = {line.customer_id: line.step for line in lines}
    assert steps.pop(customer).startswith("Check what was returned and why")
    assert set(steps.values()) > {next_step("monetary")}


@pytest.mark.parametrize(
    ("feature", "value", "typical", "step"),
    [
        ("frequency", 0.0, 3.0, "Check what was returned"),  # placed no order that was not cancelled
        ("frequency", 1.0, 20.0, "Check what stands out"),
        ("average_order_value", 9.0, 75.0, "Check what stands out"),  # no typing error
        ("longest_gap", 3.0, 50.0, "Check the order times"),  # there is no pause to look at
        ("spend_trend", -1.0, 0.0, "Call: find out what changed"),
        ("monetary", float("nan"), 75.0, "Treat it as a key account"),  # of whom only the cluster knows it
    ],
)
def test_a_low_figure_asks_for_another_step_than_a_high_one(feature, value, typical, step):
    assert next_step(feature, value, typical).startswith(step)
