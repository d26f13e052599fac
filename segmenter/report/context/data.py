"""What data the report is from."""

from __future__ import annotations

from decimal import Decimal

from segmenter.intake.types import AccountLine
from segmenter.report.context.view import View, code, columns, parts, table, text
from segmenter.report.types import Cell, Part, Section, Table

MAX_FILES = 12
REVENUE_WORDS = (
    "All revenue is net of returns: a return is deducted in the month it came back, and a sale that was cancelled in "
    "full is not counted in any month."
)
REFUND_WORDS = "Refunds from a separate column are deducted in the month of the sale."
NO_CURRENCY = (
    "The export names no currency, and report.currency is empty: amounts of money are plain numbers. Set report.currency "
    "to the currency's code, such as EUR."
)
COHORT_WORDS = (
    "Each row is the customers whose first order was in one month. Read it from left to right: the share who ordered "
    "1, 2, 3 … months later. A month that is not over yet is left out. Customers who had ordered before the data "
    "begins are in its first rows, as if new."
)


def data(view: View) -> Section:
    """The chapter on the data: the account of every row, revenue over time, the columns and the files."""
    period, voice = view.run.manifest.period, view.voice
    lead = voice(
        "{count} lines of orders, returns and discounts from {first} to {last}, as of {date}. Nothing was dropped silently: every row read is "
        "used or counted under the reason it was set aside.",
        count=voice.number(period.n_transactions),
        first=voice.date(period.first_day),
        last=voice.date(period.last_day),
        date=voice.date(view.run.manifest.as_of),
    )
    money = () if voice.currency else (NO_CURRENCY,)
    return Section(
        "data",
        "What data is this from?",
        lead,
        parts(
            Part("Every row accounted for", (*view.run.manifest.account.warnings, *money), (), (_account(view),)),
            Part(
                "Revenue over time",
                _revenue_words(view),
                view.figures("months", "concentration"),
            ),
            Part("Who comes back", (COHORT_WORDS,) if "cohorts" in view.charts else (), view.figures("cohorts")),
            Part("The columns", _ignored(view), (), (_recognition(view),)),
            Part("The files", (), (), (_readings(view),)),
        ),
    )


def _revenue_words(view: View) -> tuple[str, ...]:
    if "months" not in view.charts:
        return ()
    manifest = view.run.manifest
    are_taken_off = manifest.settings.rules.cancellations != "drop"
    return (
        (REVENUE_WORDS, REFUND_WORDS)
        if "refunded" in manifest.recognition.columns and are_taken_off
        else (REVENUE_WORDS,)
    )


def _account(view: View) -> Table:
    account = view.run.manifest.account
    used = [line for line in account.lines if line.used]
    aside = [line for line in account.lines if not line.used]
    rows = [
        *(_account_row(view, line.label, line.rows, line.amount) for line in used),
        _account_row(view, f"= {view.voice('used')}", *_sum(used)),
        *(_account_row(view, line.label, line.rows, line.amount) for line in aside),
        _account_row(view, f"= {view.voice('set aside')}", *_sum(aside)),
        _account_row(view, view.voice("used + set aside = rows read"), account.rows_read, account.amount_read),
    ]
    heads = columns("Rows", "Count#", "Money#")
    return table("account", "The account of rows and money", heads, rows, "run.json: account")


def _account_row(view: View, label: str, rows: int, amount: Decimal | None) -> tuple[Cell, ...]:
    money = None if amount is None else float(amount)
    return text(label), view.number(rows), Cell(view.voice.money(money, 2))


def _sum(lines: list[AccountLine]) -> tuple[int, Decimal]:
    return sum(line.rows for line in lines), sum((line.amount or Decimal(0) for line in lines), Decimal(0))


def _ignored(view: View) -> tuple[str, ...]:
    ignored = view.run.manifest.recognition.ignored
    return (view.voice("Columns not used: {names}.", names=", ".join(ignored)),) if ignored else ()


def _recognition(view: View) -> Table:
    recognition = view.run.manifest.recognition
    rows = [
        (text(view.voice(role.replace("_", " "))), code(column), text(recognition.reasons.get(role, "")))
        for role, column in recognition.columns.items()
    ]
    return table(
        "columns", "How columns were understood", columns("Meaning", "Column", "Why"), rows, "run.json: recognition"
    )


def _readings(view: View) -> Table:
    readings = view.run.manifest.readings
    rows = [
        (code(reading.name), view.number(reading.n_rows), text(reading.dialect), code(reading.sha256[:12]))
        for reading in readings[:MAX_FILES]
    ]
    if len(readings) > MAX_FILES:
        others = readings[MAX_FILES:]
        more = view.voice("and {count} more, listed in run.json", count=view.voice.number(len(others)))
        rows.append((text(more), view.number(sum(reading.n_rows for reading in others)), text(""), text("")))
    heads = columns("File or table", "Rows#", "Format", "SHA-256")
    return table("files", "Files read", heads, rows, "run.json: readings")
