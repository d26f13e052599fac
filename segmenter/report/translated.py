"""A run whose every English text is in the reader's language."""

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
OWN = ("anomaly_reason", "reason", *REASONS)  # columns in which nearly every row has a different text
LONGEST = 48  # letters of a product that names a theme
Translate = Callable[[str], str]


def translated_run(run: Run, voice: Voice) -> Run:
    """`run` with its texts in the language of `voice`, their numbers, money and dates in the format of its locale.

    Names of segments and features, sentences and labels are translated; identifiers, file names and what users wrote are
    not, nor are the reasons for single customers, of which `translated_reasons` translates those that are shown.
    """
    translate = cache(voice.translate)
    return replace(
        run,
        manifest=_manifest(run.manifest, translate),
        findings=_findings(run.findings, translate),
        customers=_columns(run.customers, ("segment_name", "second_segment", "rfm_segment"), translate),
        segments=_columns(
            _columns(run.segments, ("segment_name", "action", "avoid"), translate),
            ("rule",),
            lambda rule: _rule(rule, translate),
        ),
        anomalies=_columns(run.anomalies, ("segment_name",), translate),
        history=_history(run.history, translate),
        moves=None if run.moves is None else _columns(run.moves, ("segment_before", "segment_now"), translate),
    )


def translated_reasons(table: pd.DataFrame, voice: Voice) -> pd.DataFrame:
    """`table` of odd customers with the reasons and the transactions behind each in the language of `voice`.

    Apart from `translated_run`, as a text for every customer takes time: pass only the rows that are shown.
    """
    translated = _columns(table, OWN, voice.translate)
    return _columns(translated, ("evidence",), lambda text: "\n".join(map(voice.translate, sentences_of(text))))


def _columns(table: pd.DataFrame, names: Iterable[str], translate: Translate) -> pd.DataFrame:
    """`table` with the texts of some of its columns translated, each distinct text once."""
    return table.assign(**{name: _column(table[name], translate) for name in names if name in table})


def _column(column: pd.Series, translate: Translate) -> pd.Series:
    translations = {text: translate(text) for text in column.unique() if isinstance(text, str)}
    return column.map(translations).where(column.notna(), column)


def _all(texts: Iterable[str], translate: Translate) -> tuple[str, ...]:
    return tuple(map(translate, texts))


def _manifest(manifest: Manifest, translate: Translate) -> Manifest:
    account, recognition = manifest.account, manifest.recognition
    return replace(
        manifest,
        features=tuple(
            replace(each, label=translate(each.label), missing=translate(each.missing)) for each in manifest.features
        ),
        account=replace(
            account,
            lines=tuple(replace(line, label=translate(line.label)) for line in account.lines),
            warnings=_all(account.warnings, translate),
        ),
        recognition=replace(recognition, reasons={role: translate(why) for role, why in recognition.reasons.items()}),
        readings=tuple(replace(reading, dialect=translate(reading.dialect)) for reading in manifest.readings),
        timings={translate(stage): seconds for stage, seconds in manifest.timings.items()},
        peaks={translate(stage): peak for stage, peak in manifest.peaks.items()},
    )


def _findings(findings: Findings, translate: Translate) -> Findings:
    anomalies = findings.anomalies
    return replace(
        findings,
        preparation=replace(findings.preparation, notes=_all(findings.preparation.notes, translate)),
        choice=replace(findings.choice, reason=translate(findings.choice.reason)),
        cards=tuple(_card(card, translate) for card in findings.cards),
        anomalies=replace(
            anomalies,
            eps_reason=translate(anomalies.eps_reason),
            min_samples_reason=translate(anomalies.min_samples_reason),
            warnings=_all(anomalies.warnings, translate),
        ),
        hierarchy=replace(findings.hierarchy, reason=translate(findings.hierarchy.reason)),
        comparison=replace(findings.comparison, guidance=translate(findings.comparison.guidance)),
        themes=tuple(
            replace(theme, name=_both(theme.products[:2], theme.name, translate)) for theme in findings.themes
        ),
        rfm=replace(findings.rfm, names=_all(findings.rfm.names, translate), tie_rule=translate(findings.rfm.tie_rule)),
        separation=_all(findings.separation, translate),
        lifetime=_lifetime(findings.lifetime, translate) if findings.lifetime else None,
    )


def _both(products: tuple[str, ...], name: str, translate: Translate) -> str:
    """The two products that name a theme, each shortened, joined in the reader's language; else the name, shortened."""
    if len(products) < 2 or name != " and ".join(products):
        return beginning(name, LONGEST)
    return translate("{a} and {b}").format(a="", b="").join(beginning(each, LONGEST) for each in products)


def _lifetime(finding: LifetimeFinding, translate: Translate) -> LifetimeFinding:
    return replace(
        finding,
        refusal=translate(finding.refusal),
        ordering_refusal=translate(finding.ordering_refusal),
        season=translate(finding.season),
        value_refusal=translate(finding.value_refusal),
        sentences=_all(finding.sentences, translate),
    )


def _card(card: SegmentCard, translate: Translate) -> SegmentCard:
    return replace(
        card,
        name=translate(card.name),
        summary=translate(card.summary),
        stability_words=translate(card.stability_words),
        action=translate(card.action),
        avoid=translate(card.avoid),
        rule=_rule(card.rule, translate),
    )


def _rule(rule: str, translate: Translate) -> str:
    """A segment's rule condition by condition, as the name of a figure may contain a comma."""
    return translate("{a} and {b}").format(a="", b="").join(map(translate, rule.split(" and ")))


def _history(history: History, translate: Translate) -> History:
    movement, continuity = history.movement, history.continuity
    if movement is not None:
        flows = (
            replace(flow, before=flow.before and translate(flow.before), now=flow.now and translate(flow.now))
            for flow in movement.flows
        )
        segments = (replace(change, name=translate(change.name)) for change in movement.segments)
        sentences = _all(movement.sentences, translate)
        covers = translate(movement.covers)
        movement = replace(movement, flows=tuple(flows), segments=tuple(segments), sentences=sentences, covers=covers)
    if continuity is not None:
        continuity = replace(continuity, sentences=_all(continuity.sentences, translate))
    return replace(history, movement=movement, continuity=continuity, sentences=_all(history.sentences, translate))
