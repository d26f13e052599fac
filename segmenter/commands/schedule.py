"""Reports on a schedule: listed, tried, served, and sent again."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from segmenter import delivery, schedule
from segmenter.commands.options import config_of, run_of
from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.console import Terminal, print_json, shown
from segmenter.errors import UsageError
from segmenter.runs.state import read_state
from segmenter.schedule import ledger
from segmenter.schedule.journal import open_journal, warn_people
from segmenter.schedule.work import Command


def now() -> datetime:
    """The clock, in UTC."""
    return datetime.now(UTC)


def start(options: Namespace) -> None:
    """Serve the schedules until stopped; wait as a stand-by while another service holds the archive."""
    path = Path(options.config) if options.config else None
    settings = schedule.Settings(path, options.archive, schedule.refuse_unready)
    open_journal(Path(settings.config.engine.archive))
    service = schedule.Service(settings, command_of)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, lambda *_: service.stop())
    service.serve(wait=not options.no_wait)


def command_of(config: Config, file: Path | None) -> Command:
    """The command line that makes a schedule's report by the configuration in `file`, as a function of the schedule."""
    here = ["-c", str(file)] if file else []

    def command(each: ScheduleConfig) -> Sequence[str]:
        words = [sys.executable, "-m", "segmenter", "run", *each.sources, *here, "-o", config.engine.archive]
        return [*words, "--format", ",".join(each.formats), "--json", "--quiet"]

    return command


def listing(options: Namespace) -> None:
    """Show the schedules in words: what they send, to whom, and when each is due next."""
    _show_schedules(options, _about)


def upcoming(options: Namespace) -> None:
    """Show when each schedule is due next, in its time zone and in UTC."""
    _show_schedules(options, lambda _: "")


def _show_schedules(options: Namespace, about: Callable[[ScheduleConfig], str]) -> None:
    """Show each schedule in words, what `about` says of it, and its next five due times."""
    config, moment = config_of(options), now()
    found = [(each, schedule.in_words(each), schedule.coming(each, moment)) for each in config.schedule]
    if options.json:
        print_json([_document(*row) for row in found])
        return
    terminal = Terminal(options.quiet)
    for each, words, coming in found:
        terminal.say(f"{each.name}: {words}", style="bold")
        if about(each):
            terminal.say(about(each))
        terminal.table(("local time", "UTC"), [(local, f"{due:%a %Y-%m-%d %H:%M}") for local, due in coming])
        terminal.say("")
    if not found:
        terminal.say("There is no [[schedule]] in the configuration.")


def _document(each: ScheduleConfig, words: str, coming: Sequence[tuple[str, datetime]]) -> dict[str, object]:
    due = [{"local": local, "utc": moment.isoformat()} for local, moment in coming]
    keys = {"kind": each.kind, "condition": each.condition, "recipients": each.recipients, "owner": each.owner}
    return {"name": each.name, "when": words, **keys, "next": due}


def _about(each: ScheduleConfig) -> str:
    """What a schedule sends, to whom, on what condition, and who hears of failures."""
    condition = {"always": "", "above": f", with {each.threshold} newly odd or more"}
    sends = f"{each.kind} ({', '.join(each.formats)}){condition.get(each.condition, f', on {each.condition}')}"
    return f"  sends {sends} to {', '.join(each.recipients) or 'nobody'}; owner: {', '.join(each.owner) or 'nobody'}"


def run(options: Namespace) -> int:
    """Make a schedule's report now; with --dry-run write its mails instead of sending them."""
    config = config_of(options)
    _check_form(options.to)
    chosen = schedule.find(config, options.name)
    to, command = tuple(options.to), partial(command_of, file=Path(options.config) if options.config else None)
    terminal = Terminal(options.quiet)
    warn_people()
    with terminal.working(f"making the report {chosen.name}"):
        if options.dry_run:
            tried = schedule.try_out(config, chosen, command, now, Path(options.mails), to)
        else:
            tried = schedule.run_now(config, chosen, command, now, to)
    if options.json:
        print_json({"state": tried.state, "run": tried.run_id, "cause": tried.cause, "delivered": tried.delivered,
                    "previews": [str(path) for path in tried.previews]})  # fmt: skip
    else:
        _show_tried(terminal, tried)
    return 0 if tried.state == "done" and _all_sent(tried.delivered) else 1


def _all_sent(rows: Sequence[dict[str, object]]) -> bool:
    return all(row["state"] == "sent" for row in rows)


def _check_form(recipients: Sequence[str]) -> None:
    for recipient in recipients:
        if not delivery.is_recipient(recipient):
            raise UsageError(f"--to {recipient} is not an e-mail address, webhook:NAME or folder:PATH.")


def _show_tried(terminal: Terminal, tried: schedule.Tried) -> None:
    terminal.say(f"{tried.state}: {tried.run_id or 'no run'}{'. ' + tried.cause if tried.cause else ''}", style="bold")
    for path in tried.previews:
        terminal.say(f"  not sent, but written: {shown(path)}")
    _show_deliveries(terminal, tried.delivered)


def _show_deliveries(terminal: Terminal, rows: Sequence[dict[str, object]]) -> None:
    columns = ("recipient", "kind", "state", "attempts", "answer")
    if rows:
        cells = [[str(row[name] or "") for name in columns] for row in rows]
        terminal.table(("to", "what", "state", "tries", "answer"), cells)


def history(options: Namespace) -> None:
    """Show what became of the due times, and who got what and when."""
    config = config_of(options)
    with read_state(Path(config.engine.archive)) as state:
        slots = ledger.history(state, options.name, options.limit)
        sent = delivery.history(state, options.name, options.limit)
    if options.name and not slots and not sent:
        schedule.find(config, options.name)  # refuses a misspelt name; schedules of earlier configurations have rows
    if options.json:
        print_json({"due_times": slots, "deliveries": sent})
        return
    terminal = Terminal(options.quiet)
    rows = [(row["schedule"], _minute(row["due"]), _state(row), row["run_id"] or "", row["cause"]) for row in slots]
    terminal.table(("schedule", "due (UTC)", "state", "run", "cause"), rows)
    terminal.say("")
    who = [
        (row["schedule"], _minute(row["due"]), row["recipient"], row["kind"], row["state"], _moment(row), row["answer"])
        for row in sent
    ]
    terminal.table(("schedule", "due (UTC)", "to", "what", "state", "at (UTC)", "answer"), who)


def _state(row: dict[str, Any]) -> str:
    """What became of a due time, or of several skipped ones, of which this is the last."""
    return str(row["state"]) if row["n_due"] == 1 else f"{row['state']} ({row['n_due']:,} due times)"


def _moment(row: dict[str, Any]) -> str:
    """When a message was sent or given up, else when it is tried next."""
    return _minute(row["finished_at"]) if row["finished_at"] else f"again {_minute(row['next_at'])}"


def _minute(moment: str) -> str:
    """Day and minute of a moment of the ledger."""
    return moment[:16].replace("T", " ")


def status(options: Namespace) -> int:
    """Show whether all is well; exit status 1 where something is late, failed or undelivered, or no service runs."""
    config, moment = config_of(options), now()
    archive = Path(config.engine.archive)
    pid, found = schedule.serving(archive), schedule.conditions(archive, config, moment)
    well = pid is not None and not any(each.problem for each in found)
    if options.json:
        print_json({"well": well, "service": pid, "schedules": [vars(each) for each in found]})
        return 0 if well else 1
    terminal = Terminal(options.quiet)
    terminal.say(f"service: process {pid}" if pid else "service: none runs", style="" if pid else "red")
    rows = [
        (each.schedule, f"{each.last_due:%Y-%m-%d %H:%M}" if each.last_due else "", each.state, each.problem)
        for each in found
    ]
    terminal.table(("schedule", "last due (UTC)", "state", "problem"), rows)
    return 0 if well else 1


def deliver(options: Namespace) -> int:
    """Send the report of a run, or its alerts, again or for the first time."""
    config = config_of(options)
    if not options.to:
        raise UsageError("Say to whom: --to me@example.com, --to webhook:NAME or --to folder:PATH.")
    _check_form(options.to)
    terminal = Terminal(options.quiet)
    folder = run_of(Path(config.engine.archive), options.run, terminal)
    rows = schedule.send_again(config, folder.name, tuple(options.to), now, alerts=options.alerts)
    if options.json:
        print_json(rows)
    else:
        _show_deliveries(terminal, rows)
    return 0 if _all_sent(rows) else 1
