"""The report in a real browser, in a language of each direction: for screen readers, narrow screens and the dark."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from scipy.cluster.hierarchy import dendrogram

from segmenter.config.report import ReportConfig
from segmenter.report import render
from segmenter.report.alerts import alert_page
from segmenter.report.context import build, view_of
from segmenter.report.page import html
from segmenter.report.types import AlertLine
from tests.report.made_up import made_up_run
from tests.report.moved import moved_run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium"),
]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ENLARGED = {"width": 320, "height": 256}  # a desk's screen at 400 %
LANGUAGES = ("en", "de", "he")
PAGES = [(language, name) for language in LANGUAGES for name in ("report.html", "alerts.html")]


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


@pytest.mark.parametrize(("language", "name"), PAGES)
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_serious(opened, language, name, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    options = {"rules": {"target-size": {"enabled": True}}}
    found = Axe().run(opened(language, name, size, scheme), options=options).response["violations"]
    serious = [each for each in found if each["impact"] in {"serious", "critical"}]
    assert not [(each["id"], each["help"], each["nodes"][0]["html"][:200]) for each in serious]


@pytest.mark.parametrize(("language", "name"), PAGES)
@pytest.mark.parametrize("size", [ENLARGED, PHONE, DESK], ids=["enlarged", "phone", "desk"])
def test_no_page_is_wider_than_the_screen(opened, language, name, size):
    page = opened(language, name, size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("window.scrollX") == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_button_for_colours_stands_on_no_word_of_the_head(opened, language, size):
    page = opened(language, "report.html", size)
    button = page.locator(".theme").evaluate("(e) => e.getBoundingClientRect().toJSON()")
    words = page.locator(".masthead").evaluate("""(e) => {
      const range = document.createRange();
      range.selectNodeContents(e);
      return [...range.getClientRects()].map((box) => box.toJSON());
    }""")
    assert not [word for word in words if meets(word, button)]


def meets(one, other):
    return all(
        one[low] < other[high] and other[low] < one[high] for low, high in (("left", "right"), ("top", "bottom"))
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_request_leaves_the_page_whatever_is_pressed(opened, language):
    page = opened(language, "report.html")
    for button in page.locator(".explorer button, .theme, thead button").all()[:12]:
        button.click()
    page.wait_for_timeout(500)
    assert [url.partition(":")[0] for url in page.asked if not url.startswith(("data:", "blob:"))] == ["file"]


CONTRAST = """() => {
  const paper = getComputedStyle(document.documentElement).backgroundColor;
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const lum = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (text, svg) => {
    const own = text.getBoundingClientRect(), x = own.x + own.width / 2, y = own.y + own.height / 2;
    let under = parse(paper).slice(0, 3);
    for (const shape of svg.querySelectorAll("path, rect")) {
      const style = getComputedStyle(shape), box = shape.getBoundingClientRect();
      if (shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_PRECEDING || style.fill === "none") continue;
      if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
      const alpha = Number(style.opacity) * Number(style.fillOpacity), fill = parse(style.fill);
      if (box.width > 0.5 * svg.getBoundingClientRect().width && shape.getTotalLength() > 4 * (box.width + box.height)) continue;
      under = under.map((v, i) => v * (1 - alpha) + fill[i] * alpha);
    }
    return under;
  };
  const weak = [];
  for (const svg of document.querySelectorAll(".drawing svg")) for (const text of svg.querySelectorAll("text")) {
    if (!text.textContent.trim()) continue;
    const [a, b] = [lum(parse(getComputedStyle(text).fill).slice(0, 3)), lum(ground(text, svg))].sort((p, q) => q - p);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.push(`${svg.closest("figure").id}: ${text.textContent} ${ratio.toFixed(2)}`);
  }
  return weak;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_in_a_drawing_stand_out_from_what_they_stand_on(opened, scheme):
    assert opened("en", "report.html", scheme=scheme).evaluate(CONTRAST) == []


CLIPPED = """() => [...document.querySelectorAll(".drawing svg")].flatMap((svg) => {
  const page = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.width && (box.left < page.left - 3 || box.right > page.right + 3 || box.top < page.top - 3 || box.bottom > page.bottom + 3);
  }).map((text) => `${svg.closest("figure").id}: ${text.textContent}`);
})"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_drawing_is_cut_off(opened, language):
    assert opened(language, "report.html").evaluate(CLIPPED) == []


TOUCHING = """() => [...document.querySelectorAll(".drawing svg")].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  const touch = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
  return boxes.flatMap(([one, a], at) => boxes.slice(at + 1).filter(([, b]) => touch(a, b))
    .map(([other]) => `${svg.closest("figure").id}: ${one} / ${other}`));
})"""


def test_the_names_of_ten_segments_stand_clear_of_each_other(browser):
    run = made_up_run(900, 10)
    tree = run.findings.hierarchy
    *others, last = dendrogram(np.array(tree.tree), no_plot=True)["leaves"]
    segments = {last: 9, **{leaf: max(0, 9 - len(others) + at) for at, leaf in enumerate(others)}}
    leaves = tuple(segments[leaf] for leaf in range(len(segments)))  # nine of ten have a single leaf, side by side
    run = replace(run, findings=replace(run.findings, hierarchy=replace(tree, leaf_segments=leaves)))
    view = view_of(run, ReportConfig())
    page = browser.new_context(viewport=DESK).new_page()
    page.set_content(html(build(view), view.voice, None))
    page.evaluate("document.fonts.ready")
    assert page.evaluate(TOUCHING) == []
    page.context.close()


def test_a_report_from_right_to_left_starts_at_the_right(opened):
    page = opened("he", "report.html")
    sides = "(e) => { const s = getComputedStyle(e); return [s.borderLeftWidth, s.borderRightWidth]; }"
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert page.locator(".actions li").first.evaluate(sides) == ["0px", "5px"]


def test_a_quiet_week_is_one_page_on_a_phone(browser):
    lines = [
        AlertLine(str(14000 + n), "ongoing", n, 900.0, "spent 900 EUR; a typical customer spends 300 EUR")
        for n in range(23)
    ]
    page = browser.new_context(viewport=PHONE).new_page()
    page.set_content(alert_page(lines, ReportConfig(currency="EUR"), moved_run().manifest.as_of))
    assert page.evaluate("document.documentElement.scrollHeight") <= PHONE["height"]
    page.context.close()


def test_a_table_that_is_seen_at_a_glance_has_no_filter(opened):
    page = opened("en", "report.html")
    rows = page.evaluate(
        "[...document.querySelectorAll('.filter + table')].map((table) => table.tBodies[0].rows.length)"
    )
    assert rows
    assert min(rows) > 8


def test_a_page_jumps_where_motion_is_to_be_reduced(opened):
    page = opened("en", "report.html")
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(behaviour) == "auto"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(behaviour) == "smooth"


def test_on_paper_from_a_browser_three_cards_fit_a_page_and_the_strip_is_one_line(opened):
    page = opened("en", "report.html", {"width": 700, "height": 1000})  # A4 less its margins
    page.emulate_media(media="print")
    heights = page.evaluate("[...document.querySelectorAll('.card')].map((card) => card.offsetHeight)")
    assert max(heights) < 1000 / 3
    assert page.evaluate("new Set([...document.querySelectorAll('#strip li')].map((item) => item.offsetTop)).size") == 1


def heads(page, table):
    return page.locator(f"#table-{table} thead button")


def column(page, table, number):
    """The texts of a table's column, from the top down."""
    return page.locator(f"#table-{table} tbody tr > :nth-child({number})").all_inner_texts()


def test_numbers_sort_from_the_largest_and_what_is_not_known_stands_last_either_way(opened):
    page = opened("en", "report.html")
    heads(page, "methods").first.click()  # so that the unknown one stands between the others
    silhouette = heads(page, "methods").filter(has_text="Silhouette")
    for turned in (True, False):
        silhouette.click()
        *known, last = column(page, "methods", 4)
        assert known == sorted(known, key=float, reverse=turned)
        assert last == "–"


def test_names_sort_from_the_first(opened):
    page = opened("en", "report.html")
    heads(page, "overview").first.click()
    names = column(page, "overview", 1)
    assert len(names) > 2
    assert names == sorted(names)


def test_values_of_different_units_under_each_other_are_not_sorted(opened):
    assert heads(opened("en", "report.html"), "medians").all_inner_texts() == ["Median of"]


def test_a_filter_says_how_many_rows_are_left(opened):
    page = opened("en", "report.html")
    box = page.locator("#table-anomalies .filter")
    for wanted, told in (("no such words", "0 of 14 rows"), ("", "")):
        box.locator("input").fill(wanted)
        assert box.get_by_role("status").inner_text() == told


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_tab_key_stops_at_what_scrolls_and_at_no_other_drawing_or_table(opened, size):
    boxes = opened("en", "report.html", size).evaluate("""() => [...document.querySelectorAll(".drawing, .table")]
      .filter((box) => box.checkVisibility()).map((box) => [box.tabIndex === 0, box.scrollWidth > box.clientWidth])""")
    assert boxes
    assert all(stops == scrolls for stops, scrolls in boxes)


def test_the_button_for_colours_comes_right_after_the_way_past_the_head(opened):
    page = opened("en", "report.html")
    order = []
    for _ in range(2):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.className"))
    assert order == ["skip", "theme"]


def test_the_wheel_scrolls_the_page_until_the_map_was_pressed(opened):
    page = opened("en", "report.html")
    page.emulate_media(reduced_motion="reduce")  # no gliding
    page.locator("#plot").scroll_into_view_if_needed()

    def scrolls():
        before = page.evaluate("scrollY")
        page.locator("#plot").hover()
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(200)
        return page.evaluate("scrollY") != before

    assert scrolls()
    page.locator("#plot").click()
    assert not scrolls()


def test_what_is_pressed_can_be_told_in_the_colours_of_a_reader_and_segments_keep_theirs(opened):
    page = opened("en", "report.html")
    page.emulate_media(forced_colors="active")
    ground = "(shown) => getComputedStyle(shown).backgroundColor"
    assert len({page.locator(f"[data-view='{view}']").evaluate(ground) for view in (2, 3)}) == 2
    swatches = [swatch.evaluate(ground) for swatch in page.locator(".legend .swatch").all()]
    assert len(set(swatches)) == len(swatches) > 2


def test_on_paper_from_a_browser_a_table_has_its_head_on_every_page_and_segments_their_colours(opened, tmp_path):
    page = opened("en", "report.html")
    printed = tmp_path / "printed.pdf"
    printed.write_bytes(page.pdf(format="A4"))
    text = subprocess.run(["pdftotext", printed, "-"], capture_output=True, text=True, check=True).stdout
    pages = [page for page in text.split("\f") if "run.json: " in page and "queries/" in page]
    assert len(pages) > 1
    assert all("Stored in" in page for page in pages)
    page.emulate_media(media="print")
    assert page.locator(".swatch").first.evaluate("(box) => getComputedStyle(box).printColorAdjust") == "exact"
