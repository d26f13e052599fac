"""The names that exports give their columns, by the role that a column of the name plays."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

NUMBERED = re.compile(r" \(\d+\)$")  # of a name that a header has several times

# Names in falling order of trust; a name further left wins over one further right. Two columns that
# share the best place and both fit are an ambiguity, which is an error and never a guess.
NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "customer": (
        ("customerid", "custid", "customerno", "customernumber", "clientid", "clientno", "userid", "buyerid", "memberid",
         "shopperid", "accountid", "customeruserid", "customeruser", "buyeruserid", "customercode", "kundennummer", "kundenid",
         "kundennr", "kdnr", "debitor", "debitorennummer", "auftraggeber", "idclient", "numeroclient", "idcliente"),
        ("customer", "cust", "client", "buyer", "member", "shopper", "kunde", "cliente", "user", "account"),
        ("customeremail", "email", "emailaddress", "buyeremail", "billingemail", "emailbilling", "loyaltycard", "cardnumber",
         "cardid"),
        ("customername", "clientname"),
    ),
    "time": (
        ("invoicedate", "orderdate", "transactiondate", "transdate", "trandate", "purchasedate", "saledate", "salesdate",
         "orderedat", "purchasedat", "ordertime", "transactiontime", "bestelldatum", "rechnungsdatum", "kaufdatum",
         "auftragsdatum", "belegdatum", "datecommande", "fechapedido", "orderpurchasetimestamp", "invoicetime", "purchasetime"),
        ("date", "datetime", "timestamp", "time", "datum", "fecha", "day", "ts"),
        ("createdat", "created", "createddate", "createdutc", "createddateutc"),
        ("processedat", "paidat"),
    ),
    "time_of_day": (
        ("time", "timeofday", "ordertime", "transactiontime", "invoicetime", "purchasetime", "saletime", "salestime", "receipttime",
         "uhrzeit", "zeit", "bestellzeit", "belegzeit", "heure", "hora"),
    ),
    "amount": (
        ("itemtotal", "rowtotal", "lineitemtotal"),
        ("amount", "tranamount", "transamount", "transactionamount", "totalamount", "lineamount", "linetotal", "netamount",
         "revenue", "sales", "salesamount", "netsales", "betrag", "umsatz", "gesamtbetrag", "nettowert",
         "nettobetrag", "montant", "importe", "purchaseamount", "orderamount", "orderamountt", "extendedprice", "totalprice", "totalvalue", "value"),
        ("total", "ordertotal", "ordertotalamount", "grandtotal", "grandtotalbase", "grandtotalpurchased", "subtotal", "payment",
         "paymentvalue", "spend", "spent", "gesamt", "gesamtsumme"),
    ),
    "quantity": (("quantity", "qty", "units", "pieces", "menge", "anzahl", "quantite", "cantidad", "itemcount", "quantityordered",
                  "qtyordered", "itemqtyordered", "itemqty", "orderqty", "qtysold", "quantitysold", "orderitemquantity",
                  "itemquantity", "lineitemquantity", "stueck"),),
    "unit_price": (
        ("unitprice", "price", "priceeach", "itemprice", "lineitemprice", "einzelpreis", "preis", "stueckpreis", "prixunitaire", "prix", "precio"),
        ("listprice", "saleprice", "sellingprice", "retailprice"),
    ),
    "order": (
        ("orderid", "orderno", "ordernumber", "invoiceno", "invoice", "invoiceid", "invoicenumber", "basketid", "bestellnummer",
         "bestellnr", "rechnungsnummer", "rechnungsnr", "auftragsnummer", "auftragsreferenz", "belegnummer", "verkaufsbeleg",
         "commande", "numerocommande", "pedido", "salesordernumber", "amazonorderid"),
        ("transactionid", "transid", "receiptid", "receiptno", "receiptnumber"),
        ("order", "transaction", "receipt", "basket", "ordername"),
    ),
    "product": (
        ("stockcode", "sku", "productid", "productcode", "itemid", "itemcode", "articleno", "articleid", "artikelnummer",
         "artikelnr", "productsku", "lineitemsku", "variantsku", "itemsku", "material", "materialnummer"),
        ("product", "item", "article", "artikel", "produit", "producto"),
    ),
    "description": (("description", "productname", "itemname", "producttitle", "lineitemname", "productdescription",
                     "bezeichnung", "artikelname", "beschreibung", "designation", "descripcion", "title"), ("brand",)),
    "category": (),  # only what the configuration names: nothing but a team's own features asks for it
    "status": (("orderstatus", "status", "transactionstatus", "financialstatus", "invoicestatus"),),
    "currency": (("currency", "currencycode", "ordercurrency", "waehrung", "devise", "moneda"),),
    "refunded": (
        ("amountrefunded", "refundedamount", "refundamount", "totalrefunded", "totalrefund", "refundedtotal", "refundtotal",
         "totalrefunds", "refundvalue", "erstatteterbetrag", "erstattungsbetrag", "montantrembourse", "importereembolsado"),
        ("refund", "refunds", "refunded", "erstattet", "erstattung"),
    ),
    "cancelled": (("cancelledat", "canceledat", "cancelledon", "canceledon", "datecancelled", "datecanceled", "storniertam"),),
    "email": (("email", "emailaddress", "customeremail", "useremail", "buyeremail", "emailadresse", "kundenemail", "courriel"),
              ("mail", "contactemail", "billingemail", "emailbilling")),
}  # fmt: skip
# What a name means beside one that only a single system's exports have: there it is looked for first.
BESIDE: dict[str, dict[str, tuple[str, ...]]] = {
    "amazonorderid": {"amount": ("itemprice",)},  # of all pieces of the line; elsewhere it is that of one
    "lineitemquantity": {"order": ("name",)},  # of Shopify, whose orders are called #1001
}


def key_of(name: str) -> str:
    """A column's name without capitals, marks and accents, by which it is looked up."""
    plain = NUMBERED.sub("", name).lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", plain))


def tiers_of(role: str, keys: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Names of a role in falling order of trust, in a header of `keys`."""
    first = tuple(beside[role] for key, beside in BESIDE.items() if key in keys and role in beside)
    return (*first, *NAMES[role])
