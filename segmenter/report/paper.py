"""The report as a tagged PDF, by WeasyPrint, which needs Pango from the system."""

from __future__ import annotations

import gc
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, unescape

from segmenter.errors import ReportError
from segmenter.report.bidi import visual
from segmenter.report.fonts import font_file

if TYPE_CHECKING:
    from segmenter.report.language import Voice
    from segmenter.report.types import Figure, Page

MOST_DATA = 8 << 20  # letters of a data: address
UNPACKED = ".fonts"  # temporary folder beside the PDF
VARIANT = "pdf/ua-1"  # tagged, for screen readers
INSTALL = "apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def pdf_problem() -> str | None:
    """Why no PDF can be made on this machine, with the command that installs what is missing; None where it can."""
    try:
        with redirect_stdout(io.StringIO()):  # it prints a page of advice before it raises
            import weasyprint  # noqa: F401
    except OSError as error:
        library = str(error).split(":")[0]
        return f"No PDF was made: the system library Pango is missing ({library}). Install it with: sudo {INSTALL}"
    return None


def write_pdf(page: Page, voice: Voice, charts: dict[str, Figure], templates: str | None, target: Path) -> None:
    """Write the page as PDF/UA-1; only its own charts, matplotlib's fonts and data: addresses are ever fetched.

    Raises
    ------
    ReportError
        A template of the team's own is broken, or the PDF takes too much time.
    """
    from segmenter.report import limits
    from segmenter.report.tags import complete_tags

    try:
        with limits.time_limit(), _without_garbage_collection(), _fonts(target.with_name(UNPACKED)) as fonts:
            document = lay_out(page, voice, charts, templates, fonts)
            document.write_pdf(target, finisher=complete_tags, pdf_variant=VARIANT)
    except TimeoutError:
        raise ReportError(
            f"The PDF takes more than {limits.SECONDS:,.0f} seconds. Leave it out (--format html), or correct the template in "
            "report.templates."
        ) from None


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Until a page is drawn its boxes refer to each other, so that a collection takes time and frees nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _fonts(folder: Path) -> Iterator[Any]:
    """WeasyPrint's font configuration, its fonts unpacked into `folder`, which is removed after the block.

    By itself it unpacks them into TMPDIR, where 2.6 MB are left behind when the process is killed, and whose disk may be
    full. A folder within the run's is removed with an unfinished run.
    """
    from weasyprint.text.fonts import FontConfiguration

    shutil.rmtree(folder, ignore_errors=True)  # left half unpacked by a process that was killed
    folder.mkdir()
    fonts = FontConfiguration()
    fonts._folder = folder  # noqa: SLF001 - no parameter sets it
    try:
        yield fonts
    finally:
        shutil.rmtree(folder)


def lay_out(page: Page, voice: Voice, charts: dict[str, Figure], templates: str | None, fonts: Any = None) -> Any:
    """The page on sheets of paper, a `weasyprint.Document`; its `fonts`, a `FontConfiguration`, must outlive it."""
    from weasyprint import HTML

    from segmenter.report.page import paper

    text = paper(page, voice, templates, "".join(chart.svg for chart in charts.values()))
    document = HTML(string=text, url_fetcher=_fetcher(charts))
    return document.render(pdf_variant=VARIANT, font_config=fonts)


def _drawn(svg: str) -> str:
    """A chart with its texts in visual order: WeasyPrint draws the letters of SVG from left to right in every script."""
    return re.sub(r"(?<=>)[^<>]+(?=</text>)", lambda found: escape(visual(unescape(found.group()))), svg)


def _fetcher(charts: dict[str, Figure]) -> Any:
    """A fetcher that allows only ``chart:<id>``, ``font:<file>`` and data: addresses of up to `MOST_DATA` letters."""
    from weasyprint import URLFetcher
    from weasyprint.urls import URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url.startswith("chart:"):
                svg = _drawn(charts[url.removeprefix("chart:")].svg)
                return URLFetcherResponse(url, svg.encode(), {"Content-Type": "image/svg+xml"})
            if url.startswith("font:"):
                return URLFetcherResponse(url, font_file(url.removeprefix("font:")), {"Content-Type": "font/ttf"})
            if len(url) > MOST_DATA:
                raise ValueError(f"{url[:40]}... is longer than {MOST_DATA >> 20} MiB")
            return super().fetch(url, headers)

    return Fetcher(allowed_protocols={"data"}, allow_redirects=False)
