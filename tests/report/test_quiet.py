"""Regular customers who have gone quiet: counted with their money, and listed for a call."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.report.made_up import made_up_run, silent
from tests.report.test_readings import cells, page, tables


@pytest.fixture(scope="module")
def run():
    return made_up_run()


def test_regulars_gone_quiet_are_counted_with_their_money_and_listed_those_who_spent_most_first(run):
    quiet = silent(run, 30)
    table = tables(page(quiet).segments)["quiet"]
    most = quiet.customers.head(30).nlargest(20, "monetary")
    assert [row[0] for row in cells(table)] == most["customer_id"].tolist()
    assert table.title == "Whom to call first (top 20 of 30 by money)"
    assert cells(table)[0][4:] == ["50", "10"]
    assert quiet_words(quiet).startswith("30 regular customers have been silent for more than 3 times their usual gap")
    assert f"{quiet.customers['monetary'].head(30).sum():,.0f}." in quiet_words(quiet)
    assert quiet_words(silent(run, 1)).startswith("One regular customer has")


def quiet_words(run, **config):
    (part,) = (part for part in page(run, **config).segments.parts if part.title == "Regular customers gone quiet")
    return " ".join(part.sentences)


def test_where_nobody_has_gone_quiet_that_is_said(run):
    assert quiet_words(silent(run, 0)).startswith("No regular customer has been silent")
    assert "quiet" not in tables(page(silent(run, 0)).segments)


def test_without_customer_rows_regulars_gone_quiet_are_only_counted(run):
    assert "quiet" not in tables(page(silent(run, 3), customer_rows=False).segments)
    assert quiet_words(silent(run, 3), customer_rows=False).startswith("3 regular customers")


def test_who_got_all_the_money_back_is_not_to_be_called(run):
    quiet = silent(run, 3)
    spent = quiet.customers["monetary"].where(quiet.customers.index > 0, -5.0)
    assert quiet_words(replace(quiet, customers=quiet.customers.assign(monetary=spent))).startswith("2 regular")


def test_of_an_export_that_ended_weeks_ago_nobody_is_called_quiet_for_that(run):
    manifest = replace(run.manifest, as_of=run.manifest.period.last_day + timedelta(days=40))
    assert quiet_words(replace(silent(run, 3), manifest=manifest)).startswith("No regular customer")
