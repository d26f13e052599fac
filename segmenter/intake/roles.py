"""Recognises which column of an export plays which role, by name first and content second."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from segmenter.config.source import ColumnsConfig, RulesConfig
from segmenter.errors import SourceError
from segmenter.intake.doubts import check_doubts, check_pieces, sides_of
from segmenter.intake.flags import are_flags
from segmenter.intake.kinds import check_kinds, rows_that_count
from segmenter.intake.moments import looks_like_time, looks_like_time_of_day
from segmenter.intake.names import NAMES, key_of, tiers_of, without_currency
from segmenter.intake.sample import MIN_PROOFS, NEARLY_ALL, Row, Sample, are_numbers, equals_product, mostly, number_in
from segmenter.intake.statuses import in_words
from segmenter.intake.undecided import Doubt, Way, naming

REQUIRED = ("customer", "time")
NOUNS = {
    "time_of_day": "the time of day",
    "unit_price": "the money of one piece",
    "refunded": "the money given back",
    "cancelled": "the mark of what was cancelled",
    "email": "the e-mail address",
}
FACTORS = ("quantity", "unit_price")  # their product is a line's money
NESTED = re.compile(r"[\[{].*[\]}]", re.DOTALL)
FEW_PIECES = {"0", "1", "2", "3"}
NAMED_MONEY = re.compile("amount|value|total|betrag|montant|importe")  # in the name of a refund column
CENT = 0.006  # tolerance for equal amounts of money
ADDRESS = re.compile(r"[^@\s{}]+@[^@\s{}]+")


@dataclass(frozen=True)
class Roles:
    """The index of each role's column, and why that column was chosen."""

    index: dict[str, int]
    reasons: dict[str, str]

    @property
    def by_address(self) -> bool:
        """Whether the customer id is an e-mail address, which is compared case-insensitively."""
        return self.index.get("email") == self.index["customer"]


def count_roles(header: Sequence[str]) -> int:
    """How many roles the names in a header could fill: a score of how much a table looks like transactions."""
    keys = {key_of(name) for name in header}
    return sum(any(keys & set(tier) for tier in tiers) for role, tiers in NAMES.items() if role != "email")


def recognise(
    sample: Sample, wanted: ColumnsConfig, rules: RulesConfig, later: Sequence[Row] = ()
) -> tuple[Roles, tuple[Doubt, ...]]:
    """The roles of the columns of `sample`, by their names and by the rows whose kind counts under `rules`, and the doubts.

    Columns that `wanted` names are taken as they are. A role is in doubt where it is required and has no column or two columns
    fit it equally well, and all are where the data contradict them, among the rows `later`, too. Doubts that depend on others
    come only when those are settled.

    Raises
    ------
    SourceError
        A configured column is missing.
    """
    first, behind = (rows_that_count(sample.header, rows, wanted, rules) for rows in (sample.rows, later))
    sample, wide = (replace(sample, rows=rows, ignored=wanted.ignore) for rows in (first, [*first, *behind]))
    index, reasons, open_roles = _find(sample, wanted)
    if words := in_words(wide.values(index["status"])) if "status" in index else "":
        reasons["status"] += f"; {words}"
    if not open_roles and wanted.amount is None:
        open_roles += _settle_money(sample, index, reasons, wanted)
    doubts = [*check_kinds(wide, wanted), *(open_roles or _missing(sample, index))]
    doubts = doubts or list(check_doubts(wide, index, wanted, rules))
    if wanted.refunded is None and {"amount", "refunded"} <= index.keys() and _is_net(wide, index):
        del index["refunded"], reasons["refunded"]
        reasons["amount"] += "; it is less what was given back already"
    return Roles(index, reasons), tuple(doubts)


def _find(sample: Sample, wanted: ColumnsConfig) -> tuple[dict[str, int], dict[str, str], list[Doubt]]:
    """The column of each role that has one, and why; no column is given to two roles. Doubts where several fit one."""
    index: dict[str, int] = {}
    reasons: dict[str, str] = {}
    doubts: list[Doubt] = []
    for role in NAMES:
        configured = getattr(wanted, role)
        if role == "amount" and not configured and wanted.quantity and wanted.unit_price:
            continue
        fitting, why = _configured(sample, role, configured) if configured else _by_name(sample, role, index)
        if len(fitting) == 1:
            index[role], reasons[role] = fitting[0], why
        elif fitting and role != "time_of_day":  # which is optional, so that nothing is lost where it stays open
            doubts.append(_ambiguous(sample, role, fitting))
    if "email" not in index and "customer" in index and _is_email(sample.values(index["customer"])):
        index["email"], reasons["email"] = index["customer"], "its content"
    return index, reasons, doubts


def _configured(sample: Sample, role: str, column: str) -> tuple[list[int], str]:
    if column not in sample.header:
        names = _names(sample.header)
        raise SourceError(
            f"{sample.name} has no column {column!r} for source.columns.{role}; it has {names}. Name "
            "one of these; where several files call it differently, rename it in those that differ."
        )
    return [sample.header.index(column)], "named in the configuration"


def _names(header: Sequence[str]) -> str:
    """The column names for a message, limited in number and length."""
    more = f" and {len(header) - 30:,} more" if len(header) > 30 else ""
    return ", ".join(" ".join(name.split())[:60] for name in header[:30]) + more


def _by_name(sample: Sample, role: str, taken: dict[str, int]) -> tuple[list[int], str]:
    """The columns that fit a role equally well, and why."""
    for keys, columns in product(_spellings(sample, role), _free(sample, taken)):
        for names in tiers_of(role, keys):
            fitting = [i for i in columns if keys[i] in names and _fits(sample, role, i)]
            if fitting:
                return _same_content(sample, fitting, role), "its name" + (" and content" if role in CONTENT else "")
    return _by_content(sample, role, taken), "the only column of dates"


def _spellings(sample: Sample, role: str) -> list[list[str]]:
    """The header's names in the forms to look up: for the amount also without a currency, as in Price (EUR)."""
    spelled = [[key_of(name) for name in sample.header]]
    if role == "amount":
        spelled.append([key_of(without_currency(name)) for name in sample.header])
    return spelled


def _free(sample: Sample, taken: dict[str, int]) -> tuple[list[int], list[int]]:
    """Columns without a role: first those with values, so that an empty column never competes with them, then all."""
    free = [i for i in sample.columns if i not in taken.values()]
    return [i for i in free if sample.values(i)], free


def _same_content(sample: Sample, fitting: list[int], role: str) -> list[int]:
    """Only the first of the columns where all have the same content, or group the rows into the same orders; else all."""
    contents: list[Sequence[object]] = []
    for column in fitting:
        cells = [row[column] for row in sample.rows]
        contents.append(_numbered(cells) if role == "order" else cells)
    return fitting[:1] if all(each == contents[0] for each in contents[1:]) else fitting


def _numbered(cells: Sequence[str | None]) -> list[int]:
    """Each cell as a number in order of first appearance, so that two columns with the same grouping become equal."""
    numbers: dict[str | None, int] = {}
    return [numbers.setdefault(cell, len(numbers)) for cell in cells]


def _ambiguous(sample: Sample, role: str, fitting: Sequence[int]) -> Doubt:
    names = " and ".join(sample.called(i) for i in fitting[:6])
    return Doubt(
        f"{sample.name}: the columns {names} could both be {NOUNS.get(role, f'the {role}')}.",
        (
            *(naming(f"to take {sample.called(i)}", **{role: sample.header[i]}) for i in fitting[:6]),
            *(_product(sample) if role == "amount" else ()),
        ),
    )


def _product(sample: Sample) -> Iterator[Way]:
    """For an ambiguous amount: the alternative of quantity and unit_price, where columns have such names."""
    keys = [key_of(name) for name in sample.header]
    found = {
        role: next(
            (name for name, key in zip(sample.header, keys, strict=True) if any(key in t for t in NAMES[role])), None
        )
        for role in FACTORS
    }
    if None not in found.values():
        yield naming("to take the line's own", **found)


def _by_content(sample: Sample, role: str, taken: dict[str, int]) -> list[int]:
    """The only column of dates, for the time where no column has such a name."""
    if role != "time":
        return []
    fitting = [i for i in sample.columns if i not in taken.values() and _is_day(sample.values(i))]
    return fitting if len(fitting) == 1 else []


def _fits(sample: Sample, role: str, index: int) -> bool:
    values = sample.values(index)
    if role == "refunded" and NAMED_MONEY.search(key_of(sample.header[index])):
        return are_numbers(values)
    return not values or (not mostly(values, NESTED.fullmatch) and (role not in CONTENT or CONTENT[role](values)))


def _is_day(values: Sequence[str]) -> bool:
    """Whether a column of any name holds dates; plain digits could be anything."""
    return bool(values) and _is_time(values) and not all(value.isdigit() for value in values)


def _is_time(values: Sequence[str]) -> bool:
    return mostly(values, looks_like_time)


def _is_money_back(values: Sequence[str]) -> bool:
    """Numbers that are neither flags of refunded rows (1 and 0) nor counts of refunded pieces."""
    return are_numbers(values) and not {"0"} < {"0", *values} <= FEW_PIECES


def _is_cancellation(values: Sequence[str]) -> bool:
    """Dates or flags of cancelled rows, but not counts of cancelled pieces."""
    return _is_time(values) or are_flags(values)


def _is_email(values: Sequence[str]) -> bool:
    return bool(values) and mostly(values, ADDRESS.fullmatch)


CONTENT: dict[str, Callable[[Sequence[str]], bool]] = {
    "time": _is_time,
    "time_of_day": partial(mostly, test=looks_like_time_of_day),
    "amount": are_numbers,
    "quantity": are_numbers,
    "unit_price": are_numbers,
    "refunded": _is_money_back,
    "cancelled": _is_cancellation,
    "email": _is_email,
}


def _settle_money(
    sample: Sample, index: dict[str, int], reasons: dict[str, str], wanted: ColumnsConfig
) -> Iterator[Doubt]:
    """Decide between amount and quantity times price; a doubt where both exist and differ."""
    if "unit_price" in index and "amount" not in index and "quantity" not in index:
        yield from check_pieces(sample, index)
        reasons["unit_price"] += "; no quantity: a line is one piece"
    if "amount" in index and {"quantity", "unit_price"} <= index.keys():
        if wanted.quantity and wanted.unit_price:
            del index["amount"], reasons["amount"]
            return
        agree = equals_product(sample, *(index[role] for role in ("amount", "quantity", "unit_price")))
        if agree:
            reasons["amount"] += ", equal to quantity times price"
        elif agree is not None:
            amount, quantity, price = (sample.header[index[role]] for role in ("amount", *FACTORS))
            yield Doubt(
                f"{sample.name}: a line's money could be {amount[:60]!r}, or quantity times {price[:60]!r}, and they differ.",
                (
                    naming(f"to take {amount[:60]!r}", amount=amount),
                    naming(f"to take quantity times {price[:60]!r}", quantity=quantity, unit_price=price),
                ),
            )


def _is_net(sample: Sample, index: dict[str, int]) -> bool:
    """Whether the refund is already deducted from the amount: another column holds amount + refund.

    Several rows with a refund are needed as proof; on rows without one that column has to equal the amount.
    """
    amount, refunded = index["amount"], index["refunded"]
    rows = [(row, number_in(row[amount]), abs(number_in(row[refunded]) or 0)) for row in sample.rows]
    proofs = [(row, money + back) for row, money, back in rows if money is not None and back]
    others = [(row, money) for row, money, back in rows if money is not None and not back]
    free = [at for at in sample.columns if at not in index.values()] if len(proofs) >= MIN_PROOFS else []
    return any(_equal(proofs, at) and _equal(others, at) for at in free)


def _equal(rows: Sequence[tuple[Sequence[str | None], float]], column: int) -> bool:
    """Whether a column holds the paired amount in nearly all `rows`."""
    found = sum(abs((number_in(row[column]) or 0) - money) < CENT for row, money in rows)
    return found >= NEARLY_ALL * len(rows)


def _missing(sample: Sample, index: dict[str, int]) -> list[Doubt]:
    """A doubt about the required roles that have no column."""
    missing = [role for role in REQUIRED if role not in index]
    if "amount" not in index and "unit_price" not in index:
        missing.append("amount")
    if not missing:
        return []
    kinds = " or as ".join(missing).replace("amount", "amount (or quantity and unit_price)")
    said = "".join(HINTS[role](sample, index) for role in missing if role in HINTS)
    what = f"{sample.name}: no column was recognised as {kinds}. Its columns are {_names(sample.header)}.{said}"
    return [Doubt(what, (naming("by the name of the right column", **dict.fromkeys(missing, "...")),))]


def _days_missed(sample: Sample, index: dict[str, int]) -> str:
    """Why no column was taken as the time, and which could be."""
    unread = _unread(sample, "time", "day: write it as 2025-06-30")
    days = " and ".join(
        sample.called(at) for at in sample.columns if at not in index.values() and _is_day(sample.values(at))
    )
    if days:
        return f"{unread} Days stand in {days}."
    return unread or " None of them holds days: export one that tells when each row was bought."


def _money_missed(sample: Sample, _: dict[str, int]) -> str:
    """Why no column was taken as the amount, and which could be."""
    unread = _unread(sample, "amount", "number: write it as 1234.50, with nothing around it")
    sides = " and ".join(sample.called(at) for at in sides_of(sample))
    if not sides:
        return unread
    return f"{unread} {sides} seem to be the two sides of a ledger: amount is the one of what customers bought, credit the other."


HINTS = {"time": _days_missed, "amount": _money_missed}


def _unread(sample: Sample, role: str, what: str) -> str:
    """A sentence for each column that is named like a role but does not hold `what`, with an example of its values."""
    places = [at for at in sample.columns if any(key_of(sample.header[at]) in tier for tier in NAMES[role])]
    return "".join(
        f" {sample.called(at)} holds {sample.values(at)[0][:60]!r} and the like, which is read as no {what}."
        for at in places
        if not _fits(sample, role, at)
    )
