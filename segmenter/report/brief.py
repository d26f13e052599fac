"""A run in brief: the first page's content without charts, for a mail's body or a chat message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segmenter.config.report import ReportConfig
from segmenter.report.context import moves, summary, view_of
from segmenter.report.palette import legible
from segmenter.report.types import Action, Stat
from segmenter.runs.types import Run


@dataclass(frozen=True)
class Brief:
    """What a busy reader needs: the sentences, what changed, what to do, and the strip of figures."""

    title: str
    company: str
    date: str
    language: str
    direction: Literal["ltr", "rtl"]
    accent: str
    sentences: tuple[str, ...]
    changed: tuple[str, ...]
    actions: tuple[Action, ...]
    stats: tuple[Stat, ...]


def brief(run: Run, config: ReportConfig) -> Brief:
    """The first page of `run` in display values.

    Raises
    ------
    ReportError
        The locale is unknown.
    """
    view = view_of(run, config, charts=())
    voice = view.voice
    return Brief(
        title=voice(config.title),
        company=config.company,
        date=voice.date(view.run.manifest.as_of),
        language=voice.language,
        direction=voice.direction,
        accent=legible(config.accent),
        sentences=summary.sentences(view),
        changed=moves.changed(view),
        actions=summary.actions(view),
        stats=summary.stats(view),
    )
