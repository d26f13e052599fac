"""What the columns of an export tell against adding up its rows as sales.

Every doubt is a `SourceError` that says what would be counted wrongly, and what to do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import permutations

from segmenter.config.source import ColumnsConfig
from segmenter.errors import SourceError
from segmenter.intake.names import key_of
from segmenter.intake.sampled import Row, Table, are_numbers, are_products, mostly, number_in

KINDS = {"linetype", "rowtype", "recordtype"}
PAYING = re.compile("payment|tender|transaction|zahlung")
BILL = re.compile(r"\b(invoice|sales?|order)\b|rechnung|facture|factura|fattura|faktur")
PAID = re.compile(
    r"((bill|customer|invoice|receivable|rechnungs|kunden)?[ -]?payments?( received)?|zahlung(seingang)?|paiement|pago|pagamento)"
)
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
GIVEN_BACK = re.compile(
    "refund(?!able)|returned|returns|return(qty|quantity|amount|value)|erstatt|retour|rembours|reembols|rimbors|devuelt"
)
TELLING = re.compile(
    "(id|no|nr|number|nummer|code|date|datum|at|on|by|days|reason|grund|type|status|rate|policy)$"
)  # something else of it
STATE = re.compile("status|state|type|event|result|outcome|stage|zustand|etat|estado|stato|durum|art$|typ$")
OFF = re.compile("(order |payment |sale )?(cancel|storn|void|ann?ul|declin|failed)")
FEW_WORDS = 20  # beyond which a column's cells are no words for what became of an order
YES = re.compile("true|t|yes|y|x|ja|j|oui|si|sí")
DISCOUNT = re.compile("discount|rabatt|remise|descuento|desconto|sconto|korting|nachlass")
REDUCED = ("saleprice", "sellingprice")  # prices after it, by their names
COUNTING = re.compile(
    "qty|quantit|quantid|cantid|menge|anzahl|stueck|aantal|ilosc|antal|adet|miktar|pieces|units"
)  # in the name of a column that may be the quantity
COUNTED = re.compile(r"[-+]?\d")
FEW_ROWS = 200  # that prove a column to be the product of two others
FEW_ORDERS = 5  # of several lines, from which on a money that never differs within an order tells something


def check_kinds(table: Table) -> None:
    """Refuse rows of several kinds, such as a sale, its lines and its payment, each of which has the same money."""
    for place, name in enumerate(table.header):
        if key_of(name) in PAPERS:
            _check_paid(table, place)
        kinds = sorted(set(table.values(place))) if key_of(name) in KINDS else []
        if len(kinds) > 1 and any(PAYING.search(kind.lower()) for kind in kinds):
            raise SourceError(
                f"{table.name}: the rows are of several kinds by {name[:60]!r} ({', '.join(kinds[:6])}), so that the same money "
                "would be counted more than once. Keep those of one kind only, such as the lines of sales, and read these; where "
                f"each row's money is its own indeed, leave {name[:60]!r} out."
            )


def _check_paid(table: Table, place: int) -> None:
    """Refuse a ledger, whose rows charge an invoice and pay it, by the words of its column `place`."""
    words = sorted(set(table.values(place)))
    paying = [word for word in words if PAID.fullmatch(word.lower())]
    charging = [word for word in words if word not in paying and BILL.search(word.lower())]
    if paying and charging:
        raise SourceError(
            f"{table.name}: rows with {paying[0][:60]!r} in {table.called(place)} pay what those with {charging[0][:60]!r} charge, so "
            "that the same money would count twice or, where it has a minus, not at all. Leave the payments out; where each row's "
            f"money is its own indeed, leave {table.called(place)} out."
        )


def check(table: Table, index: Mapping[str, int], wanted: ColumnsConfig) -> None:
    """Refuse what speaks against the columns' roles `index`, of which `wanted` names some."""
    if wanted.amount is None:
        _check_repeated(table, index)
        _check_discount(table, index, wanted)
    _check_minus(table, index)
    if not {"status", "cancelled"} & index.keys():
        _check_status(table, index)
    if "refunded" not in index:
        _check_given_back(table, index)


def _check_minus(table: Table, index: Mapping[str, int]) -> None:
    """Refuse money that went back where another column alone tells so: without a minus it would be added to the sales."""
    for place, name in enumerate(table.header):
        key = key_of(name)
        word = CREDIT_SIDE if key in SIDES else CREDIT_NOTE if key in PAPERS and place not in index.values() else None
        if word is None:
            continue
        back = [row for row in table.sample if word.fullmatch((row[place] or "").strip().lower())]
        if back and len(back) < len(table.sample) and not _has_minus(back, index):
            raise SourceError(
                f"{table.name}: rows with {(back[0][place] or '').strip()[:60]!r} in {name[:60]!r} look like money that went back, and "
                "none of them has a minus, so that they would count as sales. Write their money with a minus; where they are sales "
                f"indeed, leave {name[:60]!r} out."
            )


def _check_status(table: Table, index: Mapping[str, int]) -> None:
    """Refuse orders that came to nothing by the words of a column that plays no role: they would count as sales."""
    for place, name in enumerate(table.header):
        words = (
            Counter(table.values(place)) if STATE.search(key_of(name)) and place not in index.values() else Counter()
        )
        off = {word for word in words if OFF.match(word.lower())} if len(words) <= FEW_WORDS else set()
        rows = [row for row in table.sample if (row[place] or "").strip() in off]
        if rows and len(rows) < len(table.sample) and not _has_minus(rows, index):
            raise SourceError(
                f"{table.name}: rows with {min(off)[:60]!r} in {table.called(place)} seem to have come to nothing, and would count as "
                f"sales. Settle it in the configuration: [source.columns] status = {table.called(place)}; where they are sales indeed, "
                f"leave {table.called(place)} out."
            )


def _has_minus(rows: Sequence[Row], index: Mapping[str, int]) -> bool:
    """Whether the money or the pieces of any of the rows have a minus."""
    money = [index[role] for role in ("amount", "unit_price", "quantity") if role in index]
    return any((number_in(row[at]) or 0) < 0 for row in rows for at in money)


def _check_given_back(table: Table, index: Mapping[str, int]) -> None:
    """Refuse what was given back where a column tells of it that plays no role: the rows would count as whole sales."""
    if key_of(table.header[index.get("amount", index["time"])]) == "netsales":
        return  # sales less discounts and returns, wherever tills have that name
    for place, name in enumerate(table.header):
        key = key_of(name)
        if place in index.values() or not GIVEN_BACK.search(key) or TELLING.search(key):
            continue
        back = [row for row in table.sample if _tells(row[place])]
        if back and len(back) < len(table.sample) and not _has_minus(back, index):
            raise SourceError(
                f"{table.name}: {table.called(place)} seems to tell what was given back, such as "
                f"{(back[0][place] or '').strip()[:60]!r}, and its rows would count as whole sales. Where it is money, name it in the "
                f"configuration: [source.columns] refunded = {table.called(place)}; where it counts pieces or marks rows, take these "
                "off the export's quantity or amount; where it is neither, leave the column out."
            )


def _tells(cell: str | None) -> bool:
    """Whether a cell has a number other than 0, or a yes."""
    return bool(number_in(cell)) or bool(YES.fullmatch((cell or "").strip().lower()))


def check_pieces(table: Table, index: Mapping[str, int]) -> None:
    """Refuse a price without a quantity where a column that was not recognised may be one, be it a number or one with its unit."""
    price = table.called(index["unit_price"])
    for place, name in enumerate(table.header):
        values = table.values(place)
        if (
            place in index.values()
            or not COUNTING.search(key_of(name))
            or not values
            or not mostly(values, COUNTED.match)
        ):
            continue
        said = (
            ""
            if are_numbers(values)
            else f" Its cells hold more than a number, such as {values[0][:60]!r}: leave the unit out."
        )
        raise SourceError(
            f"{table.name}: {price} is the money of one piece, and {table.called(place)} may say how many pieces a line has.{said} "
            f"Settle it in the configuration: [source.columns] quantity = {table.called(place)}, or amount = {price} where it is the "
            "money of the whole line."
        )
    numeric = [place for place in range(len(table.header)) if place not in index.values() and _differ(table, place)]
    for amount, quantity in permutations(numeric, 2):
        is_count = any((number_in(value) or 0) >= 2 for value in table.values(quantity))  # and no share or rate of tax
        if is_count and are_products(table.sample[:FEW_ROWS], amount, quantity, index["unit_price"]):
            raise SourceError(
                f"{table.name}: {price} is the money of one piece, and {table.called(amount)} is {table.called(quantity)} times that. "
                f"Settle it in the configuration: [source.columns] amount = {table.called(amount)}."
            )


def _differ(table: Table, place: int) -> bool:
    """Whether a column holds numbers in most rows, and not the same in all."""
    values = table.values(place)
    return len(values) >= 0.8 * len(table.sample) and len(set(values)) > 1 and are_numbers(values)


def _check_repeated(table: Table, index: Mapping[str, int]) -> None:
    """Refuse an order's total that stands on each of its lines: it would be counted once a line.

    Told by orders of several products, or of several lines of one moment where no column has products, whose lines all have one
    money, while that of the orders differs.
    """
    is_proven = {"quantity", "unit_price"} <= index.keys()  # to be the line's own
    if is_proven or not {"amount", "order"} <= index.keys():
        return
    what = index.get("product", index.get("description"))
    amounts, bought = defaultdict(set), defaultdict(set)
    for number, row in enumerate(table.sample):
        order = (row[index["order"]], "" if what is not None else row[index["time"]])
        amounts[order].add(row[index["amount"]])
        bought[order].add(number if what is None else row[what])
    several = [amounts[order] for order, things in bought.items() if order[0] and len(things) > 1]
    if len(several) >= FEW_ORDERS and all(len(each) == 1 for each in several) and len(set.union(*several)) > 1:
        name = table.called(index["amount"])
        raise SourceError(
            f"{table.name}: {name} is the same on all lines of an order, as an order's total is, and would be counted once a "
            "line. Name the line's own money in the configuration: [source.columns] amount, or quantity and unit_price; where "
            f"it is the line's own indeed, amount = {name}; where there is none, leave one line of each order."
        )


def _check_discount(table: Table, index: Mapping[str, int], wanted: ColumnsConfig) -> None:
    """Refuse quantity times price beside a discount that it leaves out, unless the price was chosen or named as the reduced one."""
    if "amount" in index or wanted.unit_price or key_of(table.header[index["unit_price"]]) in REDUCED:
        return
    price = table.called(index["unit_price"])
    for place, name in enumerate(table.header):
        key = key_of(name)
        is_named = place not in index.values() and DISCOUNT.search(key) and not TELLING.search(key)
        if is_named and any(number_in(value.rstrip(" %")) for value in table.values(place)):
            raise SourceError(
                f"{table.name}: quantity times {price} would leave out what {table.called(place)} takes off. Where the price is the "
                f"one after it, say so in the configuration: [source.columns] unit_price = {price}; else add a column of the line's "
                "money after it to the export, and name that: amount."
            )
