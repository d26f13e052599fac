"""Runs and exports for a terminal or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.commands.history import changes
from segmenter.console import Terminal, shown
from segmenter.errors import SourceError
from segmenter.report.paper import pdf_problem
from segmenter.words import in_percent

if TYPE_CHECKING:
    from segmenter.intake.types import Intake, RowAccount
    from segmenter.intake.undecided import Doubt
    from segmenter.pipeline import Finished
    from segmenter.runs.types import Run


REJECTS = 10  # rows that a terminal shows


def pages(folder: Path) -> tuple[Path, ...]:
    """The report files of a run that exist, HTML and PDF."""
    return tuple(folder / name for name in ("report.html", "report.pdf") if (folder / name).is_file())


def show_recognition(terminal: Terminal, intake: Intake) -> None:
    """Show which column was recognised for each role, and why."""
    recognition = intake.recognition
    rows = [(role, column, recognition.reasons.get(role, "")) for role, column in recognition.columns.items()]
    terminal.table(("role", "column", "why"), rows)
    readings = {reading.dialect for reading in intake.readings}
    size = sum(reading.n_rows for reading in intake.readings)
    terminal.say("")
    files = "1 file" if len(intake.readings) == 1 else f"{len(intake.readings):,} files"
    terminal.say(f"{files}, {size:,} rows: {'; '.join(sorted(readings))}")


def show_doubts(doubts: Sequence[Doubt], how: str) -> int:
    """Show what a run would refuse, as errors, each with the lines that decide it, and `how` to; the status of such a run."""
    terminal = Terminal()
    for doubt in doubts:
        terminal.say("")
        terminal.say(f"A run would stop here. {doubt.what}", style="red")
        terminal.lines(doubt.remedy)
    if any(doubt.ways for doubt in doubts):
        terminal.say("")
        terminal.say(how)
    return SourceError.exit_status if doubts else 0


def show_account(terminal: Terminal, account: RowAccount) -> None:
    """Show the account of rows and their money, and the warnings."""
    rows = [
        (line.label, f"{line.rows:,}", "" if line.amount is None else f"{line.amount:,.2f}") for line in account.lines
    ]
    total = ("rows read", f"{account.rows_read:,}", f"{account.amount_read:,.2f}")
    terminal.say("")
    terminal.table(("row account", "rows", "money"), [*rows, total], right=(1, 2))
    for warning in account.warnings:
        terminal.say(f"Note: {warning}", style="yellow")


def show_rejects(terminal: Terminal, intake: Intake) -> None:
    """Show where the first unreadable rows are, by file and line; their text may be personal and is not shown."""
    if not intake.rejects:
        return
    rows = [(each.file, f"{each.line:,}", each.column, each.reason) for each in intake.rejects[:REJECTS]]
    terminal.say("")
    terminal.table(("could not be read", "line", "column", "why"), rows, right=(1,))


def show_run(terminal: Terminal, finished: Finished) -> None:
    """Show what a run found, in a few lines, and the files to open."""
    run = finished.run
    for card in run.findings.cards:
        terminal.say(f"  {card.name}: {card.customers:,} customers, {in_percent(card.revenue_share)} of revenue")
    flagged, n_customers = _n_odd(run), run.manifest.period.n_customers
    for sentence in changes(run.history):
        terminal.say(f"  {sentence}")
    terminal.say(
        f"  {flagged:,} of {n_customers:,} customers {'behaves' if flagged == 1 else 'behave'} like nobody else"
    )
    for warning in run.manifest.account.warnings:
        terminal.say(f"Note: {warning}", style="yellow")
    if "pdf" in run.manifest.settings.report.formats and (problem := pdf_problem()):
        terminal.say(problem, style="yellow")
    for file in finished.files:
        terminal.say(shown(file), style="bold")
    if not run.manifest.settings.report.customer_rows:
        terminal.say(
            "These files name no customer and may be shared. Others in the folder do, such as customers.parquet and "
            "anomalies.csv: keep those."
        )


def _n_odd(run: Run) -> int:
    """Odd customers among all, of whom the run may hold a sample."""
    return sum(card.n_anomalies for card in run.findings.cards)


def run_document(finished: Finished) -> dict[str, Any]:
    """A run as JSON."""
    run, account = finished.run, finished.run.manifest.account
    alerts, movement = run.history.alerts, run.history.movement
    return {
        "run": run.manifest.run_id,
        "folder": str(finished.folder),
        "as_of": run.manifest.as_of,
        "n_customers": run.manifest.period.n_customers,
        "n_anomalies": _n_odd(run),
        "n_clusters": run.findings.choice.n_clusters,
        "segments": [{"name": card.name, "customers": card.customers} for card in run.findings.cards],
        "rows_read": account.rows_read,
        "rows_used": account.rows_used,
        "warnings": account.warnings,
        "new_alerts": alerts.n_news if alerts else 0,
        "changed": movement.is_real if movement else not run.manifest.has_empty_period,
        "files": [str(file) for file in finished.files],
    }


def intake_document(intake: Intake) -> dict[str, Any]:
    """What was read, as JSON; without an account where there are doubts."""
    account = intake.account
    recognised = {
        "columns": intake.recognition.columns,
        "reasons": intake.recognition.reasons,
        "readings": [vars(reading) for reading in intake.readings],
        "doubts": [asdict(doubt) for doubt in intake.doubts],
    }
    if intake.doubts:
        return recognised
    return {
        **recognised,
        "rows_read": account.rows_read,
        "rows_used": account.rows_used,
        "amount_read": account.amount_read,
        "account": [vars(line) for line in account.lines],
        "warnings": account.warnings,
        "unreadable": [vars(each) for each in account.unreadable],
        "rejects": [vars(each) for each in intake.rejects],
    }
