"""What data the report is from."""

from __future__ import annotations

from segmenter.report.context.view import View, columns, parts, table, text
from segmenter.report.types import Part, Section, Table

MAX_FILES = 12


def data(view: View) -> Section:
    """The chapter on the data: the account of every row, the columns, the files and the period."""
    period, voice = view.run.manifest.period, view.voice
    lead = (
        f"{voice.number(period.n_transactions)} transactions from {voice.date(period.first_day)} to "
        f"{voice.date(period.last_day)}, seen as of {voice.date(view.run.manifest.as_of)}. "
        "Nothing was dropped in silence: every row read is used or counted under the reason it was set aside."
    )
    return Section(
        "data",
        "What data is this from?",
        lead,
        parts(
            Part("Every row accounted for", view.run.manifest.account.warnings, (), (_account(view),)),
            Part("Revenue over time", (), view.figures("months", "concentration")),
            Part("Who comes back", (), view.figures("cohorts")),
            Part("Columns and files", _ignored(view), (), (_recognition(view), _readings(view))),
        ),
    )


def _account(view: View) -> Table:
    account, voice = view.run.manifest.account, view.voice
    rows = []
    for line in sorted(account.lines, key=lambda line: not line.used):
        amount = None if line.amount is None else float(line.amount)
        fate = "used" if line.used else "set aside"
        rows.append((text(line.label), text(fate), view.number(line.rows), text(voice.money(amount, 2))))
    total = (
        text("rows read"),
        text("sum"),
        view.number(account.rows_read),
        text(voice.money(float(account.amount_read), 2)),
    )
    heads = columns("Rows", "", "Count#", "Money#")
    return table("account", "The account of rows and money", heads, [*rows, total], "run.json: account")


def _ignored(view: View) -> tuple[str, ...]:
    ignored = view.run.manifest.recognition.ignored
    return (f"Columns that were not needed: {', '.join(ignored)}.",) if ignored else ()


def _recognition(view: View) -> Table:
    recognition = view.run.manifest.recognition
    rows = [
        (text(role), text(column), text(recognition.reasons.get(role, "")))
        for role, column in recognition.columns.items()
    ]
    return table(
        "columns", "How columns were understood", columns("Meaning", "Column", "Why"), rows, "run.json: recognition"
    )


def _readings(view: View) -> Table:
    readings = view.run.manifest.readings
    rows = [
        (text(reading.name), view.number(reading.n_rows), text(reading.dialect), text(reading.sha256[:12]))
        for reading in readings[:MAX_FILES]
    ]
    if len(readings) > MAX_FILES:
        others = readings[MAX_FILES:]
        more = f"and {view.voice.number(len(others))} more, listed in run.json"
        rows.append((text(more), view.number(sum(reading.n_rows for reading in others)), text(""), text("")))
    heads = columns("File or table", "Rows#", "Format", "SHA-256")
    return table("files", "Files read", heads, rows, "run.json: readings")
