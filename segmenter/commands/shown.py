"""Runs and exports as a terminal or a script reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.console import Terminal, shown
from segmenter.report.paper import pdf_problem

if TYPE_CHECKING:
    from segmenter.intake.types import Intake, RowAccount
    from segmenter.pipeline import Finished
    from segmenter.runs.history import History, Interval, Movement
    from segmenter.runs.types import Run


def pages(folder: Path) -> tuple[Path, ...]:
    """The pages of a run that a person opens."""
    return tuple(folder / name for name in ("report.html", "report.pdf") if (folder / name).is_file())


def show_recognition(terminal: Terminal, intake: Intake) -> None:
    """What each column was taken for, and why."""
    recognition = intake.recognition
    rows = [(role, column, recognition.reasons.get(role, "")) for role, column in recognition.columns.items()]
    terminal.table(("role", "column", "why"), rows)
    readings = {reading.dialect for reading in intake.readings}
    size = sum(reading.n_rows for reading in intake.readings)
    terminal.say("")
    terminal.say(f"{len(intake.readings)} file(s), {size:,} rows: {'; '.join(sorted(readings))}")


def show_account(terminal: Terminal, account: RowAccount) -> None:
    """The account of every row and its money, and the warnings."""
    rows = [
        (line.label, f"{line.rows:,}", "" if line.amount is None else f"{line.amount:,.2f}") for line in account.lines
    ]
    total = ("rows read", f"{account.rows_read:,}", f"{account.amount_read:,.2f}")
    terminal.say("")
    terminal.table(("row account", "rows", "money"), [*rows, total], right=(1, 2))
    for warning in account.warnings:
        terminal.say(f"Note: {warning}", style="yellow")


def show_run(terminal: Terminal, finished: Finished) -> None:
    """What a run found, in a few lines, and the files to open."""
    run = finished.run
    for card in run.findings.cards:
        terminal.say(f"  {card.name}: {card.customers:,} customers, {card.revenue_share:.0%} of revenue")
    flagged = int(run.customers["is_anomaly"].sum())
    _show_history(terminal, run.history)
    terminal.say(f"  {flagged:,} of {len(run.customers):,} customers behave like nobody else")
    for warning in run.manifest.account.warnings:
        terminal.say(f"Note: {warning}", style="yellow")
    if "pdf" in run.manifest.config["report"]["formats"] and (problem := pdf_problem()):
        terminal.say(problem, style="yellow")
    for file in finished.files:
        terminal.say(shown(file), style="bold")
    if not run.manifest.config["report"]["customer_rows"]:
        terminal.say(
            "These files name no customer and may circulate. Others in the folder do, such as customers.parquet and "
            "anomalies.csv: keep those."
        )


def _show_history(terminal: Terminal, history: History) -> None:
    """What changed since the run before, where there is one."""
    told = [*history.sentences, *(history.movement.sentences if history.movement else ())]
    if history.alerts is not None and not history.alerts.is_baseline:
        told.append(
            f"{history.alerts.new} newly odd, {history.alerts.worsened} worse, {history.alerts.resolved} resolved."
        )
    for sentence in told:
        terminal.say(f"  {sentence}")


def show_movement(terminal: Terminal, found: Movement) -> None:
    """The moves between two runs: what is sure, from where to where, and the money bridge."""
    for sentence in found.sentences:
        terminal.say(sentence)
    terminal.say("")
    changes = [
        (
            each.name,
            f"{each.customers_before:,}",
            f"{each.customers_now:,}",
            _change(each.customers),
            _change(each.money),
        )
        for each in found.segments
    ]
    terminal.table(("segment", "before", "now", "customers", "money"), changes, right=(1, 2, 3, 4))
    terminal.say("")
    moved = sorted((flow for flow in found.flows if flow.before != flow.now), key=lambda flow: -flow.customers)
    rows = [
        (flow.before or "(not there)", flow.now or "(gone)", f"{flow.customers:,}", f"{flow.by_cut_point:,}",
         f"{flow.money_now - flow.money_before:+,.0f}")
        for flow in moved
    ]  # fmt: skip
    terminal.table(("from", "to", "customers", "by cut point", "money"), rows, right=(2, 3, 4))
    terminal.say("")
    steps = [(step.kind, f"{step.customers:,}", f"{step.amount:,.0f}") for step in found.bridge]
    terminal.table(("money bridge", "customers", "money"), steps, right=(1, 2))


def _change(interval: Interval) -> str:
    """A change with its interval where it is real."""
    if not interval.is_real:
        return "no real change"
    return f"{interval.value:+,.0f} ({interval.low:+,.0f} to {interval.high:+,.0f})"


def show_acceptance(terminal: Terminal, run: Run) -> None:
    """Who would move under the fresh segments of a run."""
    if run.challenger is None or run.history.continuity is None:
        terminal.say(f"{run.manifest.run_id} placed its customers by segments of its own; nobody moves.")
        return
    for sentence in run.history.continuity.sentences:
        terminal.say(sentence)
    names = dict(zip(run.challenger.numbers, run.challenger.names, strict=True))
    table = run.customers.assign(fresh=run.customers["challenger_segment"].map(names))
    moving = table[table["segment"] != table["challenger_segment"]]
    counts = moving.groupby(["segment_name", "fresh"], as_index=False).size().sort_values("size", ascending=False)
    rows = [(old, new, f"{n:,}") for old, new, n in counts.itertuples(index=False)]
    terminal.say("")
    terminal.table(("from", "to", "customers"), rows, right=(2,))


def run_document(finished: Finished) -> dict[str, Any]:
    """A run as JSON."""
    run, account = finished.run, finished.run.manifest.account
    alerts, movement = run.history.alerts, run.history.movement
    return {
        "run": run.manifest.run_id,
        "folder": str(finished.folder),
        "as_of": run.manifest.as_of,
        "n_customers": len(run.customers),
        "n_anomalies": int(run.customers["is_anomaly"].sum()),
        "n_clusters": run.findings.choice.n_clusters,
        "segments": [{"name": card.name, "customers": card.customers} for card in run.findings.cards],
        "rows_read": account.rows_read,
        "rows_used": account.rows_used,
        "warnings": account.warnings,
        "new_alerts": alerts.new + alerts.worsened if alerts and not alerts.is_baseline else 0,
        "changed": movement.is_real if movement else True,
        "files": [str(file) for file in finished.files],
    }


def intake_document(intake: Intake) -> dict[str, Any]:
    """What was read, as JSON."""
    account = intake.account
    return {
        "columns": intake.recognition.columns,
        "reasons": intake.recognition.reasons,
        "readings": [vars(reading) for reading in intake.readings],
        "rows_read": account.rows_read,
        "rows_used": account.rows_used,
        "amount_read": account.amount_read,
        "account": [vars(line) for line in account.lines],
        "warnings": account.warnings,
    }
