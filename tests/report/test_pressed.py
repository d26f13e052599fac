"""The report in a real browser, worked with: by keys, by mouse, in a reader's own colours, and sent to a printer."""

import subprocess

import pytest

from tests.report.conftest import DESK, IN_A_BROWSER, PHONE

pytestmark = IN_A_BROWSER


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


def test_every_button_above_a_column_has_words(opened):
    page = opened("en", "report.html")
    assert page.locator("thead th:empty").count() > 0, "a column without a head, which is not sorted"
    assert all(words.strip() for words in page.locator("thead button").all_inner_texts())


def test_the_map_says_how_to_read_it_as_the_drawing_that_it_replaces_does(opened):
    page = opened("en", "report.html")
    reading = page.locator("#map-tsne .reading")
    assert not reading.is_visible()
    assert page.locator(".explorer .reading").inner_text() == reading.text_content().strip() != ""


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

    def turned():
        """Where the page stood before the wheel was turned over the map."""
        page.locator("#plot").hover()
        before = page.evaluate("scrollY")
        page.mouse.wheel(0, -120)
        return before

    page.wait_for_function("(before) => scrollY !== before", arg=turned())
    page.locator("#plot").click()
    before = turned()
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") == before


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
