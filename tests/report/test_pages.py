"""On paper no page is left half empty, nothing lies over anything else, and headings stand with what they lead to."""

from dataclasses import replace
from itertools import pairwise

import pytest

from segmenter.assets import asset
from segmenter.config.report import ReportConfig
from segmenter.report.context import build, view_of
from segmenter.report.paper import lay_out, pdf_problem
from tests.report.made_up import bare_run, made_up_run

pytestmark = [pytest.mark.slow, pytest.mark.skipif(pdf_problem() is not None, reason="no Pango on this machine")]
MOST_EMPTY = 0.36  # of a page's text area, at its foot
LITTLE = 0.28  # of a page's text area, which had better stay empty than hold a heading without its drawing


def run_of_long_ids():
    run = made_up_run(200, 3)
    return replace(run, customers=lengthened(run.customers), anomalies=lengthened(run.anomalies))


def lengthened(table):
    return table.assign(
        customer_id="CUSTOMER-ACCOUNT-EUROPE/NORTH-" + table["customer_id"].astype(str) + "-0000000000-abcdefgh"
    )


RUNS = {
    "bare": bare_run,
    "two segments": lambda: made_up_run(200, 2, 3),
    "five segments": made_up_run,
    "long ids": run_of_long_ids,
    "nine segments": lambda: made_up_run(900, 9, 40),
}
FILES = """<div style="height: 200mm">Before</div>
<section class="part"><h3>Files</h3><div class="table"><table><tbody><tr><td>One</td></tr></tbody></table></div></section>
<section class="chapter"><h2>A chapter</h2><p class="lead">Its lead.</p></section>"""


@pytest.fixture(scope="module", params=RUNS)
def drawn(request):
    """A run with its charts, which are the same on paper of any size."""
    return view_of(RUNS[request.param](), ReportConfig(currency="GBP", locale="en_GB"))


@pytest.fixture(scope="module", params=["A4", "Letter"])
def sheets(drawn, request):
    view = replace(drawn, config=drawn.config.model_copy(update={"page": request.param}))
    return lay_out(build(view), view.voice, view.charts, None).pages


def shown(box):
    """The boxes of a page that leave ink: lines of text and drawings."""
    return [each for each in box.descendants() if type(each).__name__ in {"LineBox", "BlockReplacedBox"}]


def test_no_page_but_the_last_is_more_than_a_third_empty_at_its_foot(sheets):
    for number, sheet in enumerate(sheets[:-1], 1):
        area = sheet._page_box
        top, height = area.content_box_y(), area.height
        lowest = max(each.position_y + each.height for each in shown(area.children[0]))
        assert 1 - (lowest - top) / height <= MOST_EMPTY, f"page {number}"


def places(sheets):
    """Of every element the page that it begins on and how far down that is, as a share of the text area."""
    found = {}
    for number, sheet in enumerate(sheets, 1):
        area = sheet._page_box
        for box in area.descendants():
            if box.element is not None:
                found.setdefault(box.element, (number, (box.position_y - area.content_box_y()) / area.height))
    return found


def led_to(sheets):
    """Headings, the chapter's where a part is its first, each with the drawing or table that its part begins with."""
    for chapter in (
        each for each in sheets[0]._page_box.children[0].element.iter("section") if each.find("h2") is not None
    ):
        heading = chapter.find("h2")
        for part in chapter.findall("section"):
            title = heading if heading is not None else part.find("h3")
            content = next((each for each in part.iter() if each.tag in {"figure", "table"}), None)
            heading = None
            if content is not None:
                yield title, part, content


def test_a_heading_stands_with_its_drawing_where_little_of_the_page_is_left(sheets):
    at = places(sheets)
    for title, part, content in led_to(sheets):
        if content.tag == "figure" or len(part.findall("p")) < 3:
            assert at[title][0] == at[content][0] or 1 - at[title][1] > LITTLE, part.find("h3").text


def test_a_table_of_one_row_does_not_wait_for_what_follows_it():
    from weasyprint import HTML

    css = asset("templates/paper.css").read_text(encoding="utf-8")
    pages = HTML(string=f"<style>{css}</style>{FILES}").render().pages
    at = {element.tag: number for element, (number, _) in places(pages).items()}
    assert (at["td"], at["h2"]) == (1, 2)


def test_nothing_runs_out_of_the_text_area(sheets):
    for sheet in sheets:
        area = sheet._page_box
        right, bottom = area.content_box_x() + area.width, area.content_box_y() + area.height
        for each in shown(area.children[0]):
            assert each.position_x + each.width <= right + 1
            assert each.position_y + each.height <= bottom + 1


def test_no_word_of_a_table_reaches_into_the_next_column(sheets):
    for sheet in sheets:
        for cell in (each for each in sheet._page_box.descendants() if type(each).__name__ == "TableCellBox"):
            edge = cell.position_x + cell.border_width()
            for line in (each for each in cell.descendants() if type(each).__name__ == "TextBox"):
                assert line.position_x + line.width <= edge + 1, line.text


def test_evidence_takes_the_width_of_the_table_and_stays_with_its_customer(sheets):
    rows = [box for sheet in sheets for box in sheet._page_box.descendants() if type(box).__name__ == "TableRowBox"]
    pairs = [(row, evidence) for row, evidence in pairwise(rows) if "below" in evidence.element.get("class", "")]
    if not pairs:
        pytest.skip("no odd customer of this run has evidence")
    for row, evidence in pairs:
        (cell,) = evidence.children
        assert cell.border_width() >= 0.98 * evidence.width
        assert row.element.find("th").get("scope") == "row", "the heads of a new page stand between"


@pytest.mark.parametrize("first", ["rare group", "noise"])
def test_the_reasons_take_most_of_the_list_of_odd_customers_with_a_column_of_kinds_and_without(first):
    run = made_up_run(200, 3)
    kinds = [first, *["noise"] * (len(run.anomalies) - 1)]
    view = view_of(replace(run, anomalies=run.anomalies.assign(kind=kinds)), ReportConfig(), ())
    boxes = [
        box
        for sheet in lay_out(build(view), view.voice, view.charts, None).pages
        for box in sheet._page_box.descendants()
    ]
    table = next(box for box in boxes if box.element is not None and box.element.get("id") == "table-anomalies")
    row = next(box for box in table.descendants() if type(box).__name__ == "TableRowBox")
    widths = [cell.border_width() for cell in row.children]
    assert len(widths) == (7 if first == "rare group" else 6)
    assert widths[-1] == max(widths) > 0.3 * sum(widths)
