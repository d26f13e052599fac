"""The customers by RFM: what the table of its segments says."""

from dataclasses import replace

import pytest

from tests.report.made_up import made_up_run
from tests.report.test_readings import page, tables


@pytest.fixture(scope="module")
def run():
    return made_up_run()


def rfm_part(run):
    return next(part for part in page(run).segments.parts if part.title == "RFM segments")


def orders(run, column):
    return [row[column].order for row in tables(page(run).segments)["rfm-segments"].rows]


def test_every_customer_and_all_money_is_in_one_of_the_segments_that_rfm_names(run):
    assert sum(orders(run, 1)) == len(run.customers)
    assert sum(orders(run, 3)) == pytest.approx(run.customers["monetary"].sum())
    assert sum(orders(run, 2)) == pytest.approx(sum(orders(run, 4))) == pytest.approx(1)


def test_a_row_tells_the_typical_silence(run):
    members = run.customers[run.customers["rfm_segment"] == (name := run.customers["rfm_segment"][0])]
    (row,) = (row for row in tables(page(run).segments)["rfm-segments"].rows if row[0].text == name)
    assert row[5].order == round(members["recency"].median())


def test_names_that_nobody_has_are_left_out(run):
    assert 0 not in orders(run, 1)
    assert len(orders(run, 1)) == run.customers["rfm_segment"].nunique()


def test_a_sample_is_called_one(run):
    more = tuple(replace(card, customers=10 * card.customers) for card in run.findings.cards)
    drawn = replace(run, findings=replace(run.findings, cards=more))
    assert f"The table covers the {len(run.customers):,} customers in the sample." in rfm_part(drawn).sentences
    assert not any("drawn" in sentence for sentence in rfm_part(run).sentences)


def test_where_all_have_one_name_nothing_is_said(run):
    rfm = run.findings.rfm
    one = replace(rfm, customers=(sum(rfm.customers), *(0 for _ in rfm.customers[1:])))
    found = page(replace(run, findings=replace(run.findings, rfm=one)))
    assert "RFM segments" not in [part.title for part in found.segments.parts]


def test_which_division_is_for_what_is_said_where_there_are_two(run):
    def told(changed):
        return "means other customers here" in " ".join(rfm_part(changed).sentences)

    assert told(run)
    assert not told(made_up_run(200, 1))
