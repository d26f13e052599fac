"""Money is told in the currency that an export names, or in the one that the configuration calls it."""

import re

import pandas as pd
import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import render
from segmenter.report.context import build, view_of
from segmenter.report.language import Voice
from segmenter.report.page import html

from .conftest import NO_PAGE


def signs(page):
    """The currency signs of a report's page."""
    return {sign for sign in "€$" if sign + "1" in re.sub("<script.*?</script>", "", page, flags=re.DOTALL)}


def warned(finished):
    """What the account of a run says of report.currency."""
    return [note for note in finished.run.manifest.account.warnings if "report.currency" in note]


def test_a_report_tells_money_in_the_currency_of_its_export(in_euros, tmp_path):
    assert in_euros.run.manifest.currency == "EUR"
    assert warned(in_euros) == []
    render(in_euros.run, ReportConfig(formats=("html",)), tmp_path)
    assert signs((tmp_path / "report.html").read_text(encoding="utf-8")) == {"€"}


def test_a_report_in_another_currency_than_its_exports_says_that_nothing_is_converted(in_euros, quick_run, tmp_path):
    report = {"currency": "USD", **NO_PAGE["report"]}
    export = in_euros.folder.parents[1] / "all.csv"
    finished = quick_run(
        [export], tmp_path / "runs", rules={"currency": "EUR"}, kmeans={"n_clusters": 3}, report=report
    )
    config = ReportConfig(currency="USD").in_currency(finished.run.manifest.currency)
    view = view_of(finished.run, config, ())
    assert signs(html(build(view), view.voice, None)) == {"$"}
    (told,) = warned(finished)
    assert told.startswith("The export's currency is EUR, but the report shows USD")
    assert "umgerechnet wird nichts" in Voice("de").translate(told)


@pytest.mark.parametrize("factor", [100, pytest.param(0.01, marks=pytest.mark.slow)])
def test_the_segments_and_the_odd_customers_are_the_same_in_any_unit_of_money(
    finished, sample, quick_run, tmp_path, factor
):
    table = pd.read_csv(sample / "sales.csv", dtype={"customer_id": str})
    table.assign(unit_price=(table["unit_price"] * factor).round(6)).to_csv(tmp_path / "sales.csv", index=False)
    ours, theirs = finished.run.customers, quick_run([tmp_path / "sales.csv"], tmp_path / "runs").run.customers
    for column in ("customer_id", "segment_name", "dbscan_role", "is_anomaly", "jury", "rfm_segment"):
        assert ours[column].equals(theirs[column]), column
    assert ours["severity"].to_numpy() == pytest.approx(theirs["severity"].to_numpy(), abs=0.11)
