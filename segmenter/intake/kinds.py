"""Columns that say what kind of row each is: some kinds do not count, others are refunds.

Such a column that is not configured, and by which not all rows are sales, is a doubt, with the settings that decide it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from segmenter.config.source import ColumnsConfig, RulesConfig
from segmenter.errors import ConfigError
from segmenter.intake.names import key_of
from segmenter.intake.sample import NEARLY_ALL, Row, Sample, number_in
from segmenter.intake.undecided import Doubt, Way, naming

# Names of columns that say what kind of row each is.
RECORD_TYPES = {"linetype", "rowtype", "recordtype"}
DEBIT_CREDIT = {
    "sollhaben", "sollhabenkennzeichen", "sollhabenkz", "sh", "debitcredit", "debitcreditindicator", "creditdebit", "drcr", "dc",
    "vorzeichen",
}  # fmt: skip
EVENT_TYPES = {
    "eventtype", "eventname", "event", "action", "actiontype", "interaction", "interactiontype", "behavior", "behaviortype",
}  # fmt: skip
DOCUMENT_TYPES = {
    "belegart", "belegtyp", "doctype", "documenttype", "transactiontype", "invoicetype", "vorgangsart", "type", "typ", "fkart",
    "fakturaart", "billingtype", "entrytype", "amounttype", "transactionkind", "kind", "gifttype", "art",
    "vorgang", "buchungsart", "transaktionsart", "transaktionstyp",
}  # fmt: skip
STATUSES = {"status", "state", "orderstatus", "paymentstatus", "transactionstatus"}
MAX_WORDS = 20  # distinct values of a column that says what kind of row each is
PAYING = re.compile("payment|tender|transaction|zahlung")
BILL = re.compile(r"\b(invoice|sales?|order|membership)\b|rechnung|facture|factura|fattura|faktur|beitrag")
PROMISED = re.compile(
    "pledges?|estimates?|quot(e|ation)s?|proforma(invoice|rechnung)?|angebote?|kostenvoranschlag|devis|preventivo|presupuesto"
)
ORDERED = re.compile(
    "(sales|customer)?order(confirmation)?s?|auftrag(sbestaetigung)?|lieferschein|delivery(note)?"
)  # not counted beside invoices
INVOICED = re.compile("(sales|customer)?invoices?|(ausgangs)?rechnung(en)?|facture|factura|fattura")
PAID = re.compile(
    r"((bill|customer|invoice|receivable|rechnungs|kunden)?[ -]?payments?( received)?|zahlung(seingang)?|paiement|pago|pagamento)"
)
BOUGHT = re.compile(
    "purchased?|buy|bought|(order|checkout)(completed?|placed)?|ordered|transaction|sale|kauf|bestellung"
)
LOOKED = re.compile(
    "((product|item|page|content|detail)(page)?)?views?(ed)?(item|content|product|page)?|pv|(add(ed)?(to)?)?(cart|basket|wishlist)|fav(orite)?"
    "|remove(d)?(from)?cart|clicks?(ed)?|impressions?|search(ed)?|ansicht|warenkorb"
)
COST = re.compile(
    "((transaction|processing|processor|payment|selling|listing|service|referral|stripe|paypal|klarna|ebay|etsy|fba|item)"
    "(fees?|charges?)|fees?|commissions?|gebuehr(en)?|provision(en)?|frais)|((bank|general|user|automatic)?(payout|withdrawal|auszahlung)s?)"
)  # the word "charge" alone is a sale
CREDIT_SIDE = re.compile("(h|haben|c|cr|credit)")
CREDIT_NOTE = re.compile(
    "(gs|gutschrift(en)?|stornorechnung|(sales )?credit[ _-]?(note|memo)|cn|cm|refund|return|retoure|avoir|abono|nota de cr[eé]dito"
    "|nota di credito)"
)
# By a system's code for invoices (Sage, SAP, Lexware): patterns of its codes for refunds, and for payments.
CODES = {
    "si": ("sc", "sr|sa|sd"), "f1": ("re|g2|s1", ""), "f2": ("re|g2|s1", ""), "zf2": ("z?re|z?g2|z?s1", ""), "re": ("gu", ""),
}  # fmt: skip
ITS_OWN = "if each row's money really is its own"
SALES = "if they really are sales"
MIN_REPEATED = 20  # rows of a kind to conclude that each repeats a row of another kind


def check_rules(columns: ColumnsConfig, rules: RulesConfig) -> None:
    """Check that the configuration names a column of kinds and words for kinds together, or neither.

    Raises
    ------
    ConfigError
        One is given without the other.
    """
    if (columns.kind is None) == bool(rules.kinds or rules.kinds_back):
        raise ConfigError(
            "source.columns.kind names the column that says what a row is, and rules.kinds or rules.kinds_back which of its words "
            "count: neither works without the other. Add the missing one."
        )


def rows_that_count(
    header: Sequence[str], rows: Sequence[Row], columns: ColumnsConfig, rules: RulesConfig
) -> Sequence[Row]:
    """The `rows` whose kind counts under `rules`; all of them where none does, or where there is no column of kinds."""
    words = {word.strip().lower() for word in (*rules.kinds, *rules.kinds_back)}
    if not rules.kinds or columns.kind not in header:
        return rows
    column = header.index(columns.kind)
    return [row for row in rows if (row[column] or "").strip().lower() in words] or rows


def ignore(sample: Sample, column: int, when: str) -> Way:
    """The way to dismiss a doubt about a column."""
    return naming(when, ignore=[*sample.ignored, sample.header[column]])


def _settled(sample: Sample, column: int, role: str, words: Sequence[str], when: str) -> Way:
    """The way by which only rows with `words` have a `role`: to count, or to be refunds."""
    kind = {"kind": sample.header[column]}
    return Way({"source.columns": kind, "rules": {role: list(words[:MAX_WORDS])}}, when)


def _columns(sample: Sample, names: Collection[str], wanted: ColumnsConfig) -> list[int]:
    """Columns with one of `names` that hold few distinct words, except the one that is already configured."""
    named = [at for at in sample.columns if key_of(sample.header[at]) in names and sample.header[at] != wanted.kind]
    return [at for at in named if 1 < len(set(sample.values(at))) <= MAX_WORDS]


def _matching(words: Sequence[str], pattern: re.Pattern[str] | str) -> list[str]:
    """The `words` that match `pattern`, as they are or without punctuation."""
    return [word for word in words if re.fullmatch(pattern, word.lower()) or re.fullmatch(pattern, key_of(word))]


def _codes(words: Sequence[str]) -> tuple[str, str]:
    """Patterns of the codes for refunds and for payments in the accounting system whose codes are among `words`."""
    known = {word.lower() for word in words}
    return next((codes for word, codes in CODES.items() if word in known), ("", ""))


def check_kinds(sample: Sample, wanted: ColumnsConfig) -> Iterator[Doubt]:
    """Doubts about rows of several kinds that repeat the same money, such as a sale, its lines and its payment.

    There are none where the configuration says which count.
    """
    for column in _columns(sample, RECORD_TYPES, wanted):
        kinds = sorted(set(sample.values(column)))
        others = [kind for kind in kinds if not PAYING.search(kind.lower())]
        lines = [kind for kind in others if re.search(r"\b(line|item)", kind.lower())] or others
        if lines and len(others) < len(kinds):
            yield Doubt(
                f"{sample.name}: the rows are of several kinds by {sample.called(column)} ({', '.join(kinds[:6])}), so that the same "
                "money would be counted more than once. Say which count, those of one level only.",
                (
                    _settled(sample, column, "kinds", lines, "to count these"),
                    ignore(sample, column, ITS_OWN),
                ),
            )
    for column in _columns(sample, DOCUMENT_TYPES, wanted):
        yield from _check_paid(sample, column)
        yield from _check_promised(sample, column)
    for column in _columns(sample, DOCUMENT_TYPES | EVENT_TYPES, wanted):
        yield from _check_events(sample, column)


def _check_paid(sample: Sample, column: int) -> Iterator[Doubt]:
    """A doubt about a ledger in which, by the words of a `column`, one row is an invoice and another its payment."""
    words = sorted(set(sample.values(column)))
    _, codes = _codes(words)
    paying = [word for word in words if PAID.fullmatch(word.lower()) or (codes and re.fullmatch(codes, word.lower()))]
    others = [word for word in words if word not in paying]
    charging = [word for word in others if word.lower() in CODES or BILL.search(word.lower())]
    if paying and charging:
        yield Doubt(
            f"{sample.name}: rows with {paying[0][:60]!r} in {sample.called(column)} pay what those with {charging[0][:60]!r} charge, so "
            "that the same money would count twice or, where it has a minus, not at all.",
            (
                _settled(sample, column, "kinds", others, "to leave the payments out"),
                ignore(sample, column, ITS_OWN),
            ),
        )


def _check_promised(sample: Sample, column: int) -> Iterator[Doubt]:
    """A doubt about offers or orders beside invoices, which repeat what was ordered."""
    words = sorted(set(sample.values(column)))
    promised = _matching(words, PROMISED) + (_matching(words, ORDERED) if _matching(words, INVOICED) else [])
    charged = [word for word in words if word not in promised]
    if promised and charged:
        yield Doubt(
            f"{sample.name}: rows with {promised[0][:60]!r} in {sample.called(column)} are no sales yet, and would count beside those with "
            f"{charged[0][:60]!r} that they come to.",
            (
                _settled(sample, column, "kinds", charged, "to leave out what is no sale yet"),
                ignore(sample, column, ITS_OWN),
            ),
        )


def _check_events(sample: Sample, column: int) -> Iterator[Doubt]:
    """A doubt about an event log in which viewed products have a price like bought ones."""
    words = sorted(set(sample.values(column)))
    bought, looked = _matching(words, BOUGHT), _matching(words, LOOKED)
    if bought and looked:
        yield Doubt(
            f"{sample.name}: rows with {looked[0][:60]!r} in {sample.called(column)} are no purchases, and would count as some beside those "
            f"with {bought[0][:60]!r}.",
            (
                _settled(sample, column, "kinds", bought, "to count purchases only"),
                ignore(sample, column, SALES),
            ),
        )


def sold_example(sample: Sample, index: Mapping[str, int], column: int, matches: Callable[[str], object]) -> str:
    """An example of a cell of `column` that `matches`, if most rows with such a cell would count as sales; else empty.

    Also empty where all rows have such a cell.
    """
    rows = [row for row in sample.rows if matches((row[column] or "").strip())]
    if not rows or len(rows) == len(sample.rows):
        return ""
    money = [index[role] for role in ("amount", "unit_price", "quantity") if role in index]
    numbers = [[number for at in money if (number := number_in(row[at])) is not None] for row in rows]
    counted = [each for each in numbers if each and all(each)]
    n_sold = sum(min(each) > 0 for each in counted)
    return (rows[0][column] or "").strip()[:60] if n_sold > len(counted) / 2 else ""


def check_rows(sample: Sample, index: Mapping[str, int], wanted: ColumnsConfig, rules: RulesConfig) -> Iterator[Doubt]:
    """Doubts about rows that are not sales according to another column, given the columns' roles `index`.

    There are none where the configuration covers them.
    """
    for column in _columns(sample, DEBIT_CREDIT | DOCUMENT_TYPES | EVENT_TYPES, ColumnsConfig()):
        yield from _check_minus(sample, index, column, rules.kinds_back if column == index.get("kind") else ())
    for column in (at for at in _columns(sample, DOCUMENT_TYPES, wanted) if at not in index.values()):
        yield from _check_costs(sample, index, column, {"", *(word.lower() for word in rules.guest_ids)})
    for column in _columns(sample, DOCUMENT_TYPES | EVENT_TYPES | RECORD_TYPES | STATUSES, wanted):
        yield from _check_twins(sample, index, column)


def _check_minus(sample: Sample, index: Mapping[str, int], column: int, settled: Sequence[str]) -> Iterator[Doubt]:
    """A doubt about refunds that are only marked in another column and have no minus, as they would be added to the sales.

    Rows with words that are `settled` by the rules become negative later.
    """
    is_side, is_kind = key_of(sample.header[column]) in DEBIT_CREDIT, column == index.get("kind")
    if not (is_side or is_kind) and column in index.values():
        return
    known = {word.strip().lower() for word in settled}
    words = sorted(word for word in set(sample.values(column)) if word.lower() not in known)
    codes, _ = _codes(words)
    pattern = CREDIT_SIDE if is_side else CREDIT_NOTE
    back = [word for word in words if pattern.fullmatch(word.lower()) or (codes and re.fullmatch(codes, word.lower()))]
    example = sold_example(sample, index, column, set(back).__contains__) if back else ""
    if example:
        yield Doubt(
            f"{sample.name}: rows with {example!r} in {sample.called(column)} look like money that went back, and most of them have no "
            "minus, so that they would count as sales.",
            (
                _settled(sample, column, "kinds_back", [*settled, *back], "to take them off"),
                ignore(sample, column, SALES),
            ),
        )


def _check_costs(
    sample: Sample, index: Mapping[str, int], column: int, placeholders: Collection[str]
) -> Iterator[Doubt]:
    """A doubt about fees and payouts of a payment service on rows with customers, as they would count as refunds.

    The ids in `placeholders` stand for no customer.
    """
    words = sorted(set(sample.values(column)))
    costs = _matching(words, COST)
    amount, customer = index.get("amount"), index["customer"]
    if not costs or amount is None or len(costs) == len(words):
        return
    named = [row for row in sample.rows if (row[customer] or "").strip().lower() not in placeholders]
    rows = [row for row in named if (row[column] or "").strip() in costs]
    if sum((number_in(row[amount]) or 0) < 0 for row in rows) > len(rows) / 2:
        others = [word for word in words if word not in costs]
        yield Doubt(
            f"{sample.name}: rows with {(rows[0][column] or '').strip()[:60]!r} in {sample.called(column)} seem to be costs or payouts, and "
            "would count as money that customers had back.",
            (
                _settled(sample, column, "kinds", others, "to leave them out"),
                ignore(sample, column, "if they really are returns"),
            ),
        )


def _check_twins(sample: Sample, index: Mapping[str, int], column: int) -> Iterator[Doubt]:
    """A doubt about sales with a row for each stage: nearly all rows with one word repeat a row with another word.

    Rows rarely repeat within one stage, whereas customers who buy the same again repeat rows with the same word.
    """
    compared = [
        at
        for role, at in index.items()
        if at != column and role not in {"time", "time_of_day", "status", "cancelled", "email", "refunded"}
    ]
    found: dict[str, Counter[tuple[str | None, ...]]] = defaultdict(Counter)
    for row in sample.rows:
        if word := (row[column] or "").strip():
            found[word][tuple(row[at] for at in compared)] += 1
    by_number = sorted(found.items(), key=lambda each: (-each[1].total(), each[0]))
    for n, (word, rows) in enumerate(by_number):
        for other, others in by_number[n + 1 :]:
            shared = (rows & others).total()
            is_alone = len(others) >= NEARLY_ALL * others.total() and len(rows) >= NEARLY_ALL * rows.total()
            if others.total() >= MIN_REPEATED and shared >= NEARLY_ALL * others.total() and is_alone:
                yield Doubt(
                    f"{sample.name}: rows with {other[:60]!r} in {sample.called(column)} repeat those with {word[:60]!r}, with the same "
                    "customers and the same money, which would count more than once. Say which count.",
                    (
                        _settled(sample, column, "kinds", [other], "such as these"),
                        ignore(sample, column, ITS_OWN),
                    ),
                )
                return
