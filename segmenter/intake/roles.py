"""Which column of an export plays which role, by its name first and its content second."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from segmenter.config.source import ColumnsConfig
from segmenter.errors import SourceError
from segmenter.intake.formats import decimal_candidates, looks_like_time

# Names in falling order of trust; a name further left wins over one further right. Two columns that
# share the best place and both fit are an ambiguity, which is an error and never a guess.
NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "customer": (
        ("customerid", "custid", "customerno", "customernumber", "clientid", "clientno", "userid", "buyerid", "memberid",
         "shopperid", "accountid", "kundennummer", "kundenid", "kundennr", "kdnr", "idclient", "numeroclient", "idcliente"),
        ("customer", "cust", "client", "buyer", "member", "shopper", "kunde", "cliente", "user", "account"),
        ("customeremail", "email", "emailaddress", "loyaltycard", "cardnumber", "cardid", "customername", "clientname"),
    ),
    "time": (
        ("invoicedate", "orderdate", "transactiondate", "transdate", "trandate", "purchasedate", "saledate", "salesdate",
         "orderedat", "purchasedat", "ordertime", "transactiontime", "bestelldatum", "rechnungsdatum", "kaufdatum",
         "datecommande", "fechapedido", "orderpurchasetimestamp", "invoicetime", "purchasetime"),
        ("date", "datetime", "timestamp", "time", "datum", "fecha", "day", "ts"),
        ("createdat", "created", "createddate", "processedat", "paidat"),
    ),
    "amount": (
        ("itemtotal", "rowtotal", "lineitemtotal"),
        ("amount", "tranamount", "transamount", "transactionamount", "totalamount", "lineamount", "linetotal", "netamount",
         "revenue", "sales", "salesamount", "netsales", "betrag", "umsatz", "gesamtbetrag", "montant", "importe",
         "purchaseamount", "orderamount", "orderamountt", "extendedprice", "totalprice", "totalvalue", "value"),
        ("total", "ordertotal", "grandtotal", "subtotal", "payment", "paymentvalue", "spend", "spent"),
    ),
    "quantity": (("quantity", "qty", "units", "pieces", "menge", "anzahl", "quantite", "cantidad", "itemcount", "quantityordered",
                  "qtyordered", "orderqty", "qtysold", "quantitysold", "orderitemquantity", "itemquantity", "lineitemquantity", "stueck"),),
    "unit_price": (
        ("unitprice", "price", "priceeach", "itemprice", "lineitemprice", "einzelpreis", "preis", "stueckpreis", "prixunitaire", "prix", "precio"),
        ("listprice", "saleprice", "sellingprice", "retailprice"),
    ),
    "order": (
        ("orderid", "orderno", "ordernumber", "invoiceno", "invoice", "invoiceid", "invoicenumber", "transactionid",
         "transid", "receiptid", "receiptno", "basketid", "bestellnummer", "bestellnr", "rechnungsnummer", "rechnungsnr",
         "commande", "numerocommande", "pedido", "salesordernumber", "amazonorderid"),
        ("order", "transaction", "receipt", "basket", "ordername"),
    ),
    "product": (
        ("stockcode", "sku", "productid", "productcode", "itemid", "itemcode", "articleno", "articleid", "artikelnummer",
         "artikelnr", "productsku", "lineitemsku", "variantsku"),
        ("product", "item", "article", "artikel", "produit", "producto"),
    ),
    "description": (("description", "productname", "itemname", "producttitle", "lineitemname", "productdescription",
                     "bezeichnung", "artikelname", "beschreibung", "designation", "descripcion", "title"), ("brand",)),
    "category": (),  # only what the configuration names: nothing but a team's own features asks for it
    "status": (("orderstatus", "status", "transactionstatus", "financialstatus", "invoicestatus"),),
    "currency": (("currency", "currencycode", "waehrung", "devise", "moneda"),),
    "email": (("email", "emailaddress", "customeremail", "useremail", "buyeremail", "emailadresse", "kundenemail", "courriel"),
              ("mail", "contactemail", "billingemail")),
}  # fmt: skip
REQUIRED = ("customer", "time")
NUMBERED = re.compile(r" \(\d+\)$")  # of a name that a header has several times
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

    def values(self, index: int) -> list[str]:
        """The sample's values of a column that are not empty."""
        return [row[index].strip() for row in self.sample if row[index] and row[index].strip()]  # type: ignore[union-attr]


def promise(header: Sequence[str]) -> int:
    """How many of the roles a header's names could fill: what tells a table of transactions from others."""
    keys = {_key(name) for name in header}
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
    if wanted.amount is None:
        _settle_money(table, index, reasons, wanted)
        _check_repeated(table, index)
    _check_complete(table, index)
    return Roles(index, reasons)


def _key(name: str) -> str:
    plain = NUMBERED.sub("", name).lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", plain))


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
    keys = [_key(name) for name in table.header]
    for tier in NAMES[role]:
        fitting = [i for i, key in enumerate(keys) if key in tier and i not in taken.values() and _fits(table, role, i)]
        if len(fitting) > 1:
            fitting = _same_content(table, fitting)
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
        f"{table.name}: the columns {names} could both be the {role}. "
        f"Settle it in the configuration: [source.columns] {role} = {table.header[fitting[0]][:60]!r}."
    )


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


def _is_number(values: Sequence[str]) -> bool:
    return _mostly(values, decimal_candidates)


def _is_email(values: Sequence[str]) -> bool:
    return bool(values) and _mostly(values, ADDRESS.fullmatch)


CONTENT: dict[str, Callable[[Sequence[str]], bool]] = {
    "time": _is_time,
    "amount": _is_number,
    "quantity": _is_number,
    "unit_price": _is_number,
    "email": _is_email,
}


def _settle_money(table: _Table, index: dict[str, int], reasons: dict[str, str], wanted: ColumnsConfig) -> None:
    """Amount or quantity x price: one reading, or an error where both exist and differ."""
    if "unit_price" in index and "amount" not in index and "quantity" not in index:
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
