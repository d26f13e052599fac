"""Money is told in the currency that an export names, or in the one that the configuration calls it."""

import re

import pandas as pd
import pytest

from segmenter.report.language import Voice
from tests.end_to_end.test_scoring import HEAD, lines


@pytest.fixture
def in_euros(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text(HEAD + "".join(lines(range(60), 300)))
    return path


def told(finished):
    """The currency signs of the report, and what its account says of report.currency."""
    page = re.sub(
        "<script.*?</script>", "", (finished.folder / "report.html").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    warned = [note for note in finished.run.manifest.account.warnings if "report.currency" in note]
    return {sign for sign in "€$" if sign + "1" in page}, warned


def test_a_report_tells_money_in_the_currency_of_its_export(in_euros, quick_run, tmp_path):
    report = {"formats": ["html"]}
    finished = quick_run(
        [in_euros], tmp_path / "runs", rules={"currency": "EUR"}, kmeans={"n_clusters": 3}, report=report
    )
    assert told(finished) == ({"€"}, [])
    assert finished.run.manifest.currency == "EUR"


def test_a_report_in_another_currency_than_its_exports_says_that_nothing_is_converted(in_euros, quick_run, tmp_path):
    report = {"currency": "USD", "formats": ["html"]}
    finished = quick_run(
        [in_euros], tmp_path / "runs", rules={"currency": "EUR"}, kmeans={"n_clusters": 3}, report=report
    )
    signs, (warned,) = told(finished)
    assert signs == {"$"}
    assert warned.startswith("The export's currency is EUR, but the report shows USD")
    assert "umgerechnet wird nichts" in Voice("de").translate(warned)


@pytest.mark.parametrize("factor", [100, 0.01])
def test_the_segments_and_the_odd_customers_are_the_same_in_any_unit_of_money(
    finished, sample, quick_run, tmp_path, factor
):
    table = pd.read_csv(sample / "sales.csv", dtype={"customer_id": str})
    table.assign(unit_price=(table["unit_price"] * factor).round(6)).to_csv(tmp_path / "sales.csv", index=False)
    ours, theirs = finished.run.customers, quick_run([tmp_path / "sales.csv"], tmp_path / "runs").run.customers
    for column in ("customer_id", "segment_name", "dbscan_role", "is_anomaly", "jury", "rfm_segment"):
        assert ours[column].equals(theirs[column]), column
    assert ours["severity"].to_numpy() == pytest.approx(theirs["severity"].to_numpy(), abs=0.11)
