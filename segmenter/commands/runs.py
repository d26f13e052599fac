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
    plain,
    proposal_document,
    records,
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
from segmenter.runs.types import Run
from segmenter.words import in_percent

MAX_ROWS = 60  # of a figure's numbers, or of a list of customers, on a terminal
NUMBERS_OF_NAMES = ("number_before", "number_now")  # columns for scripts; people read the segments' names beside them
ABSENT = "absent"  # the word for --from and --into that stands for no segment


def listing(options: Namespace) -> None:
    """The runs of an archive."""
    archive = root(options)
    terminal, accepted = Terminal(options.quiet), (acceptance.accepted_run(archive) or (None,))[0]
    found = list(_summaries(archive, Terminal()))
    if options.json:
        print_json([{**each, "accepted": each["run"] == accepted} for each in found])
        return
    if not found:
        terminal.say(f"The archive {archive} holds no run that can be read.")
        return
    rows = [
        (
            each["run"] + (" *" if each["run"] == accepted else ""),
            str(each["as_of"]),
            *(f"{each[key]:,.0f}" for key in ("customers", "segments", "anomalies", "revenue")),
        )
        for each in found
    ]
    terminal.table(("run", "as of", "customers", "segments", "odd", "revenue"), rows, right=(2, 3, 4, 5))
    if accepted:
        terminal.say("* its model places the customers of new runs")


def _summaries(archive: Path, terminal: Terminal) -> Iterator[dict[str, Any]]:
    """The summary of each run that can be read; others are named on the terminal, unless they were pruned meanwhile."""
    for folder in archive_of.list_runs(archive):
        try:
            yield archive_of.summary(folder)
        except RunError as error:
            if folder.exists():
                terminal.say(f"Note: {error}", style="yellow")


def show(options: Namespace) -> None:
    """Show one run: its segments, why so many, and its row account."""
    terminal = Terminal(options.quiet)
    folder = run_of(root(options), options.run, terminal)
    if options.figure:
        _show_figure(options, folder)
        return
    shown_run = archive_of.read(folder)
    if options.json:
        document = run_document(pipeline.Finished(shown_run, folder, pages(folder)))
        print_json({**document, "history": plain(asdict(shown_run.history))})
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
    """Show the numbers behind a chart or table of the report, and their source."""
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
    """A cell as text: a number with at most four decimals (none from 1,000 on), a bridge step in words, empty for None."""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4f}".rstrip("0").rstrip(".")
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    if column == "kind" and cell:
        return heading(str(cell))
    return "" if cell is None else str(cell)


def compare(options: Namespace) -> None:
    """Show who moved between two runs, and the money that moved with them; with --from or --into the customers."""
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
    lists_customers = options.origin is not None or options.target is not None
    chosen = _between(moves, found, options.origin, options.target)
    if options.to:
        write_list(chosen, options.to)
    doubts = _doubts(before, now)
    if options.json:
        customers = {"customers": records(chosen)} if lists_customers else {}
        print_json({**plain(asdict(found)), "doubts": doubts, **customers})
        return
    shared = f", {found.n_days_shared} of them in both" if found.n_days_shared else ""
    terminal.say(
        f"{before.manifest.as_of} to {now.manifest.as_of}; money of the last {found.period_days} days{shared}",
        style="bold",
    )
    for doubt in doubts:
        terminal.say(f"Note: {doubt}", style="yellow")
    if lists_customers:
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
    found.append(other_customers(before.manifest.run_id, before.drawn, now.drawn, this))
    return (*filter(None, found), *(_emptiness(run) for run in (before, now) if run.manifest.has_empty_period))


def _emptiness(run: Run) -> str:
    why = "Changes in its money reflect the export, not the customers."
    return f"{run.manifest.run_id}: {emptiness(run.manifest)} {why}"


def _between(moves: pd.DataFrame, found: Movement, origin: str | None, target: str | None) -> pd.DataFrame:
    """The customers who went from one segment into another, most money first; `moves` as it is where neither is named.

    Raises
    ------
    UsageError
        There is no such segment.
    """
    if origin is None and target is None:
        return moves
    chosen = moves
    for name, side in ((origin, "before"), (target, "now")):
        if name is not None:
            number, numbers = _number_of(name, found), chosen[f"number_{side}"]
            chosen = chosen[numbers.isna() if number is None else numbers.eq(number).fillna(False)]
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
    """The length of the period over which both runs sum money.

    Raises
    ------
    UsageError
        The periods differ, so that their money cannot be compared.
    """
    days = {run.manifest.period_days for run in (before, now)}
    if len(days) > 1:
        both = " and ".join(str(each) for each in sorted(days))
        raise UsageError(
            f"The money of these runs covers {both} days (history.period_days) and cannot be compared. Run one of them "
            "again with the other's configuration."
        )
    return days.pop()


def accept(options: Namespace) -> None:
    """Show who would move under the fresh segments of a run and, once confirmed, accept them for the archive."""
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
    outcome = "Accepted: the next runs place customers by it." if agreed else f"Nothing was changed{why}."
    terminal.say("")
    terminal.say(outcome, style="bold")
