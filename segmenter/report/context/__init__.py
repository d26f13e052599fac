"""A run and its charts in display values: everything that the templates show."""

from __future__ import annotations

from segmenter.config.report import ReportConfig
from segmenter.report import palette
from segmenter.report.brand import logo_uri
from segmenter.report.context import certainty, customers, data, lifetime, method, moves, segments, summary
from segmenter.report.context.view import View
from segmenter.report.language import Voice
from segmenter.report.types import Page
from segmenter.runs.types import Run


def view_of(run: Run, config: ReportConfig) -> View:
    """The run with its charts drawn, in the reader's locale and the segments' colours.

    Raises
    ------
    ReportError
        The locale is unknown.
    """
    from segmenter.report.charts import draw
    from segmenter.report.charts.style import Look

    voice = Voice(config.locale, config.currency)
    names = {card.label: card.name for card in run.findings.cards}
    look = Look(voice, names, palette.colours([*names]), palette.markers([*names]))
    return View(run, config, voice, draw(run, look))


def build(view: View) -> Page:
    """The page of a run.

    Raises
    ------
    ReportError
        The logo cannot be read.
    """
    config, run = view.config, view.run
    told = (segments.who(view), segments.differences(view), customers.whereabouts(view))
    moved, to_come = moves.moves(view), lifetime.lifetime(view)
    judged = (customers.oddities(view), certainty.certainty(view), data.data(view))
    chapters = (*told, *filter(None, (moved, to_come)), *judged)
    period = f"{view.voice.date(run.manifest.period.first_day)} – {view.voice.date(run.manifest.period.last_day)}"
    return Page(
        title=config.title,
        company=config.company,
        subtitle=f"as of {view.voice.date(run.manifest.as_of)}",
        period=period,
        run_id=run.manifest.run_id,
        language="en",
        direction="ltr",
        accent=config.accent,
        logo=logo_uri(config.logo),
        paper=config.page,
        colours=palette.colours([card.label for card in run.findings.cards]),
        sentences=summary.sentences(view),
        actions=summary.actions(view),
        stats=summary.stats(view),
        opening=() if run.history.movement else view.figures("shares"),
        cards=segments.cards(view),
        segments=told[0],
        differences=told[1],
        map=told[2],
        oddities=judged[0],
        certainty=judged[1],
        data=judged[2],
        method=method.method(view, chapters),
        changed=moves.changed(view),
        moves=moved,
        to_come=to_come,
    )
