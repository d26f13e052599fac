"""The runs of an archive: listed, shown, compared, accepted, removed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segmenter import pipeline
from segmenter.commands.options import root
from segmenter.commands.shown import pages, run_document, show_acceptance, show_account, show_movement
from segmenter.console import Terminal, print_json, shown
from segmenter.errors import RunError, UsageError
from segmenter.report import figure_data
from segmenter.runs import acceptance
from segmenter.runs import archive as archive_of
from segmenter.runs.movement import movement, side
from segmenter.runs.tables import write_safe_csv
from segmenter.runs.types import Run

MAX_ROWS = 60  # of a figure's numbers on a terminal


def listing(options: Namespace) -> None:
    """The runs of an archive."""
    archive = root(options)
    accepted = (acceptance.accepted_run(archive) or (None,))[0]
    found = list(_summaries(archive, Terminal()))
    if options.json:
        print_json([{**each, "accepted": each["run"] == accepted} for each in found])
        return
    rows = [
        (
            each["run"] + (" *" if each["run"] == accepted else ""),
            str(each["as_of"]),
            *(f"{each[key]:,.0f}" for key in ("customers", "segments", "anomalies", "revenue")),
        )
        for each in found
    ]
    headings = ("run", "as of", "customers", "segments", "odd", "revenue")
    terminal = Terminal(options.quiet)
    terminal.table(headings, rows, right=(2, 3, 4, 5))
    if accepted:
        terminal.say("* its model places the customers of new runs")


def _summaries(archive: Path, terminal: Terminal) -> Iterator[dict[str, Any]]:
    """A line per run that can be read; one that cannot is named on the terminal, unless it was pruned meanwhile."""
    for folder in archive_of.list_runs(archive):
        try:
            yield archive_of.summary(folder)
        except RunError as error:
            if folder.exists():
                terminal.say(f"Note: {error}", style="yellow")


def show(options: Namespace) -> None:
    """One run: its segments, why so many, and its row account."""
    folder = archive_of.find(root(options), options.run)
    if options.figure:
        _show_figure(options, folder)
        return
    shown_run = archive_of.read(folder)
    if options.json:
        print_json(run_document(pipeline.Finished(shown_run, folder, pages(folder))))
        return
    terminal = Terminal(options.quiet)
    terminal.say(f"{folder.name}, as of {shown_run.manifest.as_of}", style="bold")
    rows = [
        (card.name, f"{card.customers:,}", f"{card.revenue_share:.0%}", f"{card.n_anomalies:,}", card.action)
        for card in shown_run.findings.cards
    ]
    terminal.table(("segment", "customers", "of revenue", "odd", "what to do"), rows, right=(1, 2, 3))
    terminal.say("")
    terminal.say(shown_run.findings.choice.reason)
    show_account(terminal, shown_run.manifest.account)
    for page in pages(folder):
        terminal.say(shown(page), style="bold")


def _show_figure(options: Namespace, folder: Path) -> None:
    """The numbers behind a chart or table of the report, with where they come from."""
    found = figure_data(folder, options.figure)
    source = found.source
    if options.json:
        print_json({**asdict(source), "columns": found.columns, "data": found.rows})
        return
    terminal = Terminal(options.quiet)
    terminal.say(source.title, style="bold")
    terminal.say(f"{source.rows:,} rows of run {source.run}; stored in: {source.stored or 'the report alone'}")
    terminal.say(f"SQL: {', '.join(source.queries) or 'none, it tells of the run itself'}")
    terminal.say("")
    shown_rows = [[_written(cell) for cell in row] for row in found.rows[:MAX_ROWS]]
    terminal.table(found.columns, shown_rows)
    if len(found.rows) > MAX_ROWS:
        terminal.say(f"and {len(found.rows) - MAX_ROWS:,} more rows: --json prints all of them")


def _written(cell: Any) -> str:
    """A number with at most four decimals, nothing where nothing is known."""
    if isinstance(cell, float):
        return f"{cell:.4f}".rstrip("0").rstrip(".")
    return "" if cell is None else str(cell)


def compare(options: Namespace) -> None:
    """Who moved between two runs, and the money that moved with them."""
    archive = root(options)
    before, now = (archive_of.read(archive_of.find(archive, name)) for name in (options.before, options.now))
    found, moves = movement(side(before), side(now), _period_days(before, now), now.manifest.seed)
    if options.to:
        write_safe_csv(moves, Path(options.to))
    if options.json:
        print_json(asdict(found))
        return
    terminal = Terminal(options.quiet)
    terminal.say(
        f"{before.manifest.as_of} to {now.manifest.as_of}; money of the last {found.period_days} days", style="bold"
    )
    show_movement(terminal, found)
    if options.to:
        terminal.say("")
        terminal.say(f"{options.to}: {len(moves):,} customers, each with where from, where to and why", style="bold")


def _period_days(before: Run, now: Run) -> int:
    """The period that both runs took their money from.

    Raises
    ------
    UsageError
        They took different ones, so that their money cannot be compared.
    """
    days = {int(run.manifest.config["history"]["period_days"]) for run in (before, now)}
    if len(days) > 1:
        told = " and ".join(str(each) for each in sorted(days))
        raise UsageError(
            f"The money of these runs is of {told} days (history.period_days) and cannot be compared. Run one of them "
            "again with the other's configuration."
        )
    return days.pop()


def accept(options: Namespace) -> None:
    """Show who would move under the fresh segments of a run, and make them the archive's."""
    archive = root(options)
    run = archive_of.read(archive_of.find(archive, options.run))
    document: dict[str, Any] = {"run": run.manifest.run_id, "accepted": not options.dry_run}
    if run.challenger is not None and run.history.continuity is not None:
        document |= {"would_move": run.history.continuity.n_would_move, "agreement": run.history.continuity.agreement}
    if not options.dry_run:
        acceptance.accept(archive, run.manifest.run_id, datetime.now(UTC))
    if options.json:
        print_json(document)
        return
    terminal = Terminal(options.quiet)
    show_acceptance(terminal, run)
    told = "Nothing was changed (--dry-run)." if options.dry_run else "Accepted: the next runs place customers by it."
    terminal.say("")
    terminal.say(told, style="bold")


def prune(options: Namespace) -> None:
    """Remove old runs by number or age."""
    if options.keep is None and options.days is None:
        raise UsageError("Say what to keep: --keep N for the newest N runs, or --days N for those younger than N days.")
    archive = root(options)
    accepted = acceptance.accepted_run(archive)
    gone = archive_of.prune(archive, options.keep, options.days, accepted[:1] if accepted else (), datetime.now(UTC))
    if options.json:
        print_json({"removed": gone})
    else:
        terminal = Terminal(options.quiet)
        for line in (f"{len(gone)} run(s) removed", *(f"  {name}" for name in gone)):
            terminal.say(line)
