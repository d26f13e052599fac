"""The alert: one page for a phone and a mail body."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from segmenter.config.report import ReportConfig
from segmenter.report.language import Voice
from segmenter.report.palette import legible
from segmenter.report.templating import fill
from segmenter.report.types import AlertGroup, AlertLine, AlertPage, AlertRow, Stat
from segmenter.runs.alerts import told
from segmenter.runs.history import AlertCount
from segmenter.runs.types import Run

FRESH = ("new", "worsened")  # what somebody should look at now, with its evidence
State = Literal["new", "worsened", "ongoing", "resolved"]
GROUPS: tuple[tuple[State, str, str], ...] = (
    ("new", "New", "not flagged in the run before"),
    ("worsened", "Worse", "flagged before, clearly more severe now"),
    ("ongoing", "Ongoing", "flagged before and still so"),
    ("resolved", "Resolved", "flagged before, ordinary again"),
)


def write_alerts(run: Run, config: ReportConfig, folder: Path) -> Path:
    """Write alerts.html of a run that has alerts into `folder`; says where.

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
    """The alerts of `run` that are told: none held back by a verdict, none resolved in an earlier run."""
    shown = [] if run.alerts is None else told(run.alerts, run.manifest.as_of).to_dict("records")
    return tuple(
        AlertLine(
            str(row["customer_id"]), row["state"], float(row["severity"]), row["amount_at_stake"], row["reason"],
            row["evidence"] or "",
        )
        for row in shown
    )  # fmt: skip


def alert_page(lines: Sequence[AlertLine], config: ReportConfig, as_of: date, counts: AlertCount | None = None) -> str:
    """alerts.html as text: no script, no image, nothing fetched.

    Raises
    ------
    ReportError
        A template of the team's own is broken, or the locale is unknown.
    """
    return fill("alerts.html", config.templates, page=alert_view(lines, config, as_of, counts))


def alert_view(
    lines: Sequence[AlertLine], config: ReportConfig, as_of: date, counts: AlertCount | None = None
) -> AlertPage:
    """What an alert shows, most severe first within new, worse, ongoing, resolved.

    With `config.customer_rows` off only the numbers are given. At most `config.max_anomalies` customers
    are listed per state, and the page says how many more there are. `counts` says whether this is the first look,
    and what became of the alerts before.

    Raises
    ------
    ReportError
        The locale is unknown.
    """
    voice = Voice(config.locale, config.currency)
    by_state = {state: sum(line.state == state for line in lines) for state, _, _ in GROUPS}
    shown = [group for group in GROUPS if by_state[group[0]] and config.customer_rows]
    return AlertPage(
        title=voice("Odd customers"),
        company=config.company,
        date=voice.date(as_of),
        language=voice.language,
        direction=voice.direction,
        accent=legible(config.accent),
        headline=_baseline(voice, lines) if counts and counts.is_baseline else _headline(voice, lines),
        stats=tuple(Stat(voice.number(by_state[state]), voice(label)) for state, label, _ in GROUPS),
        notes=_notes(voice, counts) if counts else (),
        groups=tuple(
            _group(voice, [line for line in lines if line.state == state], label, meaning, config.max_anomalies)
            for state, label, meaning in shown
        ),
    )


def _baseline(voice: Voice, lines: Sequence[AlertLine]) -> str:
    return voice(
        "This is the first look: {n} customers are odd. The next one tells what is new.", n=voice.number(len(lines))
    )


def _notes(voice: Voice, counts: AlertCount) -> tuple[str, ...]:
    """How many alerts verdicts hold back, and how right the judged ones were."""
    held = voice("{n} alerts are held back by a verdict.", n=voice.number(counts.held)) if counts.held else ""
    judged = ""
    if counts.judged:
        judged = voice(
            "Of {n} alerts judged so far, {right} were worth acting on.",
            n=voice.number(counts.judged),
            right=voice.number(counts.right),
        )
    return tuple(note for note in (held, judged) if note)


def _headline(voice: Voice, lines: Sequence[AlertLine]) -> str:
    fresh = [line for line in lines if line.state in FRESH]
    if not fresh:
        return voice("Nothing is newly odd.")
    stake = voice.money(sum(abs(line.amount or 0.0) for line in fresh))
    if len(fresh) == 1:
        return voice("One customer is newly odd or worse; {money} is at stake.", money=stake)
    return voice("{n} customers are newly odd or worse; {money} is at stake.", n=voice.number(len(fresh)), money=stake)


def _group(voice: Voice, lines: Sequence[AlertLine], label: str, meaning: str, limit: int) -> AlertGroup:
    """The lines of one state, the most severe first, cut at `limit`."""
    ordered = sorted(lines, key=lambda line: (-line.severity, line.customer_id))
    rows = tuple(
        AlertRow(
            line.customer_id,
            voice("severity {n}", n=voice.number(line.severity)),
            "" if line.amount is None else voice("{money} at stake", money=voice.money(line.amount)),
            voice.retell(line.reason),
            voice.retell(line.evidence) if line.state in FRESH else "",
        )
        for line in ordered[:limit]
    )
    left = len(ordered) - len(rows)
    more = voice("{n} more are in anomalies.csv of the run.", n=voice.number(left)) if left else ""
    return AlertGroup(voice(label), voice(meaning), rows, more)
