"""Runs on the public exports."""

import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.slow
ODD = (
    "12346",
    "16446",
    "15098",
    "14646",
    "18102",
    "17450",
    "14911",
    "12748",
    "17841",
    "12415",
    "14156",
    "17511",
    "16029",
)
CAUSES = {
    "12346": "largest|order of 77,184|taken back|pieces at a time",
    "16446": "order of 168,470|168,470 taken back",
    "15098": "38,970|19,810 per order",
    "14646": "spent 279,489",
    "14911": "lines|orders",
    "12748": "orders",
    "17841": "lines|orders",
}


@pytest.fixture(scope="module")
def retail(exports, quick_run, tmp_path_factory):
    return quick_run(
        [exports / "online-retail-by-day"], tmp_path_factory.mktemp("retail"), report={"formats": ["html", "pdf"]}
    )


def test_the_customers_any_honest_detection_finds_are_flagged(retail):
    flagged = retail.run.customers.set_index("customer_id")["is_anomaly"]
    assert all(flagged[customer] for customer in ODD)
    assert flagged.mean() < 0.05


def test_their_reasons_name_the_true_cause(retail):
    reasons = retail.run.anomalies.set_index("customer_id")["reason"]
    for customer, cause in CAUSES.items():
        assert re.search(cause, reasons[customer], re.IGNORECASE), reasons[customer]


def test_cancelled_orders_make_no_best_customers(retail):
    names = retail.run.customers.set_index("customer_id")["segment_name"]
    assert {names["12346"], names["16446"]}.isdisjoint({"Best customers", "Champions"})


def test_the_pdf_reads_in_order(retail):
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler's pdftotext is not on this machine")
    pdf = retail.folder / "report.pdf"
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    lines = [line.strip() for line in text.splitlines()]
    headings = ["Who are our customers?", "How do they differ?", "Where are they on the map?", "Who is odd, and why?",
                "How sure are we?", "What data is this from?", "How was it done?"]  # fmt: skip
    places = [lines.index(heading) for heading in headings]  # the contents' lines carry dots and page numbers
    assert places == sorted(places)
    assert "nan" not in text.lower().split()


def test_the_workbook_and_the_plain_table_run_without_configuration(exports, quick_run, tmp_path):
    assert len(quick_run([exports / "bike-shop-six-sheets.xlsx"], tmp_path).run.customers) == 3_494
    assert len(quick_run([exports / "retail-125k.csv"], tmp_path).run.customers) == 6_889
