"""A run and its charts in display values: everything that the templates show."""

from __future__ import annotations

from collections.abc import Collection

from segmenter.config.report import ReportConfig
from segmenter.report import palette
from segmenter.report.brand import logo_uri
from segmenter.report.context import certainty, customers, data, lifetime, method, moves, segments, summary
from segmenter.report.context.spoken import spoken, spoken_figures, spoken_stats, spoken_tables
from segmenter.report.context.view import View
from segmenter.report.language import Voice
from segmenter.report.retold import retold
from segmenter.report.types import Page
from segmenter.runs.types import Run


def view_of(run: Run, config: ReportConfig, charts: Collection[str] | None = None) -> View:
    """The run with its charts drawn, all or those of the ids `charts`, in the reader's locale and the segments' colours.

    Raises
    ------
    ReportError
        The locale is unknown.
    """
    from segmenter.report.charts import draw
    from segmenter.report.charts.style import Look

    voice = Voice(config.locale, config.currency)
    run = retold(run, voice)
    names = {card.label: card.name for card in run.findings.cards}
    look = Look(voice, names, palette.colours([*names]), palette.markers([*names]))
    return View(run, config, voice, draw(run, look, charts))


def build(view: View) -> Page:
    """The page of a run.

    Raises
    ------
    ReportError
        The logo cannot be read.
    """
    config, run, say = view.config, view.run, view.voice
    told = [spoken(chapter(view), say) for chapter in (segments.who, segments.differences, customers.whereabouts)]
    moved, to_come = (
        spoken(found, say) if (found := chapter(view)) else None for chapter in (moves.moves, lifetime.lifetime)
    )
    judged = [spoken(chapter(view), say) for chapter in (customers.oddities, certainty.certainty, data.data)]
    chapters = (*told, *filter(None, (moved, to_come)), *judged)
    asides = spoken_tables((summary.strip_table(view), segments.cards_table(view)), say)
    days = dict.fromkeys(say.date(day) for day in (run.manifest.period.first_day, run.manifest.period.last_day))
    return Page(
        title=say(config.title),
        company=config.company,
        subtitle=say("as of {date}", date=say.date(run.manifest.as_of)),
        period=" – ".join(days),
        run_id=run.manifest.run_id,
        language=say.language,
        direction=say.direction,
        accent=palette.legible(config.accent),
        logo=logo_uri(config.logo),
        paper=config.page,
        colours=palette.colours([card.label for card in run.findings.cards]),
        sentences=summary.sentences(view),
        actions=summary.actions(view),
        stats=spoken_stats(summary.stats(view), say),
        opening=() if run.history.movement else spoken_figures(view.figures("shares"), say),
        segments=told[0],
        differences=told[1],
        map=told[2],
        oddities=judged[0],
        certainty=judged[1],
        data=judged[2],
        method=spoken(method.method(view, chapters, asides), say),
        asides=asides,
        changed=moves.changed(view),
        moves=moved,
        to_come=to_come,
    )
