"""The chapter on the value to come shows figures where the gate is open, and the reason where it is shut."""

import re
from dataclasses import replace

import pytest

from segmenter.analysis import gate
from segmenter.config.report import ReportConfig
from segmenter.report.context import build, view_of
from segmenter.report.context.lifetime import EVEN
from tests.report.made_up import bare_run, made_up_run


@pytest.fixture(scope="module")
def run():
    return made_up_run(200)


def chapter(run, **changed):
    finding = replace(run.findings.lifetime, **changed)
    told = replace(run, findings=replace(run.findings, lifetime=finding))
    page = build(view_of(told, ReportConfig(currency="GBP", locale="en_GB"), {"held-out", "held-out-periods"}))
    return page.to_come, page


def items(section, kind):
    return [item for part in section.parts for item in getattr(part, kind)]


def test_an_open_gate_shows_orders_and_money_of_every_segment(run):
    section, page = chapter(run)
    assert section in page.sections
    assert section.lead.endswith("That is worth £50,000, before returns.")
    (table,) = items(section, "tables")
    assert [row[0].text for row in table.rows] == [card.name for card in run.findings.cards]
    assert table.columns[-1].label == "Revenue"
    assert [figure.id for figure in items(section, "figures")] == ["held-out", "held-out-periods"]


def test_withheld_money_has_no_column(run):
    section, _ = chapter(run, value_refusal="Money is withheld.")
    (table,) = items(section, "tables")
    assert table.columns[-1].label == "Orders"
    assert "£" not in section.lead
    assert section.lead.endswith("Money is withheld.")


def test_how_many_will_order_has_no_column_where_it_is_withheld(run):
    bare = tuple(replace(segment, ordering=None) for segment in run.findings.lifetime.segments)
    section, _ = chapter(run, ordering_refusal="Who orders is withheld.", segments=bare)
    (table,) = items(section, "tables")
    assert [column.label for column in table.columns] == ["Segment", "Customers", "Orders", "Revenue"]
    assert "customers are expected to place" in section.lead
    assert section.lead.endswith("Who orders is withheld.")
    assert not any("p_order" in told for told in items(section, "sentences"))


def test_what_the_newest_days_and_the_year_before_say_stands_beside_the_figure(run):
    section, _ = chapter(run, lately="The last days brought fewer.", season="A year ago there were more.")
    assert section.lead.endswith("before returns. The last days brought fewer. A year ago there were more.")


def test_where_who_has_left_is_told_its_limit_is_told_too(run):
    assert any(EVEN in each for each in items(chapter(run)[0], "sentences"))
    assert EVEN not in items(chapter(run, ordering_refusal="Who orders is withheld.")[0], "sentences")


def test_a_shut_gate_shows_the_reason_and_the_check_alone(run):
    section, _ = chapter(run, refusal="It was wrong.", segments=(), orders_model=None, value_model=None, sentences=())
    assert section.lead == "There is no forecast. It was wrong."
    assert items(section, "tables") == []
    assert [figure.id for figure in items(section, "figures")] == ["held-out", "held-out-periods"]


def test_a_past_too_thin_to_be_checked_has_the_reason_alone(run):
    section, _ = chapter(run, refusal="Too thin.", check=None, segments=(), orders_model=None, sentences=())
    assert section.lead == "There is no forecast. Too thin."
    assert section.parts == ()


def test_a_run_of_before_the_forecast_has_no_such_chapter():
    page = build(view_of(bare_run(), ReportConfig()))
    assert page.to_come is None
    assert "to-come" not in [section.id for section in page.sections]


def test_customers_of_whom_no_order_stands_are_told_as_left_out_of_the_table(run):
    whole, *others = run.findings.lifetime.segments
    n = len(run.customers) - sum(each.customers for each in others)
    section, _ = chapter(run, segments=(replace(whole, customers=n), *others))
    assert not any("Left out" in told for told in items(section, "sentences"))
    section, _ = chapter(run, segments=(replace(whole, customers=n - 44), *others))
    assert "Left out are customers without a valid order: 44." in items(section, "sentences")


@pytest.mark.parametrize("locale", ["de", "he"])
def test_a_reader_of_another_language_is_told_in_it_why_figures_are_withheld_and_how_the_check_went(run, locale):
    check = replace(run.findings.lifetime.check, ordering_expected=447.0, ordering=634.0, error=0.4)
    model = run.findings.lifetime.orders_model
    chances = replace(check, ordering=450.0, ordering_error=0.4)
    reasons = (gate.orders_wrong(check), gate.ordering_wrong(check, 30), gate.money_wrong(check, 0.5, None))
    finding = replace(
        run.findings.lifetime,
        ordering_refusal=reasons[1],
        value_refusal=reasons[2],
        lately=" ".join(gate.lately_off(*orders, 30, 1500.0) for orders in ((1400, 1000), (1000, 1400))),
        sentences=(
            *gate.notes(check, model, 30, of_customers=True, of_money=True),
            reasons[0],
            gate.ordering_wrong(chances, 30),
        ),
    )
    told = replace(run, findings=replace(run.findings, lifetime=finding))
    section = build(view_of(told, ReportConfig(locale=locale), set())).to_come
    words = " ".join([section.lead, *items(section, "sentences")])
    assert not re.search(r"\b(the|orders|expected|withheld)\b", words)
