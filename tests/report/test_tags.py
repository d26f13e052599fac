"""Tags of a PDF that WeasyPrint leaves incomplete: the scope of table headers, the index of ids, and what links say."""

import pytest

from segmenter.report import pdf_problem
from segmenter.report.tags import complete_tags

pytestmark = pytest.mark.skipif(pdf_problem() is not None, reason="no Pango on this machine")
PAGE = """<html lang="en"><title>T</title><p><a href="#below">The chapter
  below</a></p><h2 id="below">Below</h2><table>
<thead><tr><th scope="col">Segment</th><th scope="col">Customers</th></tr></thead>
<tbody><tr><th scope="row">Regulars</th><td>12</td></tr><tr><th scope="row">New</th><td>3</td></tr></tbody></table>"""


def objects(page):
    """The objects of the page's PDF, and the root of its tags."""
    from weasyprint import HTML

    seen = []
    HTML(string=page).render(pdf_variant="pdf/ua-1").write_pdf(
        pdf_variant="pdf/ua-1", finisher=lambda document, pdf: (complete_tags(document, pdf), seen.append(pdf))
    )
    found = [each for each in seen[0].objects if isinstance(each, dict)]
    return found, next(each for each in found if each.get("Type") == "/StructTreeRoot")


def test_a_header_beside_values_heads_its_row_and_every_other_its_column():
    found, _ = objects(PAGE)
    assert [each["A"]["Scope"] for each in found if each.get("S") == "/TH"] == ["/Column"] * 2 + ["/Row"] * 2


def test_every_element_with_an_id_is_found_by_it_in_ascending_order():
    found, root = objects(PAGE)
    names = root["IDTree"]["Names"]
    listed = list(zip([key.string for key in names[::2]], names[1::2], strict=True))
    assert listed == sorted((each["ID"].string, each.reference) for each in found if "ID" in each)
    assert len(listed) == 4


def test_a_page_without_a_table_has_no_index():
    assert "IDTree" not in objects('<html lang="en"><title>T</title><p>One')[1]


def test_a_link_is_described_by_its_words():
    found, _ = objects(PAGE)
    told = [each["Contents"].string for each in found if each.get("Subtype") == "/Link"]
    assert told
    assert set(told) == {"The chapter below"}
