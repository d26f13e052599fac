"""A report is whole for any run, and nothing in it leaves the page."""

import json
import re
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import pdf_problem, render, write_alerts
from segmenter.report.context import build, view_of
from segmenter.report.page import html, paper
from segmenter.report.paper import write_pdf
from segmenter.report.points import points
from tests.report.made_up import bare_run, made_up_run
from tests.report.moved import moved_run


@pytest.fixture(scope="module", params=["ordinary", "bare"])
def report(request, tmp_path_factory):
    run = made_up_run() if request.param == "ordinary" else bare_run()
    folder, paper = tmp_path_factory.mktemp(request.param), {"pdf"} if request.param == "bare" else set()
    config = ReportConfig(formats=("html", "csv", "xlsx", *paper), currency="GBP", locale="en_GB")
    return run, render(run, config, folder), (folder / "report.html").read_text()


def test_every_format_asked_for_is_written(report):
    names = {file.name for file in report[1]}
    assert {"report.html", "customers.csv", "report.xlsx"} <= names
    assert pdf_problem() or ("report.pdf" in names) == (len(report[0].customers) == 12), (
        "asked for of the bare run alone"
    )
    assert all(file.stat().st_size for file in report[1])


def test_no_address_in_the_page_is_fetched(report):
    without_scripts = re.sub(r"<script.*?</script>", "", report[2], flags=re.DOTALL)
    assert not re.search(r'(?:src|href)="(?!#|data:)', without_scripts)
    assert not re.search(r"url\((?!data:|#)", without_scripts)


def test_nothing_is_shown_as_nan(report):
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", report[2], flags=re.DOTALL)
    assert "nan" not in re.sub(r"<[^>]*>", " ", text).lower().split()


def test_every_heading_of_the_contents_leads_somewhere(report):
    for target in re.findall(r'href="#([\w-]+)"', report[2]):
        assert f'id="{target}"' in report[2]


class _Ids(HTMLParser):
    """Collects every id of a page, in drawings too."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name == "id"]


@pytest.mark.parametrize("make", [bare_run, moved_run])
def test_no_id_of_a_page_stands_twice(tmp_path, make):
    config = ReportConfig(formats=("html",))
    view = view_of(make(), config)
    page = build(view)
    pages = {"screen": html(page, view.voice, None, points(view)), "paper": paper(page, view.voice, None)}
    if view.run.alerts is not None:
        write_alerts(view.run, config, tmp_path)
        pages["alerts"] = (tmp_path / "alerts.html").read_text()
    for name, text in pages.items():
        reader = _Ids()
        reader.feed(text)
        assert len(reader.found) > 20 or name == "alerts"
        assert [key for key, count in Counter(reader.found).items() if count > 1] == [], name


def test_the_page_stays_below_three_megabytes_with_five_thousand_customers(tmp_path):
    render(made_up_run(5000, 6, 70), ReportConfig(formats=("html",)), tmp_path)
    assert (tmp_path / "report.html").stat().st_size < 3e6


def test_used_and_set_aside_together_are_what_was_read(report):
    account = report[0].manifest.account
    assert f"{account.rows_used:,}" in report[2]
    assert f"{account.rows_read - account.rows_used:,}" in report[2]
    assert f"{account.rows_read:,}" in report[2]


def test_without_pango_the_page_is_made_and_the_reason_is_told(tmp_path, monkeypatch):
    (tmp_path / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0': not found\")")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    files = render(bare_run(), ReportConfig(formats=("pdf",)), tmp_path)
    assert [file.name for file in files] == ["report.html"]
    assert "apt-get install" in pdf_problem()


@pytest.mark.skipif(pdf_problem() is not None, reason="no Pango on this machine, so no PDF is made")
def test_a_pdf_needs_no_other_folder_than_the_runs_and_leaves_no_unpacked_fonts_there(tmp_path, monkeypatch):
    view = view_of(bare_run(), ReportConfig(formats=("pdf",)))
    page = build(view)
    (tmp_path / ".fonts" / "left by a helper that died").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    write_pdf(page, view.voice, view.charts, None, tmp_path / "report.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


def test_a_block_of_the_teams_own_takes_the_place_of_ours(tmp_path):
    team = tmp_path / "team"
    team.mkdir()
    (team / "report.html").write_text(
        '{% extends "default/report.html" %}{% block footer %}<p>Ask Ada, extension 12</p>{% endblock %}'
    )
    render(bare_run(), ReportConfig(formats=("html",), templates=str(team)), tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "Ask Ada, extension 12" in page
    assert "Made by segmenter" not in page
    assert "What we know" in page


def with_map(run):
    """The page of a run, the map of its customers for its only chart."""
    view = view_of(run, ReportConfig(), {"map-tsne"})
    return html(build(view), view.voice, None, points(view))


def test_a_customer_without_a_place_in_three_dimensions_keeps_the_one_in_two():
    run = made_up_run(60)
    customers = run.customers.copy()
    customers.loc[5:, ["tsne3_x", "tsne3_y", "tsne3_z"]] = float("nan")
    page = with_map(replace(run, customers=customers))
    placed = json.loads(re.search(r'id="points">(.*?)</script>', page).group(1))
    assert len(placed["segment"]) == customers["tsne_x"].notna().sum()
    assert sum(x is not None for x in placed["tsne3"][0]) == 5


def test_customers_who_are_all_alike_get_no_map_that_would_be_empty():
    run = made_up_run(60, 1, 0)
    places = {f"{axis}": 1.0 for axis in ("tsne_x", "tsne_y", "tsne3_x", "tsne3_y", "tsne3_z")}
    page = with_map(replace(run, customers=run.customers.assign(**places)))
    assert "No map was drawn" in page
    assert 'id="points"' not in page


def test_many_segments_have_their_medians_on_tables_that_a_page_can_hold():
    view = view_of(made_up_run(900, 10), ReportConfig(), charts=())
    page = html(build(view), view.voice, None)
    tables = re.findall(r'id="table-medians[-\d]*".*?</thead>', page, re.DOTALL)
    assert [table.count("<th ") for table in tables] == [8, 6]
