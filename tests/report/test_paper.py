"""The PDF as other programs see it: fonts inside, tagged, and every heading and title in the page's order."""

import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from itertools import combinations

import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import pdf_problem, render
from tests.report.made_up import made_up_run
from tests.report.moved import moved_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(pdf_problem() is not None, reason="no Pango on this machine, so no PDF is made"),
    pytest.mark.skipif(
        shutil.which("pdfinfo") is None, reason="no poppler on this machine: apt-get install poppler-utils"
    ),
]
TITLES = {"H1", "H2", "H3", "Caption"}


@pytest.fixture(scope="module", params=["en", "he"])
def printed(request, tmp_path_factory):
    """A report's PDF, the same report's page for a browser, and its language."""
    folder, config = (
        tmp_path_factory.mktemp("paper"),
        ReportConfig(formats=("html", "pdf"), locale=request.param, currency="ILS"),
    )
    render(moved_run(), config, folder)
    return folder / "report.pdf", (folder / "report.html").read_text(), request.param


def said_by(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def unpacked(content):
    """A PDF's compressed objects in plain."""
    streams = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    return b"".join(zlib.decompressobj().decompress(stream) for stream in streams if stream[:1] == b"x")


def titles_of(structure):
    """Headings and captions of the tags in reading order, without spaces: pairs of tag and text."""
    found, level = [], None
    for line in structure.splitlines():
        depth, text = len(line) - len(line.lstrip()), line.strip()
        tag = text.split(" ")[0]
        if level is not None and depth <= level:
            level = None
        if level is None and tag in TITLES:
            found.append([tag, ""])
            level = depth
        elif level is not None and text.startswith('"'):
            found[-1][1] += text.strip('"')
    return [(tag, "".join(text.split())) for tag, text in found]


def titles_written(page):
    """The same of the page for a browser."""
    body = page[page.index("<body") :]
    tags = re.findall(r"<(h[123]|caption|figcaption)[^>]*>(.*?)</\1>", body, re.DOTALL)
    names = {"caption": "Caption", "figcaption": "Caption"}
    texts = [(names.get(tag, tag.upper()), re.sub(r"<[^>]+>", "", text)) for tag, text in tags]
    for mark, letter in (("&#39;", "'"), ("&#34;", '"'), ("&amp;", "&")):
        texts = [(tag, text.replace(mark, letter)) for tag, text in texts]
    return [(tag, "".join(text.split())) for tag, text in texts]


def test_every_heading_and_title_is_tagged_in_the_order_of_the_page(printed):
    path, page, language = printed
    structure, written = titles_of(said_by("pdfinfo", "-struct-text", path)), titles_written(page)
    if language == "he":  # poppler gives letters in the order in which they are drawn
        structure, written = (
            [(tag, sorted(filter(str.isalnum, text))) for tag, text in each] for each in (structure, written)
        )
    assert structure == written
    assert len(written) > 50


def test_no_heading_lies_within_another(printed):
    depths, found = [], 0
    for line in said_by("pdfinfo", "-struct", printed[0]).splitlines():
        depth, tag = len(line) - len(line.lstrip()), line.strip().split(" ")[0]
        depths = [outer for outer in depths if outer < depth]
        if tag in {"H1", "H2", "H3"}:
            assert not depths, line
            depths, found = [depth], found + 1
    assert found > 30


def test_every_font_is_inside(printed):
    rows = said_by("pdffonts", printed[0]).splitlines()[2:]
    assert rows
    assert all(re.search(r"\s(yes)\s+(?:yes|no)\s+(?:yes|no)\s+\d+\s+\d+$", row) for row in rows)


def test_the_file_is_tagged_titled_and_in_its_language(printed):
    path, page, language = printed
    told = said_by("pdfinfo", path)
    assert re.search(r"^Tagged:\s+yes$", told, re.MULTILINE)
    assert re.search(r"<title>(.*?)</title>", page)[1].strip() in told
    assert re.search(rb"/Lang ?\(" + language.encode(), unpacked(path.read_bytes()))


def test_every_drawing_has_a_description(printed):
    path, page, _ = printed
    told = re.findall(r"<svg[^>]*><title>([^<]+)</title>", page)
    assert len(told) == page.count("<figure ")
    assert said_by("pdfinfo", "-struct", path).count("Figure") >= len(told)


def words_of(pdf):
    """The words of each page with their boxes: lists of (left, top, right, bottom, word), in points."""
    pages = said_by("pdftotext", "-bbox", pdf, "-").split("<page ")[1:]
    word = re.compile(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>')
    return [[(*map(float, found[:4]), found[4]) for found in word.findall(page)] for page in pages]


def touch(one, other):
    return all(min(one[side + 2], other[side + 2]) - max(one[side], other[side]) > 1 for side in (0, 1))


def test_long_ids_and_large_amounts_stay_in_their_columns_and_on_the_page(tmp_path):
    run = made_up_run()
    customers, odd = (
        table.assign(customer_id=table["customer_id"] + ".firstname.familyname@department.northern.companyname.example")
        for table in (run.customers, run.anomalies)
    )
    odd["amount_at_stake"] *= 10**12
    render(replace(run, customers=customers, anomalies=odd), ReportConfig(formats=("pdf",), currency="USD"), tmp_path)
    edge = 595 - 18 / 25.4 * 72
    for words in words_of(tmp_path / "report.pdf"):
        assert max(word[2] for word in words) < edge + 1
        large = [word for word in words if re.search(r"\d,\d{3},\d{3},|@|^\d$", word[4])]
        assert not [(one[4], other[4]) for one, other in combinations(large, 2) if touch(one, other)]


def test_a_page_that_a_chapter_begins_on_is_headed_by_that_chapter(printed):
    path, page, language = printed
    if language != "en":
        pytest.skip("a text of right-to-left lines does not keep their order")
    chapters = re.findall(r'<h2 id="chapter-[^>]*>([^<]+)</h2>', page)
    begun = []
    for text in said_by("pdftotext", "-layout", path, "-").split("\f"):
        head, first = [line.strip() for line in text.splitlines() if line.strip()][:2] or ["", ""]
        if first in chapters:
            begun.append((first, head))
    assert begun
    assert all(head.endswith(chapter) for chapter, head in begun)


def test_no_head_above_the_odd_customers_is_torn_within_a_word(tmp_path):
    render(made_up_run(200, 2, 3), ReportConfig(formats=("html", "pdf"), locale="de", currency="EUR"), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    (heads,) = re.findall(r'id="table-anomalies".*?<thead>(.*?)</thead>', page, re.DOTALL)
    written = {word[4] for words in words_of(tmp_path / "report.pdf") for word in words}
    assert set(" ".join(re.findall(r">([^<]+)</th>", heads)).split()) <= written
