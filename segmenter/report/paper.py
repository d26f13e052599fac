"""The report as a tagged PDF, by WeasyPrint, which needs Pango from the system."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import ReportError

if TYPE_CHECKING:
    from segmenter.report.language import Voice
    from segmenter.report.types import Figure, Page

MOST_DATA = 8 << 20
INSTALL = "apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def pdf_problem() -> str | None:
    """Why no PDF can be made on this machine, with the command that mends it; None where it can."""
    try:
        with redirect_stdout(io.StringIO()):  # it prints a page of advice before it raises
            import weasyprint  # noqa: F401
    except OSError as error:
        library = str(error).split(":")[0]
        return f"No PDF was made: the system library Pango is missing ({library}). Install it with: sudo {INSTALL}"
    return None


def write_pdf(page: Page, voice: Voice, charts: dict[str, Figure], templates: str | None, target: Path) -> None:
    """Write the page as PDF/UA-1; nothing but its own charts and data: addresses is ever fetched.

    Raises
    ------
    ReportError
        A template of the team's own is broken, or the PDF takes too much time.
    """
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    from segmenter.report import limits
    from segmenter.report.page import paper

    text = paper(page, voice, templates)
    try:
        with limits.alarm():
            document = HTML(string=text, url_fetcher=_fetcher(charts))
            document.write_pdf(target, pdf_variant="pdf/ua-1", font_config=FontConfiguration())
    except TimeoutError:
        raise ReportError(
            f"The PDF takes more than {limits.SECONDS:,.0f} seconds. Leave it out (--format html), or mend the template in "
            "report.templates."
        ) from None


def _fetcher(charts: dict[str, Figure]) -> Any:
    """A fetcher for ``chart:<id>`` and data: addresses of up to `MOST_DATA` letters alone."""
    from weasyprint import URLFetcher
    from weasyprint.urls import URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url.startswith("chart:"):
                svg = charts[url.removeprefix("chart:")].svg
                return URLFetcherResponse(url, svg.encode(), {"Content-Type": "image/svg+xml"})
            if len(url) > MOST_DATA:
                raise ValueError(f"{url[:40]}... is longer than {MOST_DATA >> 20} MiB")
            return super().fetch(url, headers)

    return Fetcher(allowed_protocols={"data"}, allow_redirects=False)
