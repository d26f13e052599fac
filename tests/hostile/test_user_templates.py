"""A team's own templates show what they are given: no Python, no file, no address."""

import re
import resource
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from segmenter.config.report import ReportConfig
from segmenter.errors import ReportError
from segmenter.report import limits, render
from segmenter.report.context import build, view_of
from segmenter.report.page import html
from segmenter.report.paper import MOST_DATA, _fetcher, pdf_problem, write_pdf
from segmenter.report.templating import fill
from tests.report.made_up import bare_run, made_up_run

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ().__class__.__base__.__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ range.__self__.__import__('os') }}",
    "{{ page.__init__.__globals__ }}",
    "{{ page.__class__ }}",
    "{{ page.title.__class__ }}",
    "{{ page | attr('__class__') | attr('__mro__') }}",
    "{{ '{0.__class__.__mro__}'.format(page) }}",
    "{{ '{x.__class__}'.format_map({'x': page}) }}",
    "{{ ('%(x)s' | format(x=page.__class__)) }}",
    "{% set f = ''.format %}{{ f.__self__ }}",
    "{{ ([page] | map(attribute='__class__') | list)[0].__name__ }}",
    "{{ ([page] | map('attr', '__class__') | list)[0].__name__ }}",
    "{{ [''] | map('format') | first | attr('__class__') }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ say.__init__.__globals__ }}",
    "{{ say.__call__.__func__.__globals__ }}",
    "{{ page.title.encode().decode.__self__.__class__ }}",
    "{% import 'os' as os %}{{ os.listdir('/') }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../../../../../etc/passwd' %}",
    "{% include 'default/../../../../../../etc/passwd' %}",
    "{% extends '/etc/passwd' %}",
    "{% do page.title %}",
    "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    "{% include 'report.html' %}",
    "{% for i in range(10000000) %}{% endfor %}",
    "{{ page.title.setdefault }}",
    "{{ 1 / 0 }}",
)


@pytest.fixture(scope="module")
def page_and_voice():
    view = view_of(made_up_run(60), ReportConfig(formats=("html",)), charts=())
    return build(view), view.voice


@pytest.mark.parametrize("text", ESCAPES)
def test_no_way_leads_out_of_the_sandbox(page_and_voice, tmp_path, text):
    (tmp_path / "report.html").write_text(text)
    with pytest.raises(ReportError) as error:
        html(*page_and_voice, str(tmp_path))
    assert "report.html" in str(error.value) or "passwd" in str(error.value) or "os" in str(error.value)
    assert "root:" not in str(error.value)


ENDLESS = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
    "a loop that asks for its length": "{% for a in range(99999) %}{% for b in range(99999) %}{% if loop.last %}{% endif %}{% endfor %}{% endfor %}",
    "a loop within itself": "{% for a in [[1] * 9] * 9 recursive %}{{ loop([a] * 9) }}{% endfor %}",
    "a macro that calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(90) }}",
    "a tower of powers": "{{ 9 ** (9 ** 9) }}",
    "a product of letters": "{{ 'x' * 10000000000 }}",
    "a product of lists": "{{ (([0] * 9999) * 9999) | length }}",
    "a text that doubles": "{% set ns = namespace(x='x' * 999999) %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "a wide number": "{{ '%099999999999d' % 1 }}",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_a_template_without_end_is_ended_and_named(tmp_path, monkeypatch, text):
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    monkeypatch.setattr(limits, "ROOM", 256 << 20)
    (tmp_path / "t.html").write_text(f"\n{text}")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(ReportError, match=r"t\.html, line 2: "):
        fill("t.html", str(tmp_path))
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_template_of_a_mail_is_ended_where_it_is_filled_beside_others(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    (tmp_path / "t.html").write_text(ENDLESS["loops"])
    with ThreadPoolExecutor(2) as pool:
        for told in [pool.submit(fill, "t.html", str(tmp_path)) for _ in range(2)]:
            assert "it takes longer than" in str(told.exception())


def test_a_pdf_without_end_is_ended(tmp_path, monkeypatch):
    assert pdf_problem() is None  # which loads WeasyPrint: an alarm in the midst of that would leave it half loaded
    monkeypatch.setattr("segmenter.report.page.paper", lambda *given: "<table>" + "<tr><td>x</td></tr>" * 90_000)
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    with pytest.raises(ReportError, match="The PDF takes more than"):
        write_pdf(None, None, {}, None, tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change", ["{% set _ = page.items.append(1) %}", "{{ page.items.clear() }}", "{{ page.items.pop() }}"]
)
def test_what_a_template_is_given_cannot_be_changed(tmp_path, change):
    (tmp_path / "t.html").write_text(change)
    given = [1, 2]
    with pytest.raises(ReportError):
        fill("t.html", str(tmp_path), page={"items": given})
    assert given == [1, 2]


ADDRESSES = """<!doctype html><html lang="en"><head><title>{{ page.title }}</title></head><body>
<img src="SECRET"><img src="ADDRESS/a.png"><img src="//127.0.0.1/b.png"><img src="report.css"><img src="ftp://127.0.0.1/c">
<link rel="attachment" href="SECRET"><link rel="stylesheet" href="ADDRESS/d.css"><link rel="stylesheet" href="SECRET">
<style>@import url("ADDRESS/e.css"); @font-face { font-family: x; src: url("ADDRESS/f.ttf") }
p { background: url("SECRET"); list-style-image: url("ADDRESS/g.png") }</style>
<object data="SECRET"></object><embed src="SECRET"><iframe src="SECRET"></iframe>
<svg width="9" height="9"><image href="SECRET"/><use href="ADDRESS/h.svg#x"/></svg>
<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='SECRET'/><image href='ADDRESS/i.png'/></svg>">
<a rel="attachment" href="SECRET">paper</a><p style="font-family: x">text</p></body></html>"""


def test_a_picture_in_the_page_itself_is_taken_up_to_a_size():
    fetcher, begins = _fetcher({}), "data:image/png;base64,"
    assert fetcher.fetch(begins + "A" * 100).read() == bytes(75)
    with pytest.raises(ValueError, match="is longer than 8 MiB"):
        fetcher.fetch(begins + "A" * MOST_DATA)


def test_a_pdf_fetches_neither_files_nor_addresses(tmp_path, canary):
    (tmp_path / "secret.txt").write_text("the secret of the shop")
    (tmp_path / "templates").mkdir()
    address = f"http://127.0.0.1:{canary.server_port}"
    text = ADDRESSES.replace("SECRET", (tmp_path / "secret.txt").as_uri()).replace("ADDRESS", address)
    (tmp_path / "templates" / "report.html").write_text(text)
    (tmp_path / "out").mkdir()
    asked = list(canary.asked)
    config = ReportConfig(formats=("pdf",), templates=str(tmp_path / "templates"))
    files = render(bare_run(), config, tmp_path / "out")
    content = next(path for path in files if path.suffix == ".pdf").read_bytes()
    streams = [
        zlib.decompressobj().decompress(each) for each in re.findall(rb"stream\r?\n(x.*?)endstream", content, re.DOTALL)
    ]
    assert not any(b"the secret of the shop" in each for each in (content, *streams))
    assert b"/EmbeddedFile" not in content
    assert canary.asked == asked
