"""Customers, products and files are other people's text: shown as it is, never run, never fetched."""

import csv
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import render
from tests.report.made_up import made_up_run

HOSTILE = (
    "<script>document.title='ran'</script>",
    "</script><script>document.title='ran'</script>",
    "<img src=x onerror=\"document.title='ran'\">",
    '"><svg onload="document.title=\'ran\'">',
    "{{ 7 * 7 }}{% raw %}",
    '=HYPERLINK("http://example.org")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\tTAB",
    "\u2028line\u2029",
    "]]><!--",
    "url(http://example.org/x.png)",
    "$\\nope{$ $",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run in which every text that a user can choose is hostile, and its report's folder."""
    folder = tmp_path_factory.mktemp("hostile")
    run = _poisoned(made_up_run())
    config = ReportConfig(formats=("html", "csv", "xlsx"), title=HOSTILE[0], company=HOSTILE[2])
    return folder, render(run, config, folder)


def _poisoned(run):
    customers, anomalies = run.customers.copy(), run.anomalies.copy()
    customers["customer_id"] = [f"{HOSTILE[i % len(HOSTILE)]}{i}" for i in range(len(customers))]
    for column in ("customer_id", "reason", "evidence"):
        anomalies[column] = [HOSTILE[i % len(HOSTILE)] for i in range(len(anomalies))]
    customers["anomaly_reason"] = [HOSTILE[i % len(HOSTILE)] for i in range(len(customers))]
    found = run.findings
    names = dict(zip((card.name for card in found.cards), HOSTILE, strict=False))
    cards = tuple(replace(card, name=names[card.name], rule=HOSTILE[0], summary=HOSTILE[3]) for card in found.cards)
    themes = tuple(replace(theme, name=HOSTILE[-1 - i], products=HOSTILE[:4]) for i, theme in enumerate(found.themes))
    for frame in (customers, anomalies):
        frame["segment_name"] = frame["segment_name"].map(names)
    manifest = replace(run.manifest, readings=tuple(replace(each, name=HOSTILE[2]) for each in run.manifest.readings))
    return replace(
        run,
        manifest=manifest,
        findings=replace(found, cards=cards, themes=themes),
        customers=customers,
        anomalies=anomalies,
    )


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def elements(page):
    parser = Elements()
    parser.feed(page)
    return parser.found


def test_no_hostile_text_becomes_an_element(hostile):
    found = elements((hostile[0] / "report.html").read_text())
    assert not any(name.startswith("on") for _, attributes in found for name in attributes)
    assert [tag for tag, attributes in found if tag == "script" and attributes] == [
        "script",
        "script",
    ]  # words, numbers
    assert all(attributes["src"].startswith("data:") for tag, attributes in found if tag == "img")


def test_nothing_of_the_page_can_be_fetched(hostile):
    page = (hostile[0] / "report.html").read_text()
    policy = next(attributes["content"] for tag, attributes in elements(page) if "http-equiv" in attributes)
    assert "default-src 'none'" in policy
    assert "http" not in policy
    for tag, attributes in elements(page):
        for name in ("src", "href", "xlink:href", "action", "data"):
            if name in attributes:
                assert attributes[name].startswith(("#", "data:")), (tag, attributes)


def test_the_points_of_the_map_stay_json(hostile):
    page = (hostile[0] / "report.html").read_text()
    raw = re.search(r'<script type="application/json" id="points">(.*?)</script>', page, re.DOTALL).group(1)
    assert set(HOSTILE[:3]) <= {name.rstrip("0123456789") for name in json.loads(raw)["ids"]}


def test_no_cell_of_a_csv_begins_a_formula(hostile):
    for path in hostile[0].rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                assert not row.get("customer_id", row.get("segment_name", "")).startswith(
                    ("=", "+", "-", "@", "\t", "\r")
                )


def test_a_workbook_holds_texts_and_numbers_but_no_formula(hostile):
    with zipfile.ZipFile(hostile[0] / "report.xlsx") as book:
        sheets = [book.read(name).decode() for name in book.namelist() if re.search(r"worksheets/sheet\d+\.xml$", name)]
        assert not any("externalLink" in name for name in book.namelist())
    assert sheets
    for sheet in sheets:
        assert "<pane " in sheet
        assert "<autoFilter " in sheet
        assert "<f>" not in sheet
        assert "<hyperlink" not in sheet


def test_no_file_is_written_outside_the_folder(hostile):
    assert all(path.is_relative_to(hostile[0]) for path in hostile[1])
    assert not any(re.search(r"[<>:\"|?*\s]", path.name) for path in hostile[1])


def test_charts_are_well_formed(hostile):
    from xml.etree import ElementTree

    charts = list((hostile[0] / "charts").glob("*.svg"))
    assert charts
    for chart in charts:
        drawing = ElementTree.parse(chart)
        assert not [each for each in drawing.iter() if each.tag.endswith("script")]


@pytest.mark.slow
@pytest.mark.browser
def test_no_hostile_text_runs_in_a_browser(hostile):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    address = (hostile[0] / "report.html").as_uri()
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom"]
    shown = subprocess.run([browser, *flags, address], capture_output=True, text=True, timeout=120, check=True).stdout
    assert "<title>ran</title>" not in shown
    assert "explorer" in shown
