"""A run whose every English text is retold in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

import pandas as pd

from segmenter.analysis.findings import Findings, SegmentCard
from segmenter.analysis.lifetime_types import LifetimeFinding
from segmenter.features import sentences_of
from segmenter.report.language import Voice
from segmenter.runs.history import History
from segmenter.runs.types import Manifest, Run
from segmenter.words import beginning

REASONS = tuple(f"reason_{number}_{part}" for number in (1, 2, 3) for part in ("feature", "value", "usual"))
OWN = ("anomaly_reason", "reason", *REASONS)  # columns in which nearly every row has a text of its own
LONGEST = 48  # letters of a product that names a theme
Tell = Callable[[str], str]


def retold(run: Run, voice: Voice) -> Run:
    """`run` with its texts in the language of `voice`, and their numbers, money and dates as its locale writes them.

    Names of segments and features, sentences and labels are retold; identifiers, file names and what users wrote stay,
    and so do the reasons for single customers: `reasons_retold` takes those that are shown.
    """
    tell = cache(voice.retell)
    return replace(
        run,
        manifest=_manifest(run.manifest, tell),
        findings=_findings(run.findings, tell),
        customers=_columns(run.customers, ("segment_name", "second_segment", "rfm_segment"), tell),
        segments=_columns(
            _columns(run.segments, ("segment_name", "action", "avoid"), tell), ("rule",), lambda rule: _rule(rule, tell)
        ),
        anomalies=_columns(run.anomalies, ("segment_name",), tell),
        history=_history(run.history, tell),
        moves=None if run.moves is None else _columns(run.moves, ("segment_before", "segment_now"), tell),
    )


def reasons_retold(table: pd.DataFrame, voice: Voice) -> pd.DataFrame:
    """`table` of odd customers with the reasons and the transactions behind each in the language of `voice`.

    Apart from `retold`, because a text for every customer takes time: ask only for the rows that are shown.
    """
    told = _columns(table, OWN, voice.retell)
    return _columns(told, ("evidence",), lambda text: "\n".join(map(voice.retell, sentences_of(text))))


def _columns(table: pd.DataFrame, names: Iterable[str], tell: Tell) -> pd.DataFrame:
    """`table` with the texts of some of its columns retold, each text once however many rows have it."""
    return table.assign(**{name: _column(table[name], tell) for name in names if name in table})


def _column(column: pd.Series, tell: Tell) -> pd.Series:
    told = {text: tell(text) for text in column.unique() if isinstance(text, str)}
    return column.map(told).where(column.notna(), column)


def _all(texts: Iterable[str], tell: Tell) -> tuple[str, ...]:
    return tuple(map(tell, texts))


def _manifest(manifest: Manifest, tell: Tell) -> Manifest:
    account, recognition = manifest.account, manifest.recognition
    return replace(
        manifest,
        features=tuple(replace(each, label=tell(each.label), missing=tell(each.missing)) for each in manifest.features),
        account=replace(
            account,
            lines=tuple(replace(line, label=tell(line.label)) for line in account.lines),
            warnings=_all(account.warnings, tell),
        ),
        recognition=replace(recognition, reasons={role: tell(why) for role, why in recognition.reasons.items()}),
        readings=tuple(replace(reading, dialect=tell(reading.dialect)) for reading in manifest.readings),
        timings={tell(stage): seconds for stage, seconds in manifest.timings.items()},
        peaks={tell(stage): peak for stage, peak in manifest.peaks.items()},
    )


def _findings(findings: Findings, tell: Tell) -> Findings:
    anomalies = findings.anomalies
    return replace(
        findings,
        preparation=replace(findings.preparation, notes=_all(findings.preparation.notes, tell)),
        choice=replace(findings.choice, reason=tell(findings.choice.reason)),
        cards=tuple(_card(card, tell) for card in findings.cards),
        anomalies=replace(
            anomalies,
            eps_reason=tell(anomalies.eps_reason),
            min_samples_reason=tell(anomalies.min_samples_reason),
            warnings=_all(anomalies.warnings, tell),
        ),
        hierarchy=replace(findings.hierarchy, reason=tell(findings.hierarchy.reason)),
        comparison=replace(findings.comparison, guidance=tell(findings.comparison.guidance)),
        themes=tuple(replace(theme, name=_both(theme.products[:2], theme.name, tell)) for theme in findings.themes),
        rfm=replace(findings.rfm, names=_all(findings.rfm.names, tell), tie_rule=tell(findings.rfm.tie_rule)),
        separation=_all(findings.separation, tell),
        lifetime=_lifetime(findings.lifetime, tell) if findings.lifetime else None,
    )


def _both(products: tuple[str, ...], name: str, tell: Tell) -> str:
    """The two products that name a theme, each cut where it is long, joined in the reader's language; else the name, cut."""
    if len(products) < 2 or name != " and ".join(products):
        return beginning(name, LONGEST)
    return tell("{a} and {b}").format(a="", b="").join(beginning(each, LONGEST) for each in products)


def _lifetime(finding: LifetimeFinding, tell: Tell) -> LifetimeFinding:
    sentences = _all(finding.sentences, tell)
    return replace(
        finding,
        refusal=tell(finding.refusal),
        ordering_refusal=tell(finding.ordering_refusal),
        season=tell(finding.season),
        value_refusal=tell(finding.value_refusal),
        sentences=sentences,
    )


def _card(card: SegmentCard, tell: Tell) -> SegmentCard:
    return replace(
        card,
        name=tell(card.name),
        summary=tell(card.summary),
        stability_words=tell(card.stability_words),
        action=tell(card.action),
        avoid=tell(card.avoid),
        rule=_rule(card.rule, tell),
    )


def _rule(rule: str, tell: Tell) -> str:
    """A segment's rule condition by condition: the name of a figure may hold a comma."""
    return tell("{a} and {b}").format(a="", b="").join(map(tell, rule.split(" and ")))


def _history(history: History, tell: Tell) -> History:
    movement, continuity = history.movement, history.continuity
    if movement is not None:
        flows = (
            replace(flow, before=flow.before and tell(flow.before), now=flow.now and tell(flow.now))
            for flow in movement.flows
        )
        segments = (replace(change, name=tell(change.name)) for change in movement.segments)
        sentences = _all(movement.sentences, tell)
        movement = replace(movement, flows=tuple(flows), segments=tuple(segments), sentences=sentences)
    if continuity is not None:
        continuity = replace(continuity, sentences=_all(continuity.sentences, tell))
    return replace(history, movement=movement, continuity=continuity, sentences=_all(history.sentences, tell))
