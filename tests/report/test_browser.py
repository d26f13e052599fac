"""The report in a real browser, in a language of each direction: for screen readers, narrow screens and the dark."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.cluster.hierarchy import dendrogram

from segmenter.config.report import ReportConfig
from segmenter.report.alerts import alert_page
from segmenter.report.context import build, view_of
from segmenter.report.page import html
from segmenter.report.types import AlertLine
from tests.report.conftest import DESK, IN_A_BROWSER, LANGUAGES, PHONE
from tests.report.made_up import made_up_run
from tests.report.moved import moved_run

pytestmark = IN_A_BROWSER
ENLARGED = {"width": 320, "height": 256}  # a desk's screen at 400 %
PAGES = [(language, name) for language in LANGUAGES for name in ("report.html", "alerts.html")]


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


def test_a_logo_drawn_for_white_paper_stands_on_white_in_the_dark_too(browser, tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30"/></svg>'
    )
    view = view_of(made_up_run(60), ReportConfig(logo=str(logo)), ())
    page = browser.new_context(color_scheme="dark").new_page()
    page.set_content(html(build(view), view.voice, None))
    ground = "(logo) => getComputedStyle(logo).backgroundColor"
    assert page.locator(".logo").evaluate(ground) == "rgb(255, 255, 255)"
    page.locator(".theme").click()
    assert page.locator(".logo").evaluate(ground) == "rgba(0, 0, 0, 0)"
    page.context.close()
