"""Removes old runs from an archive, with the ledger's and the cache's entries of their time."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from segmenter import delivery
from segmenter.commands.options import root
from segmenter.console import Terminal, print_json
from segmenter.errors import UsageError
from segmenter.intake.cache import drop_orphans
from segmenter.pipeline import CACHE
from segmenter.runs import acceptance
from segmenter.runs import archive as archive_of
from segmenter.runs.state import open_state
from segmenter.schedule import ledger


def prune(options: Namespace) -> None:
    """Remove old runs by number or age, the ledger's entries of their time, and cached exports that are gone.

    On an interactive terminal the runs are shown and confirmation is asked for; elsewhere they are removed at once.
    Only runs that were shown are removed: while the question waits, a schedule may finish one, or one may be accepted.
    """
    if options.keep is None and options.days is None:
        raise UsageError("Say what to keep: --keep N for the newest N runs, or --days N for those younger than N days.")
    archive, terminal = root(options), Terminal(options.quiet)
    old = archive_of.outdated(archive, options.keep, options.days, _accepted(archive), datetime.now(UTC))
    is_asked = bool(old) and terminal.can_ask and not (options.yes or options.dry_run or options.json)
    if options.dry_run or is_asked:
        _say_runs(terminal, f"{len(old)} run(s) would be removed", old)
    if options.dry_run or (is_asked and not terminal.ask("\nRemove them for good?")):
        _leave(options, terminal, old)
        return
    gone = archive_of.prune(archive, old, partial(_accepted, archive))
    _tell(options, terminal, gone, _forget(archive, gone), drop_orphans(archive / CACHE))


def _accepted(archive: Path) -> tuple[str, ...]:
    """Id of the run whose model is accepted now, which stays; none where there is none."""
    found = acceptance.accepted_run(archive)
    return found[:1] if found else ()


def _leave(options: Namespace, terminal: Terminal, old: tuple[str, ...]) -> None:
    """Say that nothing was removed."""
    if options.json:
        print_json({"removed": (), "would_be_removed": old})
        return
    terminal.say("")
    terminal.say(f"Nothing was changed{' (--dry-run)' if options.dry_run else ''}.", style="bold")


def _tell(
    options: Namespace, terminal: Terminal, gone: tuple[str, ...], forgotten: tuple[int, int], orphans: int
) -> None:
    n_due, n_messages = forgotten
    if options.json:
        print_json(
            {
                "removed": gone,
                "exports_forgotten": orphans,
                "due_times_forgotten": n_due,
                "messages_forgotten": n_messages,
            }
        )
        return
    _say_runs(terminal, f"{len(gone)} run(s) removed", gone)
    if n_due or n_messages:
        terminal.say(f"{n_due} due time(s) and {n_messages} message(s) of before them forgotten")
    if orphans:
        terminal.say(f"{orphans} export(s) forgotten that are no longer where they were read")


def _say_runs(terminal: Terminal, what: str, names: tuple[str, ...]) -> None:
    for line in (what, *(f"  {name}" for name in names)):
        terminal.say(line)


def _forget(archive: Path, gone: tuple[str, ...]) -> tuple[int, int]:
    """Remove what the ledger closed before the last of the runs that are `gone`; numbers of due times and of messages."""
    if not gone:
        return 0, 0
    before = archive_of.made_at(gone[-1])
    with open_state(archive) as state:
        return ledger.forget(state, before), delivery.forget(state, before)
