"""Words and flags; every command calls one function of a module of `segmenter.commands`.

Exit status: 0 done, 1 the program failed, 2 the command or configuration is wrong, 3 the data cannot be used,
128 + N ended by signal N (130 for Ctrl-C). Files are written for their owner alone.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from typing import NoReturn

from segmenter import __version__
from segmenter.errors import TOO_MANY_FILES, SegmenterError, UsageError, remedy

NOTHING = "Nothing was changed."
RUN_HELP = "its id, the beginning of it, the day seen from (2025-06-30), or latest"
# faults of the machine, which no earlier check can rule out
MACHINE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, *TOO_MANY_FILES}
NO_THREAD = "can't start new thread"  # all that Python says where memory or a limit on threads is exhausted
CLEAN_UP = 5.0  # seconds in which a further signal is taken for a repetition of the first one
FORMATS = ("html", "pdf", "csv", "xlsx", "parquet")


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command in one paragraph, like every other error."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}. See `{self.prog} --help`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; nothing is raised, ``--debug`` prints the traceback too."""
    os.umask(0o077)
    words = sys.argv[1:] if arguments is None else list(arguments)
    options, signals = argparse.Namespace(stopped=NOTHING), _handle_signals()
    try:
        parser().parse_args([word for word in words if word != "--debug"], options)
        return _call(options)
    except BrokenPipeError:
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - every error ends in one paragraph
        if "--debug" in words:
            traceback.print_exc()
        message, status = _ending(error, signals, options.stopped)
        return _report(message, status, getattr(error, "__notes__", ()))


def _handle_signals() -> list[int]:
    """Let SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt; the numbers of those received are added to the list returned.

    A second signal does not interrupt the clean-up unless it comes more than `CLEAN_UP` seconds later.
    """
    received: list[int] = []
    ignored_until = 0.0

    def stop(number: int, _: object) -> None:
        nonlocal ignored_until
        received.append(number)
        if time.monotonic() >= ignored_until:
            ignored_until = time.monotonic() + CLEAN_UP
            raise KeyboardInterrupt

    with contextlib.suppress(ValueError):  # handlers can only be set in the main thread
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, stop)
    return received


def _ending(error: BaseException, signals: Sequence[int], stopped: str) -> tuple[str, int]:
    """The message and the exit status for an error; after a signal it is an interruption, whatever a library raised."""
    if signals or isinstance(error, KeyboardInterrupt):
        outcome = str(error) if isinstance(error, KeyboardInterrupt) else ""
        return f"Interrupted. {outcome or stopped}", 128 + (signals[0] if signals else signal.SIGINT)
    if isinstance(error, SegmenterError):
        return str(error), error.exit_status
    if isinstance(error, OSError) and error.errno in MACHINE_FAULTS:
        what = f"{error.filename} cannot be read or written" if error.filename else "A file cannot be written"
        return f"{what}: {error.strerror}. {remedy(error)}", 1
    if isinstance(error, MemoryError) or str(error) == NO_THREAD:
        what = str(error) or "an allocation failed"
        return f"There is not enough memory: {what}. End other programs or raise the limits of memory and threads.", 1
    bug = f"{type(error).__name__}: {error}"
    return f"segmenter failed in a way it should not: {bug}. Run again with --debug and report it.", 1


def _call(options: argparse.Namespace) -> int:
    if not hasattr(options, "call"):
        options.parser.print_help(sys.stderr)
        return 2
    module, name = options.call.split(".")
    call: Callable[[argparse.Namespace], int | None] = getattr(import_module(f"segmenter.commands.{module}"), name)
    return call(options) or 0


def _report(message: str, status: int, notes: Sequence[str]) -> int:
    from segmenter.console import Terminal

    terminal = Terminal()
    terminal.say(f"segmenter: {message}", style="red")
    for note in notes:
        terminal.lines(note)
    return status


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(prog="segmenter", description="Customer segments and anomalies out of a business's transactions.")
    top.add_argument("--version", action="version", version=f"segmenter {__version__}")
    top.set_defaults(parser=top)
    commands = top.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    _add_analysis(commands)
    _add_samples(commands)
    _add_runs(commands)
    _add_alerts(commands)
    _add_schedule(commands)
    return top


def _command(group: argparse._SubParsersAction[_Parser], name: str, call: str, about: str) -> _Parser:
    command = group.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    command.set_defaults(call=call, parser=command)
    command.add_argument("--json", action="store_true", help="print one JSON document on standard output")
    command.add_argument("--quiet", action="store_true", help="print errors only")
    command.add_argument("-c", "--config", metavar="FILE", help="configuration file")
    return command


def _group(commands: argparse._SubParsersAction[_Parser], name: str, about: str) -> argparse._SubParsersAction[_Parser]:
    command = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    command.set_defaults(parser=command)
    return command.add_subparsers(metavar="COMMAND", parser_class=_Parser)


def _sources(command: _Parser) -> None:
    command.add_argument("sources", nargs="*", metavar="SOURCE", help="file, folder, glob or table")


def _archive(command: _Parser) -> None:
    command.add_argument(
        "-o",
        "--archive",
        metavar="FOLDER",
        help="folder that holds the runs (default: engine.archive of the configuration, else runs)",
    )


def _formats(text: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    wrong = [part for part in chosen if part not in FORMATS]
    if wrong or not chosen:
        raise argparse.ArgumentTypeError(
            f"{', '.join(wrong) or 'nothing'} is not a format; known: {', '.join(FORMATS)}"
        )
    return chosen


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not valid here; give a whole number of 1 or more")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it like 2025-06-30") from None


def _add_analysis(commands: argparse._SubParsersAction[_Parser]) -> None:
    run = _command(commands, "run", "analysis.run", "segments, anomalies and a report out of an export")
    _sources(run)
    _archive(run)
    run.add_argument("--as-of", type=_day, metavar="DATE", help="the day seen from, such as 2025-06-30")
    run.add_argument("--k", type=int, metavar="N", help="number of segments instead of choosing it")
    run.add_argument("--format", type=_formats, metavar="LIST", help="of html,pdf,csv,xlsx,parquet")
    run.add_argument("--seed", type=int, metavar="N", help="seed of every random step")
    run.add_argument("--no-customer-rows", action="store_true", help="a report without single customers")
    run.set_defaults(stopped="No run was added.")
    inspect = _command(commands, "inspect", "analysis.inspect", "what would be read and set aside; no analysis")
    _sources(inspect)
    init = _command(commands, "init", "analysis.init", "write a config.toml that fits an export")
    _sources(init)
    init.add_argument("--to", default="config.toml", metavar="FILE", help="file to write (default: config.toml)")
    score = _command(commands, "score", "analysis.score", "put customers into the segments of an earlier run")
    _sources(score)
    _archive(score)
    score.add_argument("--as-of", type=_day, metavar="DATE", help="the day seen from (default: the day after the last)")
    score.add_argument("--model", required=True, metavar="RUN", help=f"the run whose segments are used: {RUN_HELP}")
    score.add_argument("--to", default="scores.csv", metavar="FILE", help="table to write (default: scores.csv)")


def _add_samples(commands: argparse._SubParsersAction[_Parser]) -> None:
    sample = _command(commands, "sample", "analysis.sample", "write realistic transactions with planted structure")
    sample.add_argument("file", metavar="FILE", help="CSV file to write")
    sample.add_argument("--customers", type=int, default=2000, metavar="N", help="customers (default: 2000)")
    sample.add_argument("--seed", type=int, default=42, metavar="N", help="seed (default: 42)")
    sample.add_argument("--truth", metavar="FILE", help="also write the planted segment and anomaly per customer")
    demo = _command(commands, "demo", "analysis.demo", "sample transactions, a run on them, and where its report is")
    demo.add_argument("--to", default="demo", metavar="FOLDER", help="folder to work in (default: demo)")
    demo.set_defaults(stopped="No run was added.")


def _add_runs(commands: argparse._SubParsersAction[_Parser]) -> None:
    runs = _group(commands, "runs", "the runs of an archive")
    listing = _command(runs, "list", "runs.listing", "the runs, oldest first")
    show = _command(runs, "show", "runs.show", "one run: its segments and row account")
    compare = _command(runs, "compare", "runs.compare", "who moved between two runs, and the money with them")
    accept = _command(runs, "accept", "runs.accept", "make the fresh segments of a run the archive's")
    prune = _command(runs, "prune", "prune.prune", "remove old runs, never the one whose model is accepted")
    report = _command(runs, "report", "report.report", "make the report of a run again, in another language or form")
    for command in (listing, show, compare, accept, prune, report):
        _archive(command)
    show.add_argument("run", nargs="?", default="latest", metavar="RUN", help=RUN_HELP)
    show.add_argument(
        "--figure", metavar="ID", help="the numbers behind a chart or table of its report, with their source"
    )
    compare.add_argument("before", metavar="BEFORE", help=f"the earlier run: {RUN_HELP}")
    compare.add_argument("now", nargs="?", default="latest", metavar="NOW", help="the later run (default: latest)")
    compare.add_argument("--from", dest="origin", metavar="NAME", help="list who was in this segment, or absent")
    compare.add_argument("--into", dest="target", metavar="NAME", help="list who is in this segment now, or absent")
    compare.add_argument("--to", metavar="FILE", help="also write the moves, or the list, as CSV")
    accept.add_argument("run", metavar="RUN", help=RUN_HELP)
    accept.add_argument("--dry-run", action="store_true", help="only show who would move")
    accept.add_argument("--yes", action="store_true", help="accept without asking")
    accept.add_argument("--to", metavar="FILE", help="also write who would move as CSV")
    accept.set_defaults(stopped="`segmenter runs list` shows which run is accepted now.")
    prune.add_argument("--keep", type=_count, metavar="N", help="keep the newest N runs")
    prune.add_argument("--days", type=_count, metavar="N", help="keep runs younger than N days")
    prune.add_argument("--dry-run", action="store_true", help="only show which runs would go")
    prune.add_argument("--yes", action="store_true", help="remove without asking")
    prune.set_defaults(
        stopped="What was removed by then is gone, each run as a whole; `segmenter runs list` shows the rest."
    )
    _add_report(report)


def _add_report(report: _Parser) -> None:
    report.add_argument("run", nargs="?", default="latest", metavar="RUN", help=RUN_HELP)
    report.add_argument("--to", required=True, metavar="FOLDER", help="folder for it, new or empty")
    report.add_argument("--format", type=_formats, metavar="LIST", help="of html,pdf,csv,xlsx,parquet")
    report.add_argument("--locale", metavar="NAME", help="language and number format, such as en_GB or de")
    report.add_argument("--no-customer-rows", action="store_true", help="a report without single customers")
    report.set_defaults(stopped="No run was changed; the folder of the report is there as a whole or not at all.")


def _add_alerts(commands: argparse._SubParsersAction[_Parser]) -> None:
    alerts = _command(commands, "alerts", "alerts.alerts", "new, worse and resolved anomalies since the run before")
    _archive(alerts)
    alerts.add_argument("run", nargs="?", default="latest", metavar="RUN", help=RUN_HELP)
    alerts.add_argument("--all", action="store_true", help="also those that go on as before")
    alerts.add_argument(
        "--verdict", action="append", default=[], metavar="CUSTOMER=WORD", help="say that an alert was expected, or act"
    )
    alerts.add_argument(
        "--verdicts", metavar="FILE", help="CSV with customer_id, verdict and, if wanted, until and note"
    )
    alerts.add_argument("--until", type=_day, metavar="DATE", help="the day a verdict holds to")


def _add_schedule(commands: argparse._SubParsersAction[_Parser]) -> None:
    group = _group(commands, "schedule", "reports that are made again and again")
    start = _command(group, "start", "schedule.start", "serve the schedules until stopped")
    listing = _command(group, "list", "schedule.listing", "the schedules in words")
    upcoming = _command(group, "next", "schedule.upcoming", "the next five due times of each schedule")
    run = _command(group, "run", "schedule.run", "make a schedule's report now")
    history = _command(group, "history", "schedule.history", "what became of the due times, and who got what")
    status = _command(group, "status", "schedule.status", "whether all is well, for a monitor")
    deliver = _command(commands, "deliver", "schedule.deliver", "send the report of a run, again or for the first time")
    for command in (start, listing, upcoming, run, history, status, deliver):
        _archive(command)
    start.add_argument(
        "--no-wait", action="store_true", help="end with status 75 where another service holds the archive"
    )
    run.add_argument("name", metavar="NAME", help="the schedule")
    run.add_argument("--dry-run", action="store_true", help="write the mails as .eml files and send nothing")
    run.add_argument("--mails", default="mails", metavar="FOLDER", help="folder for the .eml files (default: mails)")
    history.add_argument("name", nargs="?", metavar="NAME", help="the schedule (default: all)")
    history.add_argument("--limit", type=_count, default=20, metavar="N", help="rows shown (default: 20)")
    deliver.add_argument("run", metavar="RUN", help=RUN_HELP)
    deliver.add_argument("--alerts", action="store_true", help="its alerts in place of its report")
    for command in (run, deliver):
        command.set_defaults(stopped="`segmenter schedule history` shows what was made and sent by then.")
        command.add_argument(
            "--to", action="append", default=[], metavar="WHO", help="an address, webhook:NAME or folder:PATH"
        )
