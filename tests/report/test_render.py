"""A report is whole for any run, and nothing in it leaves the page."""

import re

import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import pdf_problem, render
from tests.report.made_up import bare_run, made_up_run


@pytest.fixture(scope="module", params=["ordinary", "bare"])
def report(request, tmp_path_factory):
    run = made_up_run() if request.param == "ordinary" else bare_run()
    folder = tmp_path_factory.mktemp(request.param)
    config = ReportConfig(formats=("html", "pdf", "csv", "xlsx"), currency="GBP", locale="en_GB")
    return run, render(run, config, folder), (folder / "report.html").read_text()


def test_every_format_asked_for_is_written(report):
    names = {file.name for file in report[1]}
    assert {"report.html", "customers.csv", "report.xlsx"} <= names
    assert pdf_problem() or "report.pdf" in names
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
