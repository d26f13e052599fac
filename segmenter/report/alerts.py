"""The alert: one page for a phone and a mail body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from segmenter.config.report import ReportConfig
from segmenter.features import sentences_of
from segmenter.report.language import Voice
from segmenter.report.palette import legible
from segmenter.report.steps import ANY, fitting, next_step
from segmenter.report.templating import fill
from segmenter.report.types import AlertGroup, AlertLine, AlertPage, AlertRow, AlertState, Stat
from segmenter.runs.alerts import BY_LINE, FRESH, UNSEEN, to_report
from segmenter.runs.history import AlertCount
from segmenter.runs.types import Run

ONE_PAGE = 5  # customers of one state with a row of their own, so that all fits a phone's page
NAMED = 3  # customers shown of a state that is no news, and of a first look
GROUPS: tuple[tuple[AlertState, str, str], ...] = (
    ("new", "New", "not flagged in the previous run"),
    ("worsened", "Worse", "flagged before, clearly more severe now"),
    ("ongoing", "Ongoing", "flagged before and still so"),
    ("resolved", "Resolved", "flagged before, back to normal"),
)


def write_alerts(run: Run, config: ReportConfig, folder: Path) -> Path:
    """Write alerts.html of a run that has alerts into `folder`; the file's path.

    Raises
    ------
    ReportError
        A template of the team's own is broken, or the locale is unknown.
    """
    path = folder / "alerts.html"
    text = alert_page(alert_lines(run), config, run.manifest.as_of, run.history.alerts)
    path.write_text(text, encoding="utf-8")
    return path


def alert_lines(run: Run) -> tuple[AlertLine, ...]:
    """The alerts of `run` to report: none held back by a verdict, none resolved in an earlier run."""
    shown = [] if run.alerts is None else to_report(run.alerts, run.manifest.as_of).to_dict("records")
    steps = _steps(run)
    return tuple(
        AlertLine(
            str(row["customer_id"]), row["state"], float(row["severity"]), row["amount_at_stake"], row["reason"],
            row["evidence"] or "", steps.get(row["customer_id"], ANY),
        )
        for row in shown
    )  # fmt: skip


def _steps(run: Run) -> dict[str, str]:
    """What to look at next with each odd customer, by the feature that stands out most and whether it is high or low."""
    if "reason_1_feature" not in run.anomalies:
        return {}
    names = {feature.label: feature.name for feature in run.manifest.features}
    typical, values = run.findings.cards[0].overall, run.customers.set_index("customer_id")
    steps = {}
    for customer, label in zip(run.anomalies["customer_id"], run.anomalies["reason_1_feature"], strict=True):
        if name := names.get(label):
            own, order, back = (
                float(values[each].get(customer, math.nan)) for each in (name, "largest_order", "largest_return")
            )
            steps[customer] = fitting(next_step(name, own, typical[name]), order, back)
    return steps


def alert_page(lines: Sequence[AlertLine], config: ReportConfig, as_of: date, counts: AlertCount | None = None) -> str:
    """alerts.html as text: no script, no image, nothing fetched.

    Raises
    ------
    ReportError
        The locale is unknown.
    """
    return fill("alerts.html", config.templates, page=alert_view(lines, config, as_of, counts))


def alert_view(
    lines: Sequence[AlertLine], config: ReportConfig, as_of: date, counts: AlertCount | None = None
) -> AlertPage:
    """What an alert shows on one page: new and worse customers with reason and next step, the others by name or number.

    The most severe come first, at most `config.max_anomalies` and `ONE_PAGE` of a state. A first look (`counts` is a
    baseline) has no news: the most severe are shown. Without `config.customer_rows` only numbers are shown.

    Raises
    ------
    ReportError
        The locale is unknown.
    """
    voice = Voice(config.locale, config.currency)
    is_first = counts is not None and counts.is_baseline
    by_state = {state: [line for line in lines if line.state == state] for state, _, _ in GROUPS}
    most = min(config.max_anomalies, ONE_PAGE)
    groups = (
        (_group(voice, lines, ("The most severe", "where to start"), min(most, NAMED)),)
        if is_first
        else _groups(voice, by_state, most)
    )
    stats = tuple(Stat(voice.number(len(by_state[state])), voice(label)) for state, label, _ in GROUPS)
    return AlertPage(
        title=voice("Odd customers"),
        company=config.company,
        date=voice.date(as_of),
        language=voice.language,
        direction=voice.direction,
        accent=legible(config.accent),
        headline=_first_headline(voice, lines) if is_first else _headline(voice, lines),
        stats=() if is_first else stats,
        notes=notes(voice, counts) if counts else (),
        groups=tuple(filter(None, groups)) if config.customer_rows else (),
    )


def _groups(voice: Voice, by_state: dict[AlertState, list[AlertLine]], most: int) -> tuple[AlertGroup | None, ...]:
    """States that are news with a row per customer, that of the most severe first; then the others."""
    severest = {state: max((line.severity for line in lines), default=0.0) for state, lines in by_state.items()}
    ordered = sorted(GROUPS, key=lambda group: -severest[group[0]] if group[0] in FRESH else math.inf)
    return tuple(
        _group(voice, by_state[state], (label, meaning), most)
        if state in FRESH
        else _folded(voice, by_state[state], (label, meaning))
        for state, label, meaning in ordered
    )


def _first_headline(voice: Voice, lines: Sequence[AlertLine]) -> str:
    return voice(
        "This is the first run: one customer is odd. The next run will show what is new."
        if len(lines) == 1
        else "This is the first run: {n} customers are odd. The next run will show what is new.",
        n=voice.number(len(lines)),
    )


def notes(voice: Voice, counts: AlertCount) -> tuple[str, ...]:
    """Sentences on customers whom the line alone moved or who were not judged, on alerts held back, and how many were right."""
    held = (voice("Held back by a verdict: {n}.", n=voice.number(counts.held)),) if counts.held else ()
    return (*by_line(voice, counts), *unseen(voice, counts), *held, *judged(voice, counts))


def by_line(voice: Voice, counts: AlertCount) -> tuple[str, ...]:
    """A sentence on how many are odd, or ordinary again, only because the threshold moved; none where nobody is."""
    if not counts.line_in + counts.line_out:
        return ()
    return (voice(BY_LINE, n=voice.number(counts.line_in), m=voice.number(counts.line_out)),)


def unseen(voice: Voice, counts: AlertCount) -> tuple[str, ...]:
    """A sentence on how many were odd and are not among those whom a run on a sample judges; none where nobody is."""
    return (voice(UNSEEN, n=voice.number(counts.unseen)),) if counts.unseen else ()


def judged(voice: Voice, counts: AlertCount) -> tuple[str, ...]:
    """A sentence on how many of the alerts judged so far were worth acting on; none where none was judged."""
    if not counts.judged:
        return ()
    right, n = voice.number(counts.right), voice.number(counts.judged)
    return (voice("Alerts worth acting on: {right} of {n} judged so far.", right=right, n=n),)


def _headline(voice: Voice, lines: Sequence[AlertLine]) -> str:
    fresh = [line for line in lines if line.state in FRESH]
    if not fresh:
        return voice("Nothing is newly odd.")
    stake = voice.money(sum(abs(line.amount or 0.0) for line in fresh))
    if len(fresh) == 1:
        return voice("One customer is newly odd or worse, with {money} involved.", money=stake)
    return voice(
        "{n} customers are newly odd or worse, with {money} involved.",
        n=voice.number(len(fresh)),
        money=stake,
    )


def _group(voice: Voice, lines: Sequence[AlertLine], heading: tuple[str, str], most: int) -> AlertGroup | None:
    """The customers of one state that is news, the most severe first, `most` of them with a row."""
    if not lines:
        return None
    ordered = _by_severity(lines)
    left = len(ordered) - most
    more = voice("{n} more are in anomalies.csv of the run.", n=voice.number(left)) if left > 0 else ""
    label, meaning = map(voice, heading)
    return AlertGroup(label, meaning, tuple(_row(voice, line) for line in ordered[:most]), more, is_news=True)


def _row(voice: Voice, line: AlertLine) -> AlertRow:
    return AlertRow(
        line.customer_id,
        voice("severity {n}", n=voice.number(line.severity)),
        "" if line.amount is None else voice("{money} involved", money=voice.money(line.amount)),
        voice.translate(line.reason),
        "\n".join(map(voice.translate, sentences_of(line.evidence))),
        voice(line.step),
        voice("Evidence"),
    )


def _folded(voice: Voice, lines: Sequence[AlertLine], heading: tuple[str, str]) -> AlertGroup | None:
    """The customers of a state that is no news: the most severe by name and the number of the others."""
    if not lines:
        return None
    named = ", ".join(line.customer_id for line in _by_severity(lines)[:NAMED])
    left = len(lines) - NAMED
    more = voice("{customers} and {n} more", customers=named, n=voice.number(left)) if left > 0 else named
    label, meaning = map(voice, heading)
    return AlertGroup(label, meaning, (), more)


def _by_severity(lines: Sequence[AlertLine]) -> list[AlertLine]:
    return sorted(lines, key=lambda line: (-line.severity, line.customer_id))
