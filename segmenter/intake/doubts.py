"""What the columns of an export tell against adding up its rows as sales.

Every doubt is a `SourceError` that says what would be counted wrongly, and what to do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations

from segmenter.config.source import ColumnsConfig, RulesConfig
from segmenter.errors import SourceError
from segmenter.intake.flags import are_flags, says_yes
from segmenter.intake.kinds import FEW_WORDS, check_rows, ignore, sold
from segmenter.intake.names import key_of, last_word
from segmenter.intake.sample import Sample, are_numbers, mostly, number_in, proves_product

GIVEN_BACK = re.compile(
    "refund(?!able)|returned|returns|return(qty|quantity|amount|value)|erstatt|retour|rembours|reembols|rimbors|devuelt"
)
CALLED_OFF = re.compile("^cancell?ed(qty|quantity|items|pieces)?$")
TELLING = re.compile(
    "((refund|return|discount)(ed|s)?)?(id|no|nr|at|on|by)|.*(number|nummer|code|date|datum|days|reason|grund|type|status|policy)"
)  # the last word of a name that tells something else of it
ELIGIBLE = re.compile("eligib|allowed|rate$|policy")  # what may be given back, or how often
STATE = re.compile(
    "(order|payment|transaction|attendee|ticket|sales?|booking|reservation|invoice|event|bestell|auftrags|zahlungs|buchungs|rechnungs|vorgangs)?"
    "(status|state|type|event|result|outcome|stage|zustand|art|typ)"
    "|(statut|etat|estado|stato)(commande|paiement|pedido|pago|venta|venda|ordine|pagamento)?|(siparis|odeme)?durumu?"
)  # the whole name: a membership, an e-mail and a rate are no orders
OFF = re.compile(
    "notattending|(order|payment)?(cancel|cancell?ed|cancell?ation|storno|storniert|stornierung|void|voided|annul|annul(led|lation|e|ee|ato|ata)"
    "|annuller(et|ad)|anulad[oa]|anulowan[aey]|geannuleerd|declined|fail(ed|ure)?|refused|rejected|denied|expired|abgelehnt|fehlgeschlagen)"
)
DISCOUNT = re.compile("discount|rabatt|remise|descuento|desconto|sconto|korting|nachlass")
DISCOUNTED = re.compile("discounted(unit|item|sale|line)?price|priceafterdiscount|rabattierter?(einzel|stueck)?preis")
REDUCED = ("saleprice", "sellingprice")  # prices after it, by their names
COUNTING = re.compile(
    "qty|quantit|quantid|cantid|menge|anzahl|stueck|aantal|ilosc|antal|adet|miktar|pieces|units"
)  # in the name of a column that may be the quantity
# Names of the two sides of a ledger, or of an account's statement.
LEDGERS = tuple(
    frozenset(f"{name}{of}" for name in sides for of in ("", "amount", "betrag", "eur", "value"))
    for sides in (
        ("debit", "credit"), ("debits", "credits"), ("soll", "haben"), ("debe", "haber"), ("dare", "avere"), ("af", "bij"),
        ("moneyin", "moneyout"), ("paidin", "paidout"), ("inflow", "outflow"), ("eingang", "ausgang"), ("einnahmen", "ausgaben"),
        ("income", "expense"), ("in", "out"), ("deposits", "withdrawals"), ("deposit", "withdrawal"),
    )
)  # fmt: skip
COUNTED = re.compile(r"[-+]?\d")
ADJUSTED = re.compile("adjusted.*(total|amount)")
ROUNDED = re.compile(r"[0-9][.,][0-9]+E[+][0-9]{2}")
FEW_ROWS = 200  # among which a column is looked for that is the product of two others
FEW_ORDERS = 5  # of several lines, from which on a money that never differs within an order tells something
FEW_SIZES = 3  # numbers of lines that orders must have where no column tells what is on them: tickets come in twos


def check_doubts(sample: Sample, index: Mapping[str, int], wanted: ColumnsConfig, rules: RulesConfig) -> None:
    """Refuse what speaks against the roles `index` of the columns; `wanted` are those that the configuration names."""
    _check_groups(sample, index)
    _check_rounded(sample, index)
    _check_other_side(sample, index, rules)
    if "credit" not in index:
        _check_credit(sample, index)
    if wanted.amount is None:
        _check_repeated(sample, index)
        _check_discount(sample, index, wanted)
    check_rows(sample, index, wanted, rules)
    if not {"status", "cancelled"} & index.keys():
        _check_status(sample, index)
    if "refunded" not in index:
        _check_adjusted(sample, index)
        _check_given_back(sample, index)


def _check_groups(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse a report whose customers are headings above their rows, with no customer on any row that has a day."""
    customer, time = index["customer"], index["time"]
    named = [row for row in sample.rows if (row[customer] or "").strip()]
    if len(named) >= FEW_ORDERS and sample.values(time) and not any((row[time] or "").strip() for row in named):
        raise SourceError(
            f"{sample.name}: {sample.called(customer)} stands on rows of its own, without a day, above the rows of each customer, as in a "
            "report that is made for reading. Export a list that has the customer on each row, or fill the column down."
        )


def _check_rounded(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse ids that a spreadsheet has rounded to a few figures: several customers, or orders, would be one."""
    for role in (role for role in ("customer", "order") if role in index):
        rounded = next((value for value in sample.values(index[role]) if ROUNDED.fullmatch(value)), None)
        if rounded:
            raise SourceError(
                f"{sample.name}: {sample.called(index[role])} holds ids that a spreadsheet has rounded, such as {rounded!r}, so that several "
                f"of them would count as one {role}. Export them as text, name another column in the configuration, [source.columns] "
                f"{role}, or pass over this one: {ignore(sample, index[role])}."
            )


def _check_credit(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse one side of a ledger as the money where rows that leave it blank have money on the other side."""
    if "amount" not in index:
        return
    amount = index["amount"]
    key = key_of(sample.header[amount])
    side = next((names for names in LEDGERS if key in names), frozenset())
    for column in (at for at in sample.columns if at != amount and key_of(sample.header[at]) in side):
        rows = [row for row in sample.rows if number_in(row[column]) and not number_in(row[amount])]
        if rows:
            raise SourceError(
                f"{sample.name}: rows without {sample.called(amount)} have money in {sample.called(column)}, such as "
                f"{(rows[0][column] or '').strip()[:60]!r}, which would be left out. Where it is taken off what customers bought, name it in "
                f"the configuration: [source.columns] credit = {sample.called(column)}; where it is none of theirs, {ignore(sample, column)}."
            )


def sides_of(sample: Sample) -> list[int]:
    """The columns that have the names of a ledger's two sides, such as Soll and Haben; empty where none have."""
    keys = {at: key_of(sample.header[at]) for at in sample.columns}
    pairs = ([at for at, key in keys.items() if key in names] for names in LEDGERS)
    return next((pair for pair in pairs if len(pair) > 1), [])


def _check_other_side(sample: Sample, index: Mapping[str, int], rules: RulesConfig) -> None:
    """Refuse the senders of payments as the customers where the business itself is one of them.

    Its own payments are what it gave back: they would be taken off the business, and off none of its customers.
    """
    customer = index["customer"]
    buyers = Counter(buyer.lower() for buyer in sample.values(customer))
    for column in (at for at in sample.columns if at not in index.values()):
        ((most, n),) = Counter(cell.lower() for cell in sample.values(column)).most_common(1) or [("", 0)]
        is_own = "@" in most and n > len(sample.rows) / 2 and 0 < buyers[most] < len(sample.rows) / 2
        if is_own and most not in {word.lower() for word in rules.guest_ids}:
            raise SourceError(
                f"{sample.name}: {most[:60]} stands in {sample.called(column)} of most rows, and as the customer in {sample.called(customer)} "
                "of others, as the address of the business does in what it gave back, which would be taken off none of its customers. "
                "Name a column that has the customer on each row, such as a name, in the configuration: [source.columns] customer; or "
                f"leave those rows out: [rules] guest_ids = [{most[:60]!r}]; if it really is a customer, {ignore(sample, column)}."
            )


def _check_status(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse an export with a column of statuses that plays no role and says that orders came to nothing."""
    for column in sample.columns:
        is_state = column not in index.values() and STATE.fullmatch(key_of(sample.header[column]))
        if not is_state or len(set(sample.values(column))) > FEW_WORDS:
            continue
        off = sold(sample, index, column, lambda cell: OFF.fullmatch(key_of(cell)))
        if off:
            raise SourceError(
                f"{sample.name}: rows with {off!r} in {sample.called(column)} seem to have come to nothing, and would count as "
                f"sales. Settle it in the configuration: [source.columns] status = {sample.called(column)}; if they really are sales, "
                f"{ignore(sample, column)}."
            )


def _check_given_back(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse an export with a column of refunds that plays no role: the rows would count as whole sales."""
    if "amount" in index and key_of(sample.header[index["amount"]]) == "netsales":
        return  # sales less discounts and returns, wherever tills have that name
    is_known = {"status", "cancelled"} & index.keys()  # what was called off, by another column
    for column in sample.columns:
        name = sample.header[column]
        is_named = _tells_of(name, GIVEN_BACK) or (not is_known and _tells_of(name, CALLED_OFF))
        if column in index.values() or not is_named or ELIGIBLE.search(key_of(name)):
            continue
        back = sold(sample, index, column, lambda cell: number_in(cell) or says_yes(cell))
        role, what, else_ = ("refunded", "is money", "; where it counts pieces, take these off the quantity or amount")
        if are_flags(sample.values(column)):
            role, what, else_ = ("cancelled", "marks rows that came back in whole", "")
        if back:
            raise SourceError(
                f"{sample.name}: {sample.called(column)} seems to say what was given back, such as {back!r}, and its rows would count "
                f"as whole sales. Where it {what}, name it in the configuration: [source.columns] {role} = {sample.called(column)}"
                f"{else_}; if it says nothing about the money, {ignore(sample, column)}."
            )


def _check_adjusted(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse an amount where another column holds what was left of it after an adjustment, on the few rows that had one."""
    if "amount" not in index:
        return
    amount = index["amount"]
    for column in (at for at in sample.columns if at != amount and ADJUSTED.match(key_of(sample.header[at]))):
        pairs = [(number_in(row[column]), number_in(row[amount])) for row in sample.rows]
        left = next((some for some, all_ in pairs if some and all_ and 0 < some < all_), None)
        if left is not None:
            raise SourceError(
                f"{sample.name}: {sample.called(column)} seems to be what is left of {sample.called(amount)} after a refund, such as {left}, "
                f"and its rows would count as whole sales. Write it in the place of {sample.called(amount)} on the rows that have it; "
                f"if it says nothing about the money, {ignore(sample, column)}."
            )


def _tells_of(name: str, what: re.Pattern[str]) -> bool:
    """Whether a column's name says that it holds an amount of `what`, and not its number, its day or its reason."""
    return bool(what.search(key_of(name))) and not TELLING.fullmatch(last_word(name))


def check_pieces(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse a price without a quantity where unrecognised columns may hold the quantity, or the money of the whole line."""
    price = sample.called(index["unit_price"])
    free = [column for column in sample.columns if column not in index.values()]
    for column in free:
        values = sample.values(column)
        if not COUNTING.search(key_of(sample.header[column])) or not values or not mostly(values, COUNTED.match):
            continue
        said = (
            ""
            if are_numbers(values)
            else f" Its cells hold more than a number, such as {values[0][:60]!r}: leave the unit out."
        )
        raise SourceError(
            f"{sample.name}: {price} is the money of one piece, and {sample.called(column)} may say how many pieces a line has.{said} "
            f"Settle it in the configuration: [source.columns] quantity = {sample.called(column)}, or amount = {price} where it is the "
            "money of the whole line."
        )
    numeric = [column for column in free if _differ(sample, column)]
    few = replace(sample, rows=sample.rows[:FEW_ROWS])
    for amount, quantity in permutations(numeric, 2):
        if proves_product(few, amount, quantity, index["unit_price"]):
            raise SourceError(
                f"{sample.name}: {price} is the money of one piece, and {sample.called(amount)} is {sample.called(quantity)} times that. "
                f"Settle it in the configuration: [source.columns] amount = {sample.called(amount)}, or amount = {price} where that is "
                "the money of the whole line."
            )


def _differ(sample: Sample, column: int) -> bool:
    """Whether a column holds numbers in most rows, and not all the same."""
    values = sample.values(column)
    return len(values) >= 0.8 * len(sample.rows) and len(set(values)) > 1 and are_numbers(values)


def _check_repeated(sample: Sample, index: Mapping[str, int]) -> None:
    """Refuse an order's total that is repeated on each of its lines: it would be counted once a line.

    It is told by orders of several products, or of several lines at one moment where no column has products: within an
    order all lines have the same money, and between orders it differs.
    """
    is_proven = {"quantity", "unit_price"} <= index.keys()  # to be the line's own
    if is_proven or not {"amount", "order"} <= index.keys():
        return
    what = index.get("product", index.get("description"))
    amounts, bought = defaultdict(set), defaultdict(set)
    for number, row in enumerate(sample.rows):
        order = (row[index["order"]], "" if what is not None else row[index["time"]])
        amounts[order].add(row[index["amount"]])
        bought[order].add(number if what is None else row[what])
    several = [order for order, things in bought.items() if order[0] and len(things) > 1]
    if what is None and not _are_carts([(len(bought[order]), amounts[order]) for order in several]):
        return
    found = [amounts[order] for order in several]
    if len(found) >= FEW_ORDERS and all(len(each) == 1 for each in found) and len(set.union(*found)) > 1:
        name = sample.called(index["amount"])
        raise SourceError(
            f"{sample.name}: {name} is the same on all lines of an order, like an order's total, and would be counted once per "
            "line. Name the line's own money in the configuration: [source.columns] amount, or quantity and unit_price; where "
            f"it really is the line's own, amount = {name}; where there is none, leave one line of each order."
        )


def _are_carts(orders: Sequence[tuple[int, set[str | None]]]) -> bool:
    """Whether orders, given by number of lines and money, are carts of many things rather than tickets of equal price."""
    many = 2 * FEW_ORDERS
    sizes, money = {size for size, _ in orders}, {each for _, amounts in orders for each in amounts}
    return len(orders) >= many and len(sizes) >= FEW_SIZES and len(money) > 0.5 * len(orders)


def _check_discount(sample: Sample, index: Mapping[str, int], wanted: ColumnsConfig) -> None:
    """Refuse a price beside a discount that it leaves out, unless the price was chosen or named as the reduced one."""
    if "amount" in index or wanted.unit_price or key_of(sample.header[index["unit_price"]]) in REDUCED:
        return
    price = sample.called(index["unit_price"])
    money = f"quantity times {price}" if "quantity" in index else price
    for column in sample.columns:
        name, values = sample.header[column], sample.values(column)
        is_named = column not in index.values() and _tells_of(name, DISCOUNT)
        if not is_named or are_flags(values) or not any(number_in(value.rstrip(" %")) for value in values):
            continue
        if DISCOUNTED.search(key_of(name)):
            raise SourceError(
                f"{sample.name}: {sample.called(column)} seems to be what is left of {price}. Settle it in the configuration: "
                f"[source.columns] unit_price = {sample.called(column)}, or unit_price = {price} where that was paid."
            )
        raise SourceError(
            f"{sample.name}: {money} would leave out what {sample.called(column)} takes off. Where the price is the "
            f"one after it, say so in the configuration: [source.columns] unit_price = {price}; else add a column of the line's "
            "money after it to the export, and name that: amount."
        )
