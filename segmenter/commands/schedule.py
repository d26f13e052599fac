"""Reports on a schedule: listed, tried, served, and sent again."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from segmenter import delivery, schedule
from segmenter.commands.options import config_of
from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.console import Terminal, print_json, shown
from segmenter.errors import ConfigError, DeliveryError, UsageError
from segmenter.runs.archive import find as find_run
from segmenter.runs.state import open_state
from segmenter.schedule import ledger
from segmenter.schedule.journal import open_journal
from segmenter.schedule.work import Command


def now() -> datetime:
    """The clock, in UTC."""
    return datetime.now(UTC)


def start(options: Namespace) -> None:
    """Serve the schedules until stopped; as a stand-by where another service holds the archive."""
    path = Path(options.config) if options.config else None
    settings = schedule.Settings(path, options.archive)
    _refuse_unready(settings.config)
    archive = Path(settings.config.engine.archive)
    open_journal(archive)
    service = schedule.Service(settings, lambda config: command_of(options, config))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    service.serve(wait=not options.no_wait)


def _refuse_unready(config: Config) -> None:
    if not config.schedule:
        raise ConfigError("There is no [[schedule]] in the configuration; add one, or name its file with -c.")
    problems = [
        f"schedule {each.name}: {problem}"
        for each in config.schedule
        for problem in delivery.check((*each.recipients, *each.owner), config.delivery, connect=True)
    ]
    if problems:
        raise DeliveryError(" ".join(problems))


def command_of(options: Namespace, config: Config) -> Command:
    """The command line that makes a schedule's report, as a function of the schedule."""
    here = ["-c", options.config] if options.config else []

    def command(each: ScheduleConfig) -> Sequence[str]:
        words = [sys.executable, "-m", "segmenter", "run", *each.sources, *here, "-o", config.engine.archive]
        return [*words, "--format", ",".join(each.formats), "--json", "--quiet"]

    return command


def listing(options: Namespace) -> None:
    """The schedules in words, and when each is due next."""
    config, moment = config_of(options), now()
    found = [
        (each, schedule.in_words(each), schedule.coming(Config(schedule=(each,)), moment, 1))
        for each in config.schedule
    ]
    if options.json:
        print_json([{"name": each.name, "when": words, "next": str(due[0][1])} for each, words, due in found])
        return
    terminal = Terminal(options.quiet)
    rows = [(each.name, words, _local(each, due[0][1]), ", ".join(each.recipients)) for each, words, due in found]
    terminal.table(("schedule", "when", "next", "to"), rows)
    if not rows:
        terminal.say("There is no [[schedule]] in the configuration.")


def upcoming(options: Namespace) -> None:
    """The next five due times of each schedule, in its own time and in UTC."""
    config = config_of(options)
    zones = {each.name: each for each in config.schedule}
    found = schedule.coming(config, now())
    if options.json:
        print_json([{"schedule": name, "due": due, "local": _local(zones[name], due)} for name, due in found])
        return
    rows = [(name, _local(zones[name], due), f"{due:%a %Y-%m-%d %H:%M}") for name, due in found]
    Terminal(options.quiet).table(("schedule", "local time", "UTC"), rows)


def _local(each: ScheduleConfig, due: datetime) -> str:
    return f"{due.astimezone(ZoneInfo(each.time_zone)):%a %Y-%m-%d %H:%M %Z}"


def run(options: Namespace) -> int:
    """Make a schedule's report now; with --dry-run write its mails instead of sending them."""
    config = config_of(options)
    chosen = schedule.find(config, options.name)
    to, command = tuple(options.to), command_of(options, config)
    if options.dry_run:
        tried = schedule.try_out(config, chosen, command, now, Path(options.mails), to)
    else:
        tried = schedule.run_now(config, chosen, command, now, to)
    if options.json:
        print_json({"state": tried.state, "run": tried.run_id, "cause": tried.cause, "delivered": tried.delivered,
                    "previews": [str(path) for path in tried.previews]})  # fmt: skip
    else:
        _show_tried(Terminal(options.quiet), tried)
    return 0 if tried.state == "done" else 1


def _show_tried(terminal: Terminal, tried: schedule.Tried) -> None:
    terminal.say(f"{tried.state}: {tried.run_id or 'no run'}{'. ' + tried.cause if tried.cause else ''}", style="bold")
    for path in tried.previews:
        terminal.say(f"  not sent, but written: {shown(path)}")
    _show_deliveries(terminal, tried.delivered)


def _show_deliveries(terminal: Terminal, rows: Sequence[dict[str, object]]) -> None:
    told = [
        tuple(str(row[name] or "") for name in ("recipient", "kind", "state", "attempts", "answer")) for row in rows
    ]
    if told:
        terminal.table(("to", "what", "state", "tries", "answer"), told)


def history(options: Namespace) -> None:
    """What became of the due times, and who got what and when."""
    config = config_of(options)
    with open_state(Path(config.engine.archive)) as state:
        slots = ledger.history(state, options.name, options.limit)
        sent = delivery.history(state, options.name, options.limit)
    if options.json:
        print_json({"due_times": slots, "deliveries": sent})
        return
    terminal = Terminal(options.quiet)
    rows = [(row["schedule"], row["due"][:16], row["state"], row["run_id"] or "", row["cause"]) for row in slots]
    terminal.table(("schedule", "due (UTC)", "state", "run", "cause"), rows)
    terminal.say("")
    who = [
        (row["schedule"], row["due"][:16], row["recipient"], row["kind"], row["state"], row["answer"]) for row in sent
    ]
    terminal.table(("schedule", "due (UTC)", "to", "what", "state", "answer"), who)


def status(options: Namespace) -> int:
    """Whether all is well, for a monitor: exit status 1 where something is late, failed, or nobody serves."""
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
    """Send the report of a run, again or for the first time."""
    config = config_of(options)
    if not options.to:
        raise UsageError("Say to whom: --to me@example.com, --to webhook:NAME or --to folder:PATH.")
    folder = find_run(Path(config.engine.archive), options.run)
    rows = schedule.send_again(config, folder.name, tuple(options.to), now)
    if options.json:
        print_json(rows)
    else:
        _show_deliveries(Terminal(options.quiet), rows)
    return 0 if all(row["state"] == "sent" for row in rows) else 1
