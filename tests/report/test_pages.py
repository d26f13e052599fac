"""On paper no page is left half empty, and nothing lies over anything else."""

import pytest

from segmenter.config.report import ReportConfig
from segmenter.report.context import build, view_of
from segmenter.report.paper import lay_out, pdf_problem
from tests.report.made_up import bare_run, made_up_run

pytestmark = [pytest.mark.slow, pytest.mark.skipif(pdf_problem() is not None, reason="no Pango on this machine")]
MOST_EMPTY = 0.36  # of a page's text area, at its foot
RUNS = {
    "bare": bare_run,
    "two segments": lambda: made_up_run(200, 2, 3),
    "five segments": made_up_run,
    "nine segments": lambda: made_up_run(900, 9, 40),
}


@pytest.fixture(scope="module", params=[(name, page) for name in RUNS for page in ("A4", "Letter")], ids=" ".join)
def sheets(request):
    name, page = request.param
    view = view_of(RUNS[name](), ReportConfig(currency="GBP", locale="en_GB", page=page))
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
