"""Checks that adding up the rows of an export as sales does not contradict its columns.

Each failed check is a `Doubt` that says what would be counted wrongly, with the settings that decide it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

from segmenter.config.source import ColumnsConfig, RulesConfig
from segmenter.intake.flags import are_flags, says_yes
from segmenter.intake.kinds import MAX_WORDS, SALES, check_rows, ignore, sold_example
from segmenter.intake.names import key_of, last_word
from segmenter.intake.sample import Sample, are_numbers, mostly, number_in, proves_product
from segmenter.intake.undecided import Doubt, Way, naming

GIVEN_BACK = re.compile(
    "refund(?!able)|returned|returns|return(qty|quantity|amount|value)|erstatt|retour|rembours|reembols|rimbors|devuelt"
)
CALLED_OFF = re.compile("^cancell?ed(qty|quantity|items|pieces)?$")
TELLING = re.compile(
    "((refund|return|discount)(ed|s)?)?(id|no|nr|at|on|by)|.*(number|nummer|code|date|datum|days|reason|grund|type|status|policy)"
)  # the last word of names that hold no amount, but an id, a date or a reason
ELIGIBLE = re.compile("eligib|allowed|rate$|policy")  # what could be given back, or how often
STATE = re.compile(
    "(order|payment|transaction|attendee|ticket|sales?|booking|reservation|invoice|event|bestell|auftrags|zahlungs|buchungs|rechnungs|vorgangs)?"
    "(status|state|type|event|result|outcome|stage|zustand|art|typ)"
    "|(statut|etat|estado|stato)(commande|paiement|pedido|pago|venta|venda|ordine|pagamento)?|(siparis|odeme)?durumu?"
)  # matches whole names, as the status of a membership or an e-mail is not an order's
OFF = re.compile(
    "notattending|(order|payment)?(cancel|cancell?ed|cancell?ation|storno|storniert|stornierung|void|voided|annul|annul(led|lation|e|ee|ato|ata)"
    "|annuller(et|ad)|anulad[oa]|anulowan[aey]|geannuleerd|declined|fail(ed|ure)?|refused|rejected|denied|expired|abgelehnt|fehlgeschlagen)"
)
DISCOUNT = re.compile("discount|rabatt|remise|descuento|desconto|sconto|korting|nachlass")
DISCOUNTED = re.compile("discounted(unit|item|sale|line)?price|priceafterdiscount|rabattierter?(einzel|stueck)?preis")
REDUCED = ("saleprice", "sellingprice")  # names of prices after the discount
COUNTING = re.compile(
    "qty|quantit|quantid|cantid|menge|anzahl|stueck|aantal|ilosc|antal|adet|miktar|pieces|units"
)  # in the name of a possible column of quantities
# Names of the two sides of a ledger or a bank statement.
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
N_ROWS_TRIED = 200  # rows on which pairs of columns are tested for being factors of a third
MIN_ORDERS = 5  # of several lines, to conclude that an amount repeats on all lines of an order
NOT_MONEY = "if it says nothing about the money"
MIN_SIZES = 3  # different numbers of lines per order to conclude that without product names: tickets come in pairs


def check_doubts(
    sample: Sample, index: Mapping[str, int], wanted: ColumnsConfig, rules: RulesConfig
) -> Iterator[Doubt]:
    """What in an export contradicts the roles `index`; `wanted` are the columns that the configuration names."""
    yield from _check_groups(sample, index)
    yield from _check_rounded(sample, index)
    yield from _check_other_side(sample, index, rules)
    if "credit" not in index:
        yield from _check_credit(sample, index)
    if wanted.amount is None:
        yield from _check_repeated(sample, index)
        yield from _check_discount(sample, index, wanted)
    yield from check_rows(sample, index, wanted, rules)
    if not {"status", "cancelled"} & index.keys():
        yield from _check_status(sample, index)
    if "refunded" not in index:
        yield from _check_adjusted(sample, index)
        yield from _check_given_back(sample, index)


def _check_groups(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """A doubt about a report in which customers are headings above their rows, so that no dated row has a customer."""
    customer, time = index["customer"], index["time"]
    named = [row for row in sample.rows if (row[customer] or "").strip()]
    if len(named) >= MIN_ORDERS and sample.values(time) and not any((row[time] or "").strip() for row in named):
        yield Doubt(
            f"{sample.name}: {sample.called(customer)} stands on rows of its own, without a day, above the rows of each customer, as in a "
            "report that is made for reading. Export a list that has the customer on each row, or fill the column down."
        )


def _check_rounded(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """Doubts about ids that a spreadsheet has rounded, such as 1.23E+11, as several would become one."""
    for role in (role for role in ("customer", "order") if role in index):
        rounded = next((value for value in sample.values(index[role]) if ROUNDED.fullmatch(value)), None)
        if rounded:
            yield Doubt(
                f"{sample.name}: {sample.called(index[role])} holds ids that a spreadsheet has rounded, such as {rounded!r}, so that several "
                f"of them would count as one {role}. Export them as text, or do without them.",
                (
                    ignore(sample, index[role], "to pass over this column"),
                    naming("by the name of another column", **{role: "..."}),
                ),
            )


def _check_credit(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """Doubts about one side of a ledger as the amount where rows that leave it blank have money on the other side."""
    if "amount" not in index:
        return
    amount = index["amount"]
    key = key_of(sample.header[amount])
    side = next((names for names in LEDGERS if key in names), frozenset())
    for column in (at for at in sample.columns if at != amount and key_of(sample.header[at]) in side):
        rows = [row for row in sample.rows if number_in(row[column]) and not number_in(row[amount])]
        if rows:
            yield Doubt(
                f"{sample.name}: rows without {sample.called(amount)} have money in {sample.called(column)}, such as "
                f"{(rows[0][column] or '').strip()[:60]!r}, which would be left out.",
                (
                    naming("where it is taken off what customers bought", credit=sample.header[column]),
                    ignore(sample, column, "where it is none of theirs"),
                ),
            )


def sides_of(sample: Sample) -> list[int]:
    """The columns named like the two sides of a ledger, such as Soll and Haben; empty where there are none."""
    keys = {at: key_of(sample.header[at]) for at in sample.columns}
    pairs = ([at for at, key in keys.items() if key in names] for names in LEDGERS)
    return next((pair for pair in pairs if len(pair) > 1), [])


def _check_other_side(sample: Sample, index: Mapping[str, int], rules: RulesConfig) -> Iterator[Doubt]:
    """Doubts about the senders of payments as customers where the business itself is one of them.

    Its own payments are refunds, which would be deducted from the business and not from its customers.
    """
    customer = index["customer"]
    buyers = Counter(buyer.lower() for buyer in sample.values(customer))
    for column in (at for at in sample.columns if at not in index.values()):
        ((most, n),) = Counter(cell.lower() for cell in sample.values(column)).most_common(1) or [("", 0)]
        is_own = "@" in most and n > len(sample.rows) / 2 and 0 < buyers[most] < len(sample.rows) / 2
        if is_own and most not in {word.lower() for word in rules.guest_ids}:
            yield Doubt(
                f"{sample.name}: {most[:60]} stands in {sample.called(column)} of most rows, and as the customer in {sample.called(customer)} "
                "of others, as the address of the business does in what it gave back, which would be taken off none of its customers.",
                (
                    naming("by a column that has the customer on each row, such as a name", customer="..."),
                    Way({"rules": {"guest_ids": [*rules.guest_ids, most]}}, "to leave those rows out"),
                    ignore(sample, column, "if it really is a customer"),
                ),
            )


def _check_status(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """Doubts about unused columns of statuses by which some orders failed or were cancelled."""
    for column in sample.columns:
        is_state = column not in index.values() and STATE.fullmatch(key_of(sample.header[column]))
        if not is_state or len(set(sample.values(column))) > MAX_WORDS:
            continue
        off = sold_example(sample, index, column, lambda cell: OFF.fullmatch(key_of(cell)))
        if off:
            yield Doubt(
                f"{sample.name}: rows with {off!r} in {sample.called(column)} seem to have come to nothing, and would count as sales.",
                (naming("to leave them out", status=sample.header[column]), ignore(sample, column, SALES)),
            )


def _check_given_back(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """Doubts about unused columns of refunds, whose rows would count as full sales."""
    if "amount" in index and key_of(sample.header[index["amount"]]) == "netsales":
        return  # by convention already net of discounts and returns
    is_known = {"status", "cancelled"} & index.keys()  # cancellations are covered by another column
    for column in sample.columns:
        name = sample.header[column]
        is_named = _tells_of(name, GIVEN_BACK) or (not is_known and _tells_of(name, CALLED_OFF))
        if column in index.values() or not is_named or ELIGIBLE.search(key_of(name)):
            continue
        back = sold_example(sample, index, column, lambda cell: number_in(cell) or says_yes(cell))
        role, when, more = "refunded", "where it is money", " Where it counts pieces, take these off in the export."
        if are_flags(sample.values(column)):
            role, when, more = "cancelled", "where it marks rows that came back in whole", ""
        if back:
            yield Doubt(
                f"{sample.name}: {sample.called(column)} seems to say what was given back, such as {back!r}, and its rows would count "
                f"as whole sales.{more}",
                (naming(when, **{role: name}), ignore(sample, column, NOT_MONEY)),
            )


def _check_adjusted(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """Doubts about an amount where another column holds what was left of it on the few rows with an adjustment."""
    if "amount" not in index:
        return
    amount = index["amount"]
    for column in (at for at in sample.columns if at != amount and ADJUSTED.match(key_of(sample.header[at]))):
        pairs = [(number_in(row[column]), number_in(row[amount])) for row in sample.rows]
        left = next((some for some, all_ in pairs if some and all_ and 0 < some < all_), None)
        if left is not None:
            yield Doubt(
                f"{sample.name}: {sample.called(column)} seems to be what is left of {sample.called(amount)} after a refund, such as {left}, "
                f"and its rows would count as whole sales. Write it in the place of {sample.called(amount)} on the rows that have it.",
                (ignore(sample, column, NOT_MONEY),),
            )


def _tells_of(name: str, what: re.Pattern[str]) -> bool:
    """Whether a column's name says that it holds an amount of `what`, and not its number, date or reason."""
    return bool(what.search(key_of(name))) and not TELLING.fullmatch(last_word(name))


def check_pieces(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """A doubt about a price without a quantity where an unused column may hold the quantity or the whole line's money."""
    price, whole = sample.called(index["unit_price"]), _whole(sample, index)
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
        yield Doubt(
            f"{sample.name}: {price} is the money of one piece, and {sample.called(column)} may say how many pieces a line has.{said}",
            (naming("where it does", quantity=sample.header[column]), whole),
        )
        return
    numeric = [column for column in free if _differ(sample, column)]
    few = replace(sample, rows=sample.rows[:N_ROWS_TRIED])
    for amount, quantity in permutations(numeric, 2):
        if proves_product(few, amount, quantity, index["unit_price"]):
            yield Doubt(
                f"{sample.name}: {price} is the money of one piece, and {sample.called(amount)} is {sample.called(quantity)} times that.",
                (naming("where that is the money of the line", amount=sample.header[amount]), whole),
            )
            return


def _whole(sample: Sample, index: Mapping[str, int]) -> Way:
    """To take the price for the money of the whole line."""
    price = index["unit_price"]
    return naming(f"where {sample.called(price)} is the money of the whole line", amount=sample.header[price])


def _differ(sample: Sample, column: int) -> bool:
    """Whether a column holds different numbers, in most rows."""
    values = sample.values(column)
    return len(values) >= 0.8 * len(sample.rows) and len(set(values)) > 1 and are_numbers(values)


def _check_repeated(sample: Sample, index: Mapping[str, int]) -> Iterator[Doubt]:
    """A doubt about an order total that is repeated on each line, as it would be counted once per line.

    The sign of it is that amounts are equal within every order of several products, but differ between orders. Where no
    column has products, an order's lines at one moment take their place.
    """
    is_proven = {"quantity", "unit_price"} <= index.keys()  # to be the line's own amount
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
    if len(found) >= MIN_ORDERS and all(len(each) == 1 for each in found) and len(set.union(*found)) > 1:
        name = sample.header[index["amount"]]
        yield Doubt(
            f"{sample.name}: {name[:60]!r} is the same on all lines of an order, like an order's total, and would be counted once per "
            "line. Name the line's own money; where there is none, leave one line of each order.",
            (
                naming("by the column of the line's own money", amount="..."),
                naming("by those of its factors", quantity="...", unit_price="..."),
                naming("where this really is the line's own", amount=name),
            ),
        )


def _are_carts(orders: Sequence[tuple[int, set[str | None]]]) -> bool:
    """Whether orders, given as number of lines and amounts, look like carts rather than sets of equally priced tickets."""
    many = 2 * MIN_ORDERS
    sizes, money = {size for size, _ in orders}, {each for _, amounts in orders for each in amounts}
    return len(orders) >= many and len(sizes) >= MIN_SIZES and len(money) > 0.5 * len(orders)


def _check_discount(sample: Sample, index: Mapping[str, int], wanted: ColumnsConfig) -> Iterator[Doubt]:
    """Doubts about a price beside an unused column of discounts, unless the price is configured or named as the reduced one."""
    if "amount" in index or wanted.unit_price or key_of(sample.header[index["unit_price"]]) in REDUCED:
        return
    full, price = sample.header[index["unit_price"]], sample.called(index["unit_price"])
    money = f"quantity times {price}" if "quantity" in index else price
    for column in sample.columns:
        name, values = sample.header[column], sample.values(column)
        is_named = column not in index.values() and _tells_of(name, DISCOUNT)
        if not is_named or are_flags(values) or not any(number_in(value.rstrip(" %")) for value in values):
            continue
        if DISCOUNTED.search(key_of(name)):
            yield Doubt(
                f"{sample.name}: {sample.called(column)} seems to be what is left of {price}.",
                tuple(naming(f"where {each[:60]!r} was paid", unit_price=each) for each in (name, full)),
            )
            continue
        yield Doubt(
            f"{sample.name}: {money} would leave out what {sample.called(column)} takes off.",
            (
                naming("where the price is the one after it", unit_price=full),
                naming("by a column of the line's money after it, added to the export", amount="..."),
            ),
        )
