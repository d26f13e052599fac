"""What the columns of an export tell against adding up its rows as sales.

Every doubt is a `SourceError` that says what would be counted wrongly, and what to do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

from segmenter.config.source import ColumnsConfig
from segmenter.errors import SourceError
from segmenter.intake.flags import are_flags, says_yes
from segmenter.intake.names import key_of, last_word
from segmenter.intake.sampled import Table, are_numbers, mostly, number_in, prove_products

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
CALLED_OFF = re.compile("^cancell?ed(qty|quantity|items|pieces)?$")
TELLING = re.compile(
    "((refund|return|discount)(ed|s)?)?(id|no|nr|at|on|by)|.*(number|nummer|code|date|datum|days|reason|grund|type|status|policy)"
)  # the last word of a name that tells something else of it
ELIGIBLE = re.compile("eligib|allowed|rate$|policy")  # what may be given back, or how often
STATE = re.compile(
    "(order|payment|transaction|sales?|booking|reservation|invoice|event|bestell|auftrags|zahlungs|buchungs|rechnungs|vorgangs)?"
    "(status|state|type|event|result|outcome|stage|zustand|art|typ)"
    "|(statut|etat|estado|stato)(commande|paiement|pedido|pago|venta|venda|ordine|pagamento)?|(siparis|odeme)?durumu?"
)  # the whole name: a membership, an e-mail and a rate are no orders
OFF = re.compile(
    "(order|payment)?(cancel|cancell?ed|cancell?ation|storno|storniert|stornierung|void|voided|annul|annul(led|lation|e|ee|ato|ata)"
    "|annuller(et|ad)|anulad[oa]|anulowan[aey]|geannuleerd|declined|failed|abgelehnt|fehlgeschlagen)"
)
FEW_WORDS = 20  # beyond which a column's cells are no words for what became of an order
DISCOUNT = re.compile("discount|rabatt|remise|descuento|desconto|sconto|korting|nachlass")
DISCOUNTED = re.compile("discounted(unit|item|sale|line)?price|priceafterdiscount|rabattierter?(einzel|stueck)?preis")
REDUCED = ("saleprice", "sellingprice")  # prices after it, by their names
COUNTING = re.compile(
    "qty|quantit|quantid|cantid|menge|anzahl|stueck|aantal|ilosc|antal|adet|miktar|pieces|units"
)  # in the name of a column that may be the quantity
COUNTED = re.compile(r"[-+]?\d")
FEW_ROWS = 200  # among which a column is looked for that is the product of two others
FEW_ORDERS = 5  # of several lines, from which on a money that never differs within an order tells something
FEW_SIZES = 3  # numbers of lines that orders must have where no column tells what is on them: tickets come in twos


def check_kinds(table: Table) -> None:
    """Refuse rows of several kinds, such as a sale, its lines and its payment, each of which has the same money."""
    for place in table.places:
        key = key_of(table.header[place])
        if key in PAPERS:
            _check_paid(table, place)
        kinds = sorted(set(table.values(place))) if key in KINDS else []
        if len(kinds) > 1 and any(PAYING.search(kind.lower()) for kind in kinds):
            raise SourceError(
                f"{table.name}: the rows are of several kinds by {table.called(place)} ({', '.join(kinds[:6])}), so that the same "
                "money would be counted more than once. Keep those of one kind only, such as the lines of sales, and read these; where "
                f"each row's money is its own indeed, say so in the configuration: {_ignore(table, place)}."
            )


def _ignore(table: Table, place: int) -> str:
    """The way out of every doubt, for whoever knows better."""
    return f"[source.columns] ignore = [{table.called(place)}]"


def _check_paid(table: Table, place: int) -> None:
    """Refuse a ledger, whose rows charge an invoice and pay it, by the words of its column `place`."""
    words = sorted(set(table.values(place)))
    paying = [word for word in words if PAID.fullmatch(word.lower())]
    charging = [word for word in words if word not in paying and BILL.search(word.lower())]
    if paying and charging:
        raise SourceError(
            f"{table.name}: rows with {paying[0][:60]!r} in {table.called(place)} pay what those with {charging[0][:60]!r} charge, so "
            "that the same money would count twice or, where it has a minus, not at all. Leave the payments out; where each row's "
            f"money is its own indeed, say so in the configuration: {_ignore(table, place)}."
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


def _sold(table: Table, index: Mapping[str, int], place: int, is_meant: Callable[[str], object]) -> str:
    """A cell of column `place` that is meant, where its rows, but not all, would count as sales: most have money and no minus."""
    rows = [row for row in table.sample if is_meant((row[place] or "").strip())]
    if not rows or len(rows) == len(table.sample):
        return ""
    money = [index[role] for role in ("amount", "unit_price", "quantity") if role in index]
    numbers = [[number for at in money if (number := number_in(row[at])) is not None] for row in rows]
    counted = [each for each in numbers if each and all(each)]
    sold = sum(min(each) > 0 for each in counted)
    return (rows[0][place] or "").strip()[:60] if sold > len(counted) / 2 else ""


def _check_minus(table: Table, index: Mapping[str, int]) -> None:
    """Refuse money that went back where another column alone tells so: without a minus it would be added to the sales."""
    for place in table.places:
        key = key_of(table.header[place])
        word = CREDIT_SIDE if key in SIDES else CREDIT_NOTE if key in PAPERS and place not in index.values() else None
        back = _sold(table, index, place, _said(word)) if word else ""
        if back:
            raise SourceError(
                f"{table.name}: rows with {back!r} in {table.called(place)} look like money that went back, and most of them have no "
                "minus, so that they would count as sales. Write their money with a minus; where they are sales indeed, say so in the "
                f"configuration: {_ignore(table, place)}."
            )


def _said(word: re.Pattern[str]) -> Callable[[str], object]:
    return lambda cell: word.fullmatch(cell.lower())


def _check_status(table: Table, index: Mapping[str, int]) -> None:
    """Refuse orders that came to nothing by the words of a column that plays no role: they would count as sales."""
    for place in table.places:
        is_state = place not in index.values() and STATE.fullmatch(key_of(table.header[place]))
        if not is_state or len(set(table.values(place))) > FEW_WORDS:
            continue
        off = _sold(table, index, place, lambda cell: OFF.fullmatch(key_of(cell)))
        if off:
            raise SourceError(
                f"{table.name}: rows with {off!r} in {table.called(place)} seem to have come to nothing, and would count as "
                f"sales. Settle it in the configuration: [source.columns] status = {table.called(place)}; where they are sales indeed, "
                f"{_ignore(table, place)}."
            )


def _check_given_back(table: Table, index: Mapping[str, int]) -> None:
    """Refuse what was given back where a column tells of it that plays no role: the rows would count as whole sales."""
    if key_of(table.header[index.get("amount", index["time"])]) == "netsales":
        return  # sales less discounts and returns, wherever tills have that name
    is_told = {"status", "cancelled"} & index.keys()  # what was called off, by another column
    for place in table.places:
        name = table.header[place]
        is_named = _tells_of(name, GIVEN_BACK) or (not is_told and _tells_of(name, CALLED_OFF))
        if place in index.values() or not is_named or ELIGIBLE.search(key_of(name)):
            continue
        back = _sold(table, index, place, lambda cell: number_in(cell) or says_yes(cell))
        role, what, else_ = ("refunded", "is money", "; where it counts pieces, take these off the quantity or amount")
        if are_flags(table.values(place)):
            role, what, else_ = ("cancelled", "marks rows that came back in whole", "")
        if back:
            raise SourceError(
                f"{table.name}: {table.called(place)} seems to tell what was given back, such as {back!r}, and its rows would count "
                f"as whole sales. Where it {what}, name it in the configuration: [source.columns] {role} = {table.called(place)}"
                f"{else_}; where it tells nothing of the money, {_ignore(table, place)}."
            )


def _tells_of(name: str, what: re.Pattern[str]) -> bool:
    """Whether a column tells how much there is of `what`, and not its number, its day or its reason."""
    return bool(what.search(key_of(name))) and not TELLING.fullmatch(last_word(name))


def check_pieces(table: Table, index: Mapping[str, int]) -> None:
    """Refuse a price without a quantity where a column that was not recognised may be one, be it a number or one with its unit."""
    price = table.called(index["unit_price"])
    free = [place for place in table.places if place not in index.values()]
    for place in free:
        values = table.values(place)
        if not COUNTING.search(key_of(table.header[place])) or not values or not mostly(values, COUNTED.match):
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
    numeric = [place for place in free if _differ(table, place)]
    few = replace(table, sample=table.sample[:FEW_ROWS])
    for amount, quantity in permutations(numeric, 2):
        if prove_products(few, amount, quantity, index["unit_price"]):
            raise SourceError(
                f"{table.name}: {price} is the money of one piece, and {table.called(amount)} is {table.called(quantity)} times that. "
                f"Settle it in the configuration: [source.columns] amount = {table.called(amount)}, or amount = {price} where that is "
                "the money of the whole line."
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
    several = [order for order, things in bought.items() if order[0] and len(things) > 1]
    if what is None and not _are_carts([(len(bought[order]), amounts[order]) for order in several]):
        return
    found = [amounts[order] for order in several]
    if len(found) >= FEW_ORDERS and all(len(each) == 1 for each in found) and len(set.union(*found)) > 1:
        name = table.called(index["amount"])
        raise SourceError(
            f"{table.name}: {name} is the same on all lines of an order, as an order's total is, and would be counted once a "
            "line. Name the line's own money in the configuration: [source.columns] amount, or quantity and unit_price; where "
            f"it is the line's own indeed, amount = {name}; where there is none, leave one line of each order."
        )


def _are_carts(orders: Sequence[tuple[int, set[str | None]]]) -> bool:
    """Whether orders, by their numbers of lines and their money, are of many things: equal tickets have few numbers and prices."""
    many = 2 * FEW_ORDERS
    sizes, money = {size for size, _ in orders}, {each for _, amounts in orders for each in amounts}
    return len(orders) >= many and len(sizes) >= FEW_SIZES and len(money) > 0.5 * len(orders)


def _check_discount(table: Table, index: Mapping[str, int], wanted: ColumnsConfig) -> None:
    """Refuse a price beside a discount that it leaves out, unless the price was chosen or named as the reduced one."""
    if "amount" in index or wanted.unit_price or key_of(table.header[index["unit_price"]]) in REDUCED:
        return
    price = table.called(index["unit_price"])
    money = f"quantity times {price}" if "quantity" in index else price
    for place in table.places:
        name, values = table.header[place], table.values(place)
        is_named = place not in index.values() and _tells_of(name, DISCOUNT)
        if not is_named or are_flags(values) or not any(number_in(value.rstrip(" %")) for value in values):
            continue
        if DISCOUNTED.search(key_of(name)):
            raise SourceError(
                f"{table.name}: {table.called(place)} seems to be what is left of {price}. Settle it in the configuration: "
                f"[source.columns] unit_price = {table.called(place)}, or unit_price = {price} where that was paid."
            )
        raise SourceError(
            f"{table.name}: {money} would leave out what {table.called(place)} takes off. Where the price is the "
            f"one after it, say so in the configuration: [source.columns] unit_price = {price}; else add a column of the line's "
            "money after it to the export, and name that: amount."
        )
