"""A run and its charts in display values: everything that the templates show."""

from __future__ import annotations

from collections.abc import Collection

from segmenter.config.report import ReportConfig
from segmenter.report import palette
from segmenter.report.brand import logo_uri
from segmenter.report.context import certainty, customers, data, lifetime, method, moves, segments, summary
from segmenter.report.context.translated import translated_section, translated_tables
from segmenter.report.context.view import View
from segmenter.report.language import Voice
from segmenter.report.translated import translated_run
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

    voice = Voice(config.locale, config.currency, run.manifest.own_names)
    run = translated_run(run, voice)
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
    chapters = {
        "segments": segments.who(view),
        "differences": segments.differences(view),
        "map": customers.whereabouts(view),
        "moves": moves.moves(view),
        "to_come": lifetime.lifetime(view),
        "oddities": customers.oddities(view),
        "certainty": certainty.certainty(view),
        "data": data.data(view),
    }
    sections = {name: translated_section(chapter, say) for name, chapter in chapters.items() if chapter is not None}
    opening = () if run.history.movement else view.figures("shares")
    asides = translated_tables((summary.strip_table(view), segments.cards_table(view)), say)
    items = (*asides, *opening, *(item for section in sections.values() for item in section.items))
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
        stats=summary.stats(view),
        note="" if say.currency else say("Amounts without a currency: none is known (report.currency)."),
        opening=opening,
        method=translated_section(method.method(view, items), say),
        asides=asides,
        changed=moves.changed(view),
        **sections,
    )
