"""The runs of an archive: listed, shown, compared, accepted."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from segmenter import pipeline
from segmenter.commands.history import (
    history_document,
    plain,
    proposal_document,
    show_history,
    show_movement,
    show_movers,
    show_proposal,
)
from segmenter.commands.options import config_of, root, run_of, write_list
from segmenter.commands.shown import pages, run_document, show_account
from segmenter.console import Terminal, print_json, shown
from segmenter.errors import RunError, UsageError
from segmenter.report import figure_data
from segmenter.runs import acceptance
from segmenter.runs import archive as archive_of
from segmenter.runs.compare import compared, emptiness
from segmenter.runs.customers import other_customers, other_money
from segmenter.runs.history import Movement
from segmenter.runs.narration import heading
from segmenter.runs.proposal import propose
from segmenter.runs.types import Run, ids_of
from segmenter.words import in_percent

MAX_ROWS = 60  # of a figure's numbers, or of a list of customers, on a terminal
NUMBERS_OF_NAMES = ("number_before", "number_now")  # of segments that stand beside by name: for scripts
ABSENT = "absent"  # what a customer's segment is called where the customer was not there


def listing(options: Namespace) -> None:
    """The runs of an archive."""
    archive = root(options)
    accepted = (acceptance.accepted_run(archive) or (None,))[0]
    found = list(_summaries(archive, Terminal()))
    if options.json:
        print_json([{**each, "accepted": each["run"] == accepted} for each in found])
        return
    if not found:
        Terminal(options.quiet).say(f"The archive {archive} holds no run that can be read.")
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
    terminal = Terminal(options.quiet)
    folder = run_of(root(options), options.run, terminal)
    if options.figure:
        _show_figure(options, folder)
        return
    shown_run = archive_of.read(folder)
    if options.json:
        document = run_document(pipeline.Finished(shown_run, folder, pages(folder)))
        print_json({**document, "history": history_document(shown_run.history)})
        return
    terminal.say(f"{folder.name}, as of {shown_run.manifest.as_of}", style="bold")
    rows = [
        (card.name, f"{card.customers:,}", in_percent(card.revenue_share), f"{card.n_anomalies:,}", card.action)
        for card in shown_run.findings.cards
    ]
    terminal.table(("segment", "customers", "of revenue", "odd", "what to do"), rows, right=(1, 2, 3))
    terminal.say("")
    terminal.say(shown_run.findings.choice.reason)
    terminal.say("")
    show_history(terminal, shown_run.history, shown_run.manifest.as_of)
    show_account(terminal, shown_run.manifest.account)
    for page in pages(folder):
        terminal.say(shown(page), style="bold")


def _show_figure(options: Namespace, folder: Path) -> None:
    """The numbers behind a chart or table of the report, with where they come from."""
    terminal = Terminal(options.quiet)
    with terminal.working("reading the report"):
        found = figure_data(folder, options.figure)
    source = found.source
    if options.json:
        print_json({**asdict(source), "columns": found.columns, "data": found.rows})
        return
    terminal.say(source.title, style="bold")
    terminal.say(f"{source.rows:,} rows of run {source.run}; stored in: {source.stored or 'the report alone'}")
    terminal.say(f"SQL: {', '.join(source.queries) or 'none, it describes the run itself'}")
    terminal.say("")
    places = [at for at, name in enumerate(found.columns) if name not in NUMBERS_OF_NAMES]
    rows = [[_written(row[at], found.columns[at]) for at in places] for row in found.rows[:MAX_ROWS]]
    terminal.table([found.columns[at].replace("_", " ") for at in places], rows)
    if len(found.rows) > MAX_ROWS:
        terminal.say(f"and {len(found.rows) - MAX_ROWS:,} more rows: --json prints all of them")


def _written(cell: Any, column: str) -> str:
    """A number with at most four decimals, of thousands with none, a step in words, nothing where nothing is known."""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4f}".rstrip("0").rstrip(".")
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    if column == "kind" and cell:
        return heading(str(cell))
    return "" if cell is None else str(cell)


def compare(options: Namespace) -> None:
    """Who moved between two runs, and the money that moved with them; with --from or --into the customers themselves."""
    archive = root(options)
    terminal = Terminal(options.quiet)
    first, second = (run_of(archive, name, terminal) for name in (options.before, options.now))
    if first == second:
        raise UsageError(f"Both names mean the run {first.name}. Name two; `segmenter runs list` shows them.")
    with terminal.working("comparing the runs"):
        before, now = archive_of.read(first), archive_of.read(second)
        ours = now.manifest
        if why := other_money(first.name, before.manifest.currency, ours.currency, f"the run {ours.run_id}"):
            raise UsageError(why)
        found, moves = compared(before, now, archive, _period_days(before, now))
    asked = options.origin is not None or options.target is not None
    chosen = _cell(moves, found, options.origin, options.target)
    if options.to:
        write_list(chosen, options.to)
    doubts = _doubts(before, now)
    if options.json:
        people = {"customers": plain(chosen.astype(object).where(chosen.notna(), None).to_dict("records"))}
        print_json({**plain(asdict(found)), "doubts": doubts, **(people if asked else {})})
        return
    terminal.say(
        f"{before.manifest.as_of} to {now.manifest.as_of}; money of the last {found.period_days} days", style="bold"
    )
    for doubt in doubts:
        terminal.say(f"Note: {doubt}", style="yellow")
    if asked:
        show_movers(terminal, chosen, MAX_ROWS)
    else:
        show_movement(terminal, found)
    if options.to:
        terminal.say("")
        terminal.say(f"{options.to}: {len(chosen):,} customers, each with from, to and why", style="bold")


def _doubts(before: Run, now: Run) -> tuple[str, ...]:
    """Why the comparison may not mean what it seems to."""
    first, second = before.manifest.as_of, now.manifest.as_of
    found = []
    if first > second:
        found.append(
            f"The run named first sees its customers from {first}, after {second}: time runs backwards here, and those "
            "shown as new are gone. Name the earlier run first."
        )
    this = f"the run {now.manifest.run_id}"
    found.append(other_customers(before.manifest.run_id, ids_of(before.customers), ids_of(now.customers), this))
    return (*filter(None, found), *(_emptiness(run) for run in (before, now) if run.manifest.has_empty_period))


def _emptiness(run: Run) -> str:
    why = "Changes in its money reflect the export, not the customers."
    return f"{run.manifest.run_id}: {emptiness(run.manifest)} {why}"


def _cell(moves: pd.DataFrame, found: Movement, origin: str | None, target: str | None) -> pd.DataFrame:
    """The customers who went from one segment into another, all where neither is named; most money first.

    Raises
    ------
    UsageError
        There is no such segment.
    """
    chosen = moves
    for name, side in ((origin, "before"), (target, "now")):
        if name is None:
            continue
        number = _number_of(name, found)
        own = moves[f"number_{side}"]
        chosen = chosen[(own.isna() if number is None else own.eq(number).fillna(False)).loc[chosen.index]]
    if origin is None and target is None:
        return moves
    return chosen.sort_values(["money_before", "money_now", "customer_id"], ascending=[False, False, True])


def _number_of(name: str, found: Movement) -> int | None:
    """The number of the segment called `name`, None for ``absent``."""
    wanted = name.strip().casefold()
    if wanted == ABSENT:
        return None
    for each in found.segments:
        if wanted in {each.name.casefold(), str(each.number)}:
            return each.number
    known = ", ".join(each.name for each in found.segments)
    raise UsageError(f"There is no segment {name!r} in these runs. There are: {known}, and absent.")


def _period_days(before: Run, now: Run) -> int:
    """The period that both runs took their money from.

    Raises
    ------
    UsageError
        They took different ones, so that their money cannot be compared.
    """
    days = {run.manifest.period_days for run in (before, now)}
    if len(days) > 1:
        told = " and ".join(str(each) for each in sorted(days))
        raise UsageError(
            f"The money of these runs covers {told} days (history.period_days) and cannot be compared. Run one of them "
            "again with the other's configuration."
        )
    return days.pop()


def accept(options: Namespace) -> None:
    """Show who would move under the fresh segments of a run and, when that is agreed to, make them the archive's."""
    config, terminal = config_of(options), Terminal(options.quiet)
    archive = Path(config.engine.archive)
    if not (options.dry_run or options.yes) and (options.json or not terminal.can_ask):
        raise UsageError(
            "This is not an interactive terminal, so nobody can confirm. Add --dry-run to see who would move, or --yes to accept."
        )
    folder = run_of(archive, options.run, terminal)
    with terminal.working("placing customers by both models"):
        found = propose(archive, folder, config.kmeans.names)
    if not options.json:
        show_proposal(terminal, found)
    if options.to:
        write_list(found.moves, options.to)
        terminal.say("")
        terminal.say(f"{options.to}: the {len(found.moves):,} customers who would move", style="bold")
    agreed = not options.dry_run and (options.yes or terminal.ask("\nMake these segments the archive's?"))
    if agreed:
        acceptance.accept(archive, found.run_id, datetime.now(UTC))
    if options.json:
        print_json({**proposal_document(found), "accepted": agreed})
        return
    why = " (--dry-run)" if options.dry_run else ""
    told = "Accepted: the next runs place customers by it." if agreed else f"Nothing was changed{why}."
    terminal.say("")
    terminal.say(told, style="bold")
