"""A real browser, and a report's pages in a language of each direction to open in it."""

import shutil

import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import render
from tests.report.moved import moved_run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium"),
]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LANGUAGES = ("en", "de", "he")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a folder of report files for each language."""
    root = tmp_path_factory.mktemp("pages")
    for language in LANGUAGES:
        (root / language).mkdir()
        config = ReportConfig(formats=("html",), locale=language, currency="EUR", company="Shop")
        render(moved_run(), config, root / language)
    return root


@pytest.fixture
def opened(browser, folder):
    """Opens a page at a size and in a colour scheme; what it asks the network for is in `page.asked`."""
    contexts = []

    def opened(language, name, size=DESK, scheme="light"):
        contexts.append(browser.new_context(viewport=size, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto((folder / language / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
