"""A run -> charts -> pages, HTML and PDF; knows nothing of how numbers were made."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.config.report import ReportConfig
from segmenter.errors import ConfigError, ReportError
from segmenter.report.alerts import write_alerts
from segmenter.report.answers import figure_data, figures, write_figures
from segmenter.report.brief import brief
from segmenter.report.paper import pdf_problem
from segmenter.runs.types import Run

if TYPE_CHECKING:
    from segmenter.report.types import Figure

__all__ = ["brief", "check", "figure_data", "figures", "pdf_problem", "render", "write_alerts"]

# When first imported, matplotlib logs where its font cache is and that it builds one: nothing that a user needs to read.
logging.getLogger("matplotlib").setLevel(logging.ERROR)


def check(config: ReportConfig) -> None:
    """See before a run that its report can be made as `config` asks.

    Raises
    ------
    ConfigError
        The logo, the folder of templates or a page in it cannot be used, or the locale is unknown.
    """
    from segmenter.report import templating
    from segmenter.report.brand import logo_uri
    from segmenter.report.language import Voice

    try:
        logo_uri(config.logo)
        templating.check(config.templates)
        Voice(config.locale, config.currency)
    except ReportError as error:
        raise ConfigError(str(error)) from None


def render(run: Run, config: ReportConfig, folder: Path) -> tuple[Path, ...]:
    """Write the report's files and the charts into `folder`; the files a person opens, HTML first.

    Where no PDF can be made (`pdf_problem` says why), the page for a browser is made in its place.

    Raises
    ------
    ReportError
        A template of the team's own is broken, or the logo cannot be read.
    """
    wanted = set(config.formats)
    if "pdf" in wanted and pdf_problem() is not None:
        wanted = wanted - {"pdf"} | {"html"}
    config = config.in_currency(run.manifest.currency).model_copy(update={"formats": tuple(sorted(wanted))})
    if {"html", "pdf"} & wanted:
        return _with_pages(run, config, folder)
    return _without_pages(run, config, folder)


def _with_pages(run: Run, config: ReportConfig, folder: Path) -> tuple[Path, ...]:
    """The report; it takes longest to print, so that all else is written meanwhile."""
    from segmenter.report import page as pages
    from segmenter.report.context import build, view_of
    from segmenter.report.fork import forked
    from segmenter.report.paper import write_pdf
    from segmenter.report.points import points

    view = view_of(run, config)
    _write_charts(view.charts, folder / "charts")
    page = build(view)
    write_figures(run, page, folder)
    html, pdf = folder / "report.html", folder / "report.pdf"
    printing = partial(write_pdf, page, view.voice, view.charts, config.templates, pdf)
    with forked(printing) if "pdf" in config.formats else nullcontext(lambda: None) as printed:
        if "html" in config.formats:
            html.write_text(pages.html(page, view.voice, config.templates, points(view)), encoding="utf-8")
        others = _without_pages(run, config, folder)
        printed()
    return (*(file for file in (html, pdf) if file.suffix[1:] in config.formats), *others)


def _without_pages(run: Run, config: ReportConfig, folder: Path) -> tuple[Path, ...]:
    """The alerts and the tables."""
    from segmenter.report.tables import write_tables

    if run.alerts is not None:
        write_alerts(run, config, folder)
    return tuple(write_tables(run, config, folder))


def _write_charts(charts: dict[str, Figure], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for chart in charts.values():
        (folder / f"{chart.id}.svg").write_text(
            f'<?xml version="1.0" encoding="utf-8"?>\n{chart.svg}', encoding="utf-8"
        )
