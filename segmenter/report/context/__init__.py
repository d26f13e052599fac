"""A run and its charts in display values: everything that the templates show."""

from __future__ import annotations

from segmenter.report import palette
from segmenter.report.brand import logo_uri
from segmenter.report.context import certainty, customers, data, method, moves, segments, summary
from segmenter.report.context.view import View
from segmenter.report.types import Page


def build(view: View) -> Page:
    """The page of a run.

    Raises
    ------
    ReportError
        The logo cannot be read.
    """
    config, run = view.config, view.run
    who_moved = moves.moves(view)
    chapters = (
        segments.who(view),
        segments.differences(view),
        customers.whereabouts(view),
        customers.oddities(view),
        certainty.certainty(view),
        data.data(view),
    )
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
        segments=chapters[0],
        differences=chapters[1],
        map=chapters[2],
        oddities=chapters[3],
        certainty=chapters[4],
        data=chapters[5],
        method=method.method(view, (*chapters, *((who_moved,) if who_moved else ()))),
        changed=moves.changed(view),
        moves=who_moved,
    )
