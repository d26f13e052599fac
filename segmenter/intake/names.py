"""Column names that exports use, by role."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from segmenter.intake.numbers import MONEY

NUMBERED = re.compile(r" \(\d+\)$")  # added to names that a header repeats
LETTERS = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "ı": "i", "_": " ", "º": "", "ª": "", "№": "no",
})  # fmt: skip
JOINING = re.compile(
    r"(?<= )(de|del|des|di|do|da|du|d)(?=[ '\u2019])"
)  # between words only: the DE of Sales DE is Germany


def _ranked(*names: str) -> tuple[tuple[str, ...], ...]:
    """One tier per name, so that two columns with such names are not ambiguous: the first tier wins."""
    return tuple((name,) for name in names)


# Tiers of names in falling order of trust. Two columns of the same tier that both fit are an ambiguity, which is an
# error and never a guess.
NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "customer": (
        ("customerid", "custid", "customerno", "customernumber", "clientid", "clientno", "userid", "buyerid", "memberid",
         "shopperid", "accountid", "customeruserid", "customeruser", "buyeruserid", "customercode", "kundennummer", "kundenid",
         "kundennr", "kdnr", "debitor", "debitorennummer", "auftraggeber", "idclient", "numeroclient", "idcliente"),
        *_ranked("nclient", "codeclient", "numerocliente", "codigocliente", "codicecliente", "klantnummer", "klantnr", "klantid",
                 "klantcode", "idklienta", "nrklienta", "numerklienta", "kundnummer", "kundnr", "kundid", "kundenummer", "kundenr",
                 "kundeid", "muesterino", "muesteriid", "donorid", "constituentid", "spendernummer", "spenderid", "guestid",
                 "gastnummer"),
        ("customer", "cust", "client", "buyer", "member", "shopper", "kunde", "cliente", "user", "account"),
        *_ranked("klant", "klient", "kund", "muesteri", "donor"),
        ("customeremail", "email", "emailaddress", "buyeremail", "billingemail", "emailbilling", "loyaltycard", "cardnumber",
         "cardid"),
        ("customername", "clientname"),
        *_ranked("donorname", "guestname", "kundenname", "klantnaam", "nomclient", "nombrecliente", "nomecliente"),
        ("phone", "phonenumber", "customerphone", "guestphone", "mobile", "mobilenumber", "telefon", "telefonnummer", "telephone", "telefono"),
        *_ranked("selltocustomerno", "billtocustomerno", "kunag", "kunnr", "accountcode", "accountreference", "shopperreference",
                 "mitgliedsnummer", "mitgliedsnr", "shopperemail", "contactemail", "partner", "bookedby", "contactname", "consumername",
                 "customersk", "customerkey", "dimcustomerkey", "loyaltyno", "loyaltynumber", "loyaltyid", "loyaltycardno", "memberno",
                 "membernumber", "kundenkarte", "kundenkartennummer"),
    ),
    "time": (
        ("invoicedate", "orderdate", "transactiondate", "transdate", "trandate", "purchasedate", "saledate", "salesdate",
         "orderedat", "purchasedat", "ordertime", "transactiontime", "bestelldatum", "rechnungsdatum", "kaufdatum",
         "auftragsdatum", "belegdatum", "datecommande", "fechapedido", "orderpurchasetimestamp", "invoicetime", "purchasetime"),
        ("date", "datetime", "timestamp", "time", "datum", "fecha", "day", "ts"),
        ("createdat", "created", "createddate", "createdutc", "createddateutc"),
        ("processedat", "paidat"),
        ("fechacompra", "fechaventa", "dateachat", "datevente", "dataordine", "dataacquisto", "datapedido", "datacompra", "datavenda",
         "besteldatum", "orderdatum", "aankoopdatum", "datazamowienia", "datasprzedazy", "siparistarihi", "ordredato", "verkaufsdatum",
         "giftdate", "donationdate", "spendendatum", "bookingdate", "bookedat", "bookedon", "reservationdate"),
        ("data", "dato", "tarih"),
        ("fakturadatum", "fakturierungsdatum", "buchungsdatum", "buchungstag", "datefacture", "fechafactura", "datafattura",
         "factuurdatum", "datafaktury"),
        *_ranked("fkdat", "invoicebilldate", "orderts", "orderdatetime", "ordertimestamp", "transactionts", "salets"),
    ),
    "time_of_day": (
        ("time", "timeofday", "ordertime", "transactiontime", "invoicetime", "purchasetime", "saletime", "salestime", "receipttime",
         "uhrzeit", "zeit", "bestellzeit", "belegzeit", "heure", "hora"),
        ("ora", "tijd", "godzina", "saat", "tid"),
    ),
    "amount": (
        ("itemtotal", "rowtotal", "lineitemtotal"),
        ("amount", "tranamount", "transamount", "transactionamount", "totalamount", "lineamount", "linetotal", "netamount",
         "revenue", "sales", "salesamount", "netsales", "betrag", "umsatz", "gesamtbetrag", "nettowert",
         "nettobetrag", "montant", "importe", "purchaseamount", "orderamount", "orderamountt", "extendedprice", "totalprice", "totalvalue", "value"),
        ("total", "ordertotal", "ordertotalamount", "grandtotal", "grandtotalbase", "grandtotalpurchased", "subtotal", "payment",
         "paymentvalue", "spend", "spent", "gesamt", "gesamtsumme"),
        ("gesamtpreis", "montanttotal", "importetotal", "importo", "importototale", "valor", "valortotal", "bedrag", "totaalbedrag",
         "kwota", "wartosc", "belopp", "belob", "tutar", "giftamount", "donationamount", "spendenbetrag"),
        *_ranked("netwr"),
    ),
    "quantity": (
        ("quantity", "qty", "units", "pieces", "menge", "anzahl", "quantite", "cantidad", "itemcount", "quantityordered",
         "qtyordered", "itemqtyordered", "itemqty", "orderqty", "qtysold", "quantitysold", "orderitemquantity",
         "itemquantity", "lineitemquantity", "stueck"),
        *_ranked("quantita", "quantidade", "qtd", "qtde", "aantal", "ilosc", "antal", "adet", "miktar"),
    ),
    "unit_price": (
        ("unitprice", "price", "priceeach", "itemprice", "lineitemprice", "einzelpreis", "preis", "stueckpreis", "prixunitaire", "prix", "precio"),
        *_ranked("preciounitario", "prezzounitario", "prezzo", "precounitario", "preco", "valorunitario", "stukprijs", "prijs",
                 "cenajednostkowa", "cena", "styckpris", "pris", "birimfiyat", "fiyat"),
        ("listprice", "saleprice", "sellingprice", "retailprice"),
    ),
    "order": (
        ("orderid", "orderno", "ordernumber", "invoiceno", "invoice", "invoiceid", "invoicenumber", "basketid", "bestellnummer",
         "bestellnr", "rechnungsnummer", "rechnungsnr", "auftragsnummer", "auftragsreferenz", "belegnummer", "verkaufsbeleg",
         "commande", "numerocommande", "pedido", "salesordernumber", "amazonorderid"),
        *_ranked("auftragsnr", "auftrnr", "belegnr", "ncommande", "numeropedido", "npedido", "idpedido", "numeroordine", "idordine", "ordine",
                 "ordernummer", "ordernr", "bestelnummer", "numerzamowienia", "nrzamowienia", "idzamowienia", "ordrenummer", "ordrenr",
                 "siparisno", "giftid", "donationid", "bookingid", "bookingno", "bookingnumber", "bookingreference", "reservationid",
                 "reservationno", "reservationnumber"),
        ("transactionid", "transid", "receiptid", "receiptno", "receiptnumber"),
        *_ranked("bonnr", "bonnummer", "fakturanummer", "fakturanr", "faktura", "numerofacture", "nfacture", "facture", "numerofactura",
                 "nfactura", "factura", "numerofattura", "factuurnummer", "factuurnr", "numerfaktury", "nrfaktury"),
        ("order", "transaction", "receipt", "basket", "ordername"),
        *_ranked("vbeln", "documentno"),
    ),
    "product": (
        *_ranked("stockcode", "sku", "lineitemsku", "itemsku", "productsku", "variantsku", "articleno", "artikelnummer", "artikelnr",
                 "productcode", "itemcode", "productid", "itemid", "articleid", "material", "materialnummer"),
        *_ranked("codeproduit", "codearticle", "codigoproducto", "codigoarticulo", "codigoproduto", "codiceprodotto", "codicearticolo",
                 "artikelcode", "kodproduktu", "varenummer", "varenr", "ueruenkodu"),
        ("product", "item", "article", "artikel", "produit", "producto"),
        *_ranked("produto", "prodotto", "articolo", "produkt", "vare", "ueruen"),
    ),
    "description": (
        ("description", "productname", "itemname", "producttitle", "lineitemname", "productdescription",
         "bezeichnung", "artikelname", "beschreibung", "designation", "descripcion", "title"),
        *_ranked("artikelbezeichnung", "nomproduit", "nombreproducto", "nomeproduto", "descricao", "descrizione", "omschrijving",
                 "productnaam", "nazwaproduktu", "benaemning", "varenavn", "ueruenadi", "libelle"),
        ("brand",),
    ),
    "category": (),  # only what the configuration names: nothing but a team's own features asks for it
    "credit": (),  # only what the configuration names: which side of a ledger is sold is known there
    "kind": (),  # only what the configuration names, as it says what counts
    "status": (
        ("orderstatus", "status", "transactionstatus", "financialstatus", "invoicestatus"),
        *_ranked("bestellstatus", "auftragsstatus", "statut", "statutcommande", "estadopedido", "statoordine", "statuszamowienia",
                 "siparisdurumu", "orderstate", "bookingstatus", "reservationstatus", "paymentstatus", "paymentstate", "zahlungsstatus"),
    ),
    "currency": (
        ("currency", "currencycode", "ordercurrency", "waehrung", "devise", "moneda"),
        *_ranked("waerk", "waehrg", "moeda", "waluta", "parabirimi"),
    ),
    "refunded": (
        ("amountrefunded", "refundedamount", "refundamount", "totalrefunded", "totalrefund", "erstatteterbetrag", "erstattungsbetrag"),
        *_ranked("refundedtotal", "refundtotal", "totalrefunds", "refundvalue", "orderrefundamount", "montantrembourse",
                 "importereembolsado", "refund", "refunds", "refunded", "erstattet", "erstattung"),
    ),
    "cancelled": (
        ("cancelledat", "canceledat", "cancelledon", "canceledon", "datecancelled", "datecanceled", "storniertam"),
        *_ranked("iscancelled", "iscanceled", "cancelled", "canceled", "isvoided", "isvoid", "voided", "storniert", "annule", "void", "itemvoided"),
    ),
    "email": (("email", "emailaddress", "customeremail", "useremail", "buyeremail", "emailadresse", "kundenemail", "courriel"),
              ("mail", "contactemail", "billingemail", "emailbilling")),
}  # fmt: skip
# Names that are tried first where another column shows which system wrote the export.
BESIDE: dict[str, dict[str, tuple[str, ...]]] = {
    "amazonorderid": {"amount": ("itemprice",)},  # of all pieces of the line; elsewhere it is that of one
    "lineitemquantity": {"order": ("name",)},  # of Shopify, whose orders are called #1001
}


def key_of(name: str) -> str:
    """The normalised form of a column name for look-ups: lower case, without punctuation, accents or words such as de."""
    plain = JOINING.sub("", NUMBERED.sub("", name).lower().translate(LETTERS))
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", plain))


def without_currency(name: str) -> str:
    """A column name without a trailing currency in brackets or after "in", as in Final price (EUR)."""
    return re.sub(rf"\s*([(\[]\s*({MONEY})\s*[)\]]| in ({MONEY}))$", "", name, flags=re.IGNORECASE)


def tiers_of(role: str, keys: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """Tiers of names for a role in falling order of trust, in an export with the normalised column names `keys`."""
    first = tuple(beside[role] for key, beside in BESIDE.items() if key in keys and role in beside)
    return (*first, *NAMES[role])


def last_word(name: str) -> str:
    """The last word of a column name, normalised: id for both RefundID and refund_id."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", NUMBERED.sub("", name)).replace("_", " ").split()
    return key_of(words[-1]) if words else ""
