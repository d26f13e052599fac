"""Which column of an export plays which role, by its name first and its content second."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from segmenter.config.source import ColumnsConfig
from segmenter.errors import SourceError
from segmenter.intake.formats import decimal_candidates, looks_like_time, looks_like_time_of_day
from segmenter.intake.names import NAMES, key_of, tiers_of
from segmenter.intake.statuses import told

REQUIRED = ("customer", "time")
PRODUCT = ("quantity", "unit_price")  # which make a line's money
KINDS = {"linetype", "rowtype", "recordtype"}
PAYING = re.compile("payment|tender|transaction|zahlung")
SIDES = {"sollhaben", "sollhabenkennzeichen", "sh", "debitcredit", "debitcreditindicator", "creditdebit", "drcr", "dc"}
PAPERS = {
    "belegart",
    "belegtyp",
    "doctype",
    "documenttype",
    "transactiontype",
    "invoicetype",
    "vorgangsart",
    "type",
    "typ",
}
CREDIT_SIDE = re.compile("(h|haben|c|cr|credit)")
CREDIT_NOTE = re.compile(
    "(gs|gutschrift(en)?|stornorechnung|credit[ _-]?(note|memo)|cn|cm|refund|return|retoure|avoir|abono)"
)
COUNTING = re.compile("qty|quantit|menge|anzahl|stueck")  # in the name of a column that may be the quantity
NESTED = re.compile(r"[\[{].*[\]}]", re.DOTALL)
ADDRESS = re.compile(r"[^@\s{}]+@[^@\s{}]+")
FEW_ORDERS = 5  # of several products, from which on a money that never differs within an order tells something


@dataclass(frozen=True)
class Roles:
    """Index of the column in each role, and why it was taken."""

    index: dict[str, int]
    reasons: dict[str, str]

    @property
    def by_address(self) -> bool:
        """Whether customers are known by their e-mail address, of which nobody's differs by capitals alone."""
        return self.index.get("email") == self.index["customer"]


@dataclass(frozen=True)
class _Table:
    header: tuple[str, ...]
    sample: Sequence[Sequence[str | None]]
    name: str

    @cached_property
    def _columns(self) -> dict[int, list[str]]:
        return {}

    def values(self, index: int) -> list[str]:
        """The sample's values of a column that are not empty; every role asks for those of most columns."""
        if index not in self._columns:
            given = (row[index] for row in self.sample)
            self._columns[index] = [text for value in given if value and (text := value.strip())]
        return self._columns[index]


def promise(header: Sequence[str]) -> int:
    """How many of the roles a header's names could fill: what tells a table of transactions from others."""
    keys = {key_of(name) for name in header}
    return sum(any(keys & set(tier) for tier in tiers) for role, tiers in NAMES.items() if role != "email")


def recognise(
    header: tuple[str, ...], sample: Sequence[Sequence[str | None]], wanted: ColumnsConfig, name: str
) -> Roles:
    """Roles of the columns `header` with rows `sample`; what `wanted` names overrules. `name` is for messages.

    Raises
    ------
    SourceError
        A configured column is missing, a needed role has no column, or two columns fit it equally well.
    """
    table = _Table(header, sample, name)
    _check_kinds(table)
    index: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for role in NAMES:
        configured = getattr(wanted, role)
        if role == "amount" and not configured and wanted.quantity and wanted.unit_price:
            continue
        found = _configured(table, role, configured) if configured else _by_name(table, role, index)
        if found is not None:
            index[role], reasons[role] = found
    if "email" not in index and "customer" in index and _is_email(table.values(index["customer"])):
        index["email"], reasons["email"] = index["customer"], "its content"
    if words := told(table.values(index["status"])) if "status" in index else "":
        reasons["status"] += f"; {words}"
    if wanted.amount is None:
        _settle_money(table, index, reasons, wanted)
        _check_repeated(table, index)
    _check_complete(table, index)
    _check_minus(table, index)
    return Roles(index, reasons)


def _check_kinds(table: _Table) -> None:
    """Refuse rows of several kinds, such as a sale, its lines and its payment, each of which has the same money."""
    for place, name in enumerate(table.header):
        kinds = sorted(set(table.values(place))) if key_of(name) in KINDS else []
        if len(kinds) > 1 and any(PAYING.search(kind.lower()) for kind in kinds):
            raise SourceError(
                f"{table.name}: the rows are of several kinds by {name[:60]!r} ({', '.join(kinds[:6])}), so that the same money "
                "would be counted more than once. Keep those of one kind only, such as the lines of sales, and read these; where "
                f"each row's money is its own indeed, leave {name[:60]!r} out."
            )


def _check_minus(table: _Table, index: Mapping[str, int]) -> None:
    """Refuse money that went back where another column alone tells so: without a minus it would be added to the sales."""
    money = [index[role] for role in ("amount", "unit_price", "quantity") if role in index]
    for place, name in enumerate(table.header):
        key = key_of(name)
        word = CREDIT_SIDE if key in SIDES else CREDIT_NOTE if key in PAPERS and place not in index.values() else None
        if word is None:
            continue
        back = [row for row in table.sample if word.fullmatch((row[place] or "").strip().lower())]
        if (
            back
            and len(back) < len(table.sample)
            and not any((_float(row[at]) or 0) < 0 for row in back for at in money)
        ):
            raise SourceError(
                f"{table.name}: rows with {(back[0][place] or '').strip()[:60]!r} in {name[:60]!r} look like money that went back, and "
                "none of them has a minus, so that they would count as sales. Write their money with a minus; where they are sales "
                f"indeed, leave {name[:60]!r} out."
            )


def _configured(table: _Table, role: str, column: str) -> tuple[int, str]:
    if column not in table.header:
        names = _names(table.header)
        raise SourceError(f"{table.name} has no column {column!r} for source.columns.{role}; it has {names}.")
    return table.header.index(column), "named in the configuration"


def _names(header: Sequence[str]) -> str:
    """The names of columns in a message, of which hostile exports have many and long ones."""
    more = f" and {len(header) - 30:,} more" if len(header) > 30 else ""
    return ", ".join(" ".join(name.split())[:60] for name in header[:30]) + more


def _by_name(table: _Table, role: str, taken: dict[str, int]) -> tuple[int, str] | None:
    keys = [key_of(name) for name in table.header]
    free = [i for i in range(len(keys)) if i not in taken.values()]
    filled = [i for i in free if table.values(i)]  # a column that holds nothing is no rival of one that does
    for tier, places in ((tier, places) for places in (filled, free) for tier in tiers_of(role, keys)):
        fitting = [i for i in places if keys[i] in tier and _fits(table, role, i)]
        if len(fitting) > 1:
            fitting = _same_content(table, fitting)
        if len(fitting) > 1 and role == "time_of_day":
            return None  # of two clocks neither is needed
        if len(fitting) > 1:
            raise _ambiguous(table, role, fitting)
        if fitting:
            return fitting[0], "its name" + (" and content" if role in CONTENT else "")
    return _by_content(table, role, taken)


def _same_content(table: _Table, fitting: list[int]) -> list[int]:
    """One of columns that say the same in every row of the sample."""
    first = [row[fitting[0]] for row in table.sample]
    same = all([row[other] for row in table.sample] == first for other in fitting[1:])
    return fitting[:1] if same else fitting


def _ambiguous(table: _Table, role: str, fitting: Sequence[int]) -> SourceError:
    names = " and ".join(repr(table.header[i][:60]) for i in fitting[:6])
    return SourceError(
        f"{table.name}: the columns {names} could both be the {role}. Settle it in the configuration: [source.columns] "
        f"{role} = {table.header[fitting[0]][:60]!r}{_product(table) if role == 'amount' else ''}."
    )


def _product(table: _Table) -> str:
    """The other way to name a line's money, where the names of columns offer it."""
    keys = [key_of(name) for name in table.header]
    found = {role: next((i for i, key in enumerate(keys) if key in NAMES[role][0]), None) for role in PRODUCT}
    if None in found.values():
        return ""
    named = " and ".join(f"{role} = {table.header[i][:60]!r}" for role, i in found.items() if i is not None)
    return f", or {named}, which are the line's own"


def _by_content(table: _Table, role: str, taken: dict[str, int]) -> tuple[int, str] | None:
    """A time column under an unknown name, where exactly one column holds dates."""
    if role != "time":
        return None
    fitting = [i for i in range(len(table.header)) if i not in taken.values() and _fits(table, role, i)]
    fitting = [i for i in fitting if not all(value.isdigit() for value in table.values(i))]
    return (fitting[0], "the only column of dates") if len(fitting) == 1 else None


def _fits(table: _Table, role: str, index: int) -> bool:
    values = table.values(index)
    return not values or (not _mostly(values, NESTED.fullmatch) and (role not in CONTENT or CONTENT[role](values)))


def _mostly(values: Sequence[str], looks: Callable[[str], object]) -> bool:
    """True where four in five of the values look so; each is looked at once, however often it is there."""
    return sum(n for value, n in Counter(values).items() if looks(value)) >= 0.8 * len(values)


def _is_time(values: Sequence[str]) -> bool:
    return _mostly(values, looks_like_time)


def _is_time_of_day(values: Sequence[str]) -> bool:
    return _mostly(values, looks_like_time_of_day)


def _is_number(values: Sequence[str]) -> bool:
    return _mostly(values, decimal_candidates)


def _is_email(values: Sequence[str]) -> bool:
    return bool(values) and _mostly(values, ADDRESS.fullmatch)


CONTENT: dict[str, Callable[[Sequence[str]], bool]] = {
    "time": _is_time,
    "time_of_day": _is_time_of_day,
    "amount": _is_number,
    "quantity": _is_number,
    "unit_price": _is_number,
    "refunded": _is_number,
    "cancelled": _is_time,
    "email": _is_email,
}


def _settle_money(table: _Table, index: dict[str, int], reasons: dict[str, str], wanted: ColumnsConfig) -> None:
    """Amount or quantity x price: one reading, or an error where both exist and differ."""
    if "unit_price" in index and "amount" not in index and "quantity" not in index:
        _check_pieces(table, index)
        reasons["unit_price"] += "; no quantity: a line is one piece"
    if "amount" in index and {"quantity", "unit_price"} <= index.keys():
        if wanted.quantity and wanted.unit_price:
            del index["amount"], reasons["amount"]
        elif _agree(table, index):
            reasons["amount"] += ", equal to quantity times price"
        else:
            amount, price = (table.header[index[role]][:60] for role in ("amount", "unit_price"))
            raise SourceError(
                f"{table.name}: a line's money could be {amount!r}, or quantity times {price!r}, and they differ. "
                f"Settle it in the configuration: [source.columns] amount = {amount!r}, or quantity and unit_price."
            )


def _check_pieces(table: _Table, index: dict[str, int]) -> None:
    """Refuse a price without a quantity where a column that was not recognised may be one."""
    for place, name in enumerate(table.header):
        values = table.values(place)
        if place not in index.values() and COUNTING.search(key_of(name)) and values and _is_number(values):
            raise SourceError(
                f"{table.name}: {table.header[index['unit_price']][:60]!r} is the money of one piece, and {name[:60]!r} may say "
                f"how many pieces a line has. Settle it in the configuration: [source.columns] quantity = {name[:60]!r}, or "
                f"amount = {table.header[index['unit_price']][:60]!r} where it is the money of the whole line."
            )


def _check_repeated(table: _Table, index: dict[str, int]) -> None:
    """Refuse an order's total that stands on each of its lines: it would be counted once a line.

    Told by orders of several products whose lines all have one money, while that of the orders differs.
    """
    is_proven = {"quantity", "unit_price"} <= index.keys()  # to be the line's own
    if is_proven or not {"amount", "order", "product"} <= index.keys():
        return
    amounts, products = defaultdict(set), defaultdict(set)
    for row in table.sample:
        order = row[index["order"]]
        amounts[order].add(row[index["amount"]])
        products[order].add(row[index["product"]])
    several = [amounts[order] for order, bought in products.items() if order and len(bought) > 1]
    if len(several) >= FEW_ORDERS and all(len(each) == 1 for each in several) and len(set.union(*several)) > 1:
        name = table.header[index["amount"]][:60]
        raise SourceError(
            f"{table.name}: {name!r} is the same on all lines of an order, as an order's total is, and would be counted once a "
            "line. Name the line's own money in the configuration: [source.columns] amount, or quantity and unit_price; where "
            f"it is the line's own indeed, amount = {name!r}."
        )


def _agree(table: _Table, index: dict[str, int]) -> bool:
    checked = agreeing = 0
    for row in table.sample:
        amount, quantity, price = (_float(row[index[role]]) for role in ("amount", "quantity", "unit_price"))
        if amount is not None and quantity is not None and price is not None:
            checked += 1
            agreeing += abs(amount - quantity * price) <= 0.011 * max(1.0, abs(quantity))
    return agreeing >= 0.95 * checked


def _float(text: str | None) -> float | None:
    candidates = decimal_candidates((text or "").strip())
    return next(iter(candidates.values())) if candidates else None


def _check_complete(table: _Table, index: dict[str, int]) -> None:
    missing = [role for role in REQUIRED if role not in index]
    if "amount" not in index and "unit_price" not in index:
        missing.append("amount (or quantity and unit_price)")
    if missing:
        names = _names(table.header)
        first = missing[0].split(" ")[0]
        raise SourceError(
            f"{table.name}: no column was recognised as {' or as '.join(missing)}. Its columns are {names}. "
            f'Name the right one in the configuration: [source.columns] {first} = "...".'
        )
