"""Anomalies since the previous run, and people's verdicts on them."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd

from segmenter.commands.history import alert_news, alert_notes, records
from segmenter.commands.options import config_of, run_of
from segmenter.console import Terminal, print_json
from segmenter.errors import RunError, UsageError
from segmenter.privacy import known_as
from segmenter.runs import verdicts as verdicts_of
from segmenter.runs.alerts import ORDER, count, to_report, with_verdicts
from segmenter.runs.archive import read
from segmenter.runs.history import AlertCount
from segmenter.runs.state import look_at_state, open_state
from segmenter.runs.types import Run
from segmenter.runs.verdicts import Verdict

COLUMNS = ["customer_id", "state", "since", "severity", "amount_at_stake", "reason", "evidence"]  # of the JSON document


def alerts(options: Namespace) -> None:
    """Record the verdicts given, then show the new, worsened, ongoing and resolved anomalies of a run."""
    if options.until and not (options.verdict or options.verdicts):
        raise UsageError(
            "--until is the last day of a verdict; give one with --verdict CUSTOMER=expected or --verdicts FILE."
        )
    config = config_of(options)
    root, terminal = Path(config.engine.archive), Terminal(options.quiet)
    run = read(run_of(root, options.run, terminal))
    as_of = run.manifest.as_of
    if run.alerts is None or run.history.alerts is None:
        raise RunError(f"The run {run.manifest.run_id} holds no alerts. Run again.")
    until = options.until or as_of + timedelta(days=config.history.hold_days)
    given = [replace(each, customer_id=known_as(root, each.customer_id)) for each in _given(options, until)]
    given = verdicts_of.on_alerts(given, run.alerts, as_of)
    with open_state(root) if given else look_at_state(root) as state:
        n_added = verdicts_of.add_verdicts(state, given, datetime.now(UTC)) if given else 0
        verdicts, judged = verdicts_of.read_verdicts(state), verdicts_of.precision(state)
    table = with_verdicts(run.alerts, verdicts, as_of)
    counts = count(table, judged, as_of, is_baseline=run.history.alerts.is_baseline)
    reported = to_report(table, as_of)
    if options.json:
        shown = records(reported[COLUMNS])
        print_json({"run": run.manifest.run_id, "counts": vars(counts), "alerts": shown, "verdicts_added": n_added})
        return
    if n_added:
        terminal.say(f"Verdicts recorded: {n_added:,}.")
    _show(terminal, run, reported, counts, everything=options.all)


def _given(options: Namespace, until: date) -> list[Verdict]:
    """The verdicts of the command line and of the file it names."""
    given = []
    for text in options.verdict:
        customer, equals, word = text.rpartition("=")
        if not equals:
            raise UsageError(f"{text} is not a verdict. Write CUSTOMER=expected or CUSTOMER=act.")
        given.append(verdicts_of.verdict(customer, word, until))
    if options.verdicts:
        given += verdicts_of.verdicts_from_csv(Path(options.verdicts), until)
    return given


def _show(terminal: Terminal, run: Run, reported: pd.DataFrame, counts: AlertCount, *, everything: bool) -> None:
    terminal.say(f"{run.manifest.run_id}, as of {run.manifest.as_of}: {_headline(counts)}", style="bold")
    states = [state for state in ORDER if everything or counts.is_baseline or state != "ongoing"]
    rows = [
        (
            str(row["customer_id"]),
            row["state"],
            f"{row['severity']:,.0f}",
            f"{row['amount_at_stake']:,.0f}",
            str(row["reason"]),
        )
        for row in reported.to_dict("records")
        if row["state"] in states
    ]
    if rows:
        terminal.table(("customer", "state", "severity", "money involved", "why"), rows, right=(2, 3))
    if counts.ongoing and "ongoing" not in states:
        terminal.say(f"{counts.ongoing:,} ongoing are left out; --all shows them.")
    for note in alert_notes(counts):
        terminal.say(note)


def _headline(counts: AlertCount) -> str:
    if counts.is_baseline:
        return f"{counts.ongoing:,} odd customers at the start; the next run will show what is new"
    return alert_news(counts)
