"""Any common dialect gives the same transactions."""

import gzip
from itertools import product

import duckdb
import pytest

from segmenter.intake.numbers import decimal_candidates, number_sql
from tests.intake.conftest import HEADER

TOTAL = 90  # 2.50 x (1 + ... + 8)


def total(loaded):
    return float(loaded.connection.execute("SELECT sum(amount) FROM transactions").fetchall()[0][0])


def products_of(export, lines, files):
    """What an intake gives of a file for each encoding and list of products, and the products that it found."""
    for number, (encoding, products) in enumerate(files):
        rows = [(*row[:3], f'"{products[at % len(products)]}"', *row[4:]) for at, row in enumerate(lines)]
        text = "\n".join(",".join(row) for row in (HEADER, *rows))
        export.write(text + "\n", f"{number:02}.csv", encoding)
    loaded = export.load(export.folder)
    return loaded.intake, {row[0] for row in loaded.rows("product")}


def test_delimiters_and_line_ends(export, table):
    """Rows that one file holds as another does are counted once."""
    for number, (delimiter, newline) in enumerate(product(",;\t|", ("\n", "\r\n", "\r"))):
        export.write(table(delimiter, newline), f"{number}.csv")
    loaded = export.load(export.folder)
    assert total(loaded) == TOTAL
    assert [reading.n_rows for reading in loaded.intake.readings] == [8] * 12


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_that_were_added_by_another_program_may_end_otherwise(export, table, lines, newline):
    loaded = export.read(
        table(newline="\r\n", rows=lines[:4]) + table(newline=newline, rows=lines[5:], header=lines[4])
    )
    assert (total(loaded), loaded.rejected) == (TOTAL, [])


def test_encodings_keep_every_letter(export, lines):
    encodings = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "mac_roman"]
    products = ["Tasse für Tee", "Crème brûlée", "Señor Niño", "Straße ü", "café", "Übergröße", "garçon", "été"]
    assert products_of(export, lines, [(encoding, products) for encoding in encodings])[1] == set(products)


def test_curly_quotes_dashes_and_the_euro_are_no_letters(export, lines):
    files = [
        ["Children’s book", "Women’s hat"],
        ["Café – crème", "Tea"],
        ["“Best” mug…", "O’Neill’s – mug"],
        ["€ 5 voucher", "Grüße"],
        ["JABÓN NIÑO", "CAFÉ PANTALÓN"],
        ["PROMOÇÕES", "AVIÕES"],
        ["nº 5", "¡Qué café!"],
    ]
    found = products_of(export, lines, product(("cp1252", "mac_roman"), files))[1]
    assert found == {name for products in files for name in products}


def test_encodings_of_other_languages_keep_every_letter(export, lines):
    files = [
        ("cp1250", ["Łyżka drewniana", "Świeca", "Poduszka żółta"]),
        ("cp1250", ["Lžíce dřevěná", "Hrnek", "Polštář žlutý"]),
        ("cp1254", ["Ahşap kaşık", "Sarı yastık", "ÇAYDANLIK AĞAÇ"]),
        ("cp1250", ["Bőr", "Fűszeres", "Női cipő", "Törölköző"]),
        ("cp1250", ["Lumânare parfumată", "Faţă de masă", "Şosete"]),
        ("iso8859_2", ["Łyżka drewniana", "Świeca", "Książka"]),
        ("cp1252", ["Tréskeið", "Þvottur", "Handklæði", "Íþróttavörur"]),
        ("koi8_r", ["Кружка керамическая", "Свеча ароматная", "Подушка жёлтая"]),
        ("cp1251", ["Кружка керамическая", "Свеча ароматная", "Ложка"]),
        ("cp1253", ["Κούπα κεραμική", "Κερί αρωματικό", "Μαξιλάρι κίτρινο"]),
        ("cp1255", ["ספל קרמיקה", "נר ריחני", "כרית צהובה"]),
        ("cp1256", ["كوب سيراميك", "شمعة معطرة", "وسادة صفراء"]),
        ("cp932", ["セラミックマグカップ", "木のスプーン", "黄色いクッション"]),
        ("cp949", ["도자기 머그컵", "나무 숟가락", "노란 쿠션"]),
        ("gb18030", ["陶瓷马克杯", "香薰蜡烛", "黄色靠垫"]),
        ("big5", ["陶瓷馬克杯", "香薰蠟燭", "黃色靠墊"]),
    ]
    intake, found = products_of(export, lines, files)
    assert found == {name for _, products in files for name in products}
    told = [reading.dialect.split(",")[0] for reading in intake.readings]
    assert told == [encoding for encoding, _ in files]


def test_signs_and_a_few_damaged_letters_do_not_make_a_western_text_another(export, lines):
    files = [
        ["Café", "Thé ÷ ¤", "Mug ¤¤ ¶", "naïve"],
        ["Rahmen 10×15", "Mug"],
        ["Jug ½ litre", "Pipe ¾ inch", "Ø12 cm", "±5 5¢"],
        ["10µm filter", "Tea"],
        ["Box 2 m³", "Cable 5 m²"],
        ["É. Dupont", "Ö. Özil"],
        ["1\u00a0200,50 €", "2\u00a0400 €"],
        ["3\u00a0400", "5\u00a0600"],
        ["Botões", "Camarões"],
        ["Kõrvits", "Öö", "Märk"],
    ]
    found = products_of(export, lines, [("cp1252", products) for products in files])[1]
    assert found == {name for products in files for name in products}


def test_a_few_rows_of_another_encoding_do_not_garble_the_rest(export):
    rows = [f"Zoë{n},2024-01-{n % 15 + 13},5\n".encode() for n in range(60)]
    loaded = export.read(b"customer_id,order_date,amount\n" + b"".join(rows) + b"Zo\xeb,2024-01-20,5\n")
    assert loaded.fates == {"sale": 60, "unreadable": 1}
    assert loaded.rejected[0][1:4] == (62, "customer_id", "letters that are not in the encoding")
    assert ("Zoë7",) in loaded.rows("customer_id")


def test_returns_doubled_before_line_feeds_lose_nothing(export, table):
    assert total(export.read(table(newline="\r\r\n"))) == TOTAL


def test_of_a_moment_with_an_offset_the_clock_that_it_shows_counts(export, table, lines):
    rows = [(*row[:2], row[2].replace(" ", "T") + "+02:00", *row[3:]) for row in lines]
    assert str(export.read(table(rows=rows)).rows("CAST(ts AS TIME)")[0][0]) == "10:00:00"


def test_big_endian_utf16_with_a_byte_order_mark_is_not_read_as_empty(export, table):
    content = b"\xfe\xff" + table().encode("utf-16-be")
    assert total(export.read(content)) == TOTAL


def test_a_packed_file_is_unpacked(export, table):
    assert total(export.read(gzip.compress(table().encode()), name="export.csv.gz")) == TOTAL


def test_quoted_fields_hold_delimiters_quotes_and_line_ends(export, table, lines):
    rows = [(*row[:3], '"a, ""b""\nc"', *row[4:]) for row in lines]
    loaded = export.read(table(rows=rows))
    assert {row[0] for row in loaded.rows("product")} == {'a, "b"\nc'}


def test_an_inch_mark_inside_a_field_is_a_letter(export, table, lines):
    rows = [(*row[:3], 'pipe 5" long', *row[4:]) for row in lines]
    assert {row[0] for row in export.read(table(rows=rows)).rows("product")} == {'pipe 5" long'}


COMMAS = {
    "1.234,50": 1234.5, "1234,5": 1234.5, "1 234,50": 1234.5, "1\u00a0234,50": 1234.5, "1\u202f234,50 €": 1234.5, "€ 12,00": 12,
    "12,00\u00a0€": 12, "EUR12,50": 12.5, "12,50 zł": 12.5, "1\u00a0234,50 kr.": 1234.5, "R$ 1.234,50": 1234.5, "129,-": 129,
    "129,– €": 129, "12,50−": -12.5, "12,50 -": -12.5, "− 12,50 €": -12.5, "-€ 12,50": -12.5, "(12,50 €)": -12.5, "(129,-)": -129,
}  # fmt: skip
POINTS = {
    "1,234.50": 1234.5, "1'234.50": 1234.5, "1’234.50": 1234.5, "1,23,456.00": 123456, "Rs. 1,234.50": 1234.5, "£12.00": 12,
    "US$ 12.00": 12, "-CHF 12.50": -12.5, "1e2": 100,
}  # fmt: skip


@pytest.mark.parametrize(("mark", "expected"), [(",", COMMAS), (".", POINTS)], ids=["commas", "points"])
def test_numbers_are_read_with_the_mark_of_their_decimals(mark, expected):
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE numbers AS SELECT unnest(CAST(? AS VARCHAR[])) AS t", [[*expected]])
        found = connection.execute(f"SELECT t, {number_sql('t', mark, 6)} FROM numbers").fetchall()
    assert dict(found) == expected
    assert {text: {*decimal_candidates(text).values()} for text in expected} == {
        text: {number} for text, number in expected.items()
    }


@pytest.mark.parametrize(
    "prices",
    [
        ["1.234,50", "1234,5", "1 234,50", "129,-", "12,50−", "12,50 -"],
        ["1.234,50 €", "€ 12,00", "EUR12,50", "(12,50 €)", "-€ 12,50"],
        ["1,234.50", "1'234.50", "1’234.50", "1,23,456.00", "1e2"],
        ["-CHF 12.50", "CHF 1'234.50"],
    ],
    ids=["commas", "euros", "points", "francs"],
)
def test_money_is_read_as_its_column_writes_it(export, table, lines, prices):
    known = {**COMMAS, **POINTS, "1.234,50 €": 1234.5, "CHF 1'234.50": 1234.5}
    rows = [(*lines[at % 8][:4], "1", price) for at, price in enumerate(prices)]
    loaded = export.read(table(";", rows=rows), rules={"negative_price": "keep"})
    assert total(loaded) == sum(known[price] for price in prices)


@pytest.mark.parametrize("price", ["5.-10", "12.-50", "12USD34", "5 EUR 6"])
def test_what_stands_in_the_middle_of_a_number_makes_it_none(export, table, lines, price):
    rows = [*lines[:-1], (*lines[-1][:4], "1", price)]
    assert export.read(table(";", rows=rows)).fates == {"sale": 7, "unreadable": 1}
    assert not decimal_candidates(price)


def test_a_long_text_is_no_number_at_once():
    assert not decimal_candidates("1" + " " * 10_000_000)  # which a pattern would look at until nobody waits any more
    assert decimal_candidates("0.1000000000000000055511151231257827021181583404541015625")


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%m/%d/%y %H:%M",
     "%d-%b-%y", "%d-%b-%Y", "%Y%m%d", "%b %d, %Y", "%Y/%m/%d %H:%M:%S",
     "%d.%m.%Y, %H:%M", "%m/%d/%Y, %I:%M:%S %p", "%m/%d/%Y, %I:%M\u202f%p", "%b %d, %Y, %I:%M %p"],
)  # fmt: skip
def test_dates(export, table, lines, form):
    from datetime import datetime

    days = [datetime.fromisoformat(row[2]) for row in lines]
    rows = [(*row[:2], f'"{day:{form}}"', *row[3:]) for row, day in zip(lines, days, strict=True)]
    loaded = export.read(table(";", rows=rows))
    assert [row[0] for row in loaded.rows("CAST(ts AS DATE)")] == sorted(day.date() for day in days)


def test_excel_serial_dates(export, table, lines):
    rows = [(*row[:2], str(45000 + number), *row[3:]) for number, row in enumerate(lines)]
    loaded = export.read(table(rows=rows))
    assert str(loaded.rows("CAST(ts AS DATE)")[0][0]) == "2023-03-15"


@pytest.mark.parametrize("unit", [1, 1000])
def test_seconds_and_thousandths_since_1970_are_moments(export, table, lines, unit):
    rows = [
        (*row[:2], str((1_735_689_600 + number * 86_400 + 3_661) * unit), *row[3:]) for number, row in enumerate(lines)
    ]
    loaded = export.read(table(rows=rows))
    assert [str(row[0]) for row in loaded.rows("ts")][:2] == ["2025-01-01 01:01:01", "2025-01-02 01:01:01"]
    assert loaded.intake.readings[0].dialect.endswith("seconds since 1970 (UTC), decimal point")


def test_a_preamble_above_the_header_is_passed_over(export, table):
    loaded = export.read("Report of June\nmade by the till\n\n" + table())
    assert total(loaded) == TOTAL


def test_a_title_above_the_header_that_a_spreadsheet_made_as_wide_is_passed_over(export, table):
    title = "Sales 01/01/2025 - 30/06/2025,,,,,\nOur Shop Ltd,,,,,\n,,,,,\n"
    assert total(export.read(title + table())) == TOTAL


def test_row_order_does_not_matter(export, table, lines):
    forwards, backwards = export.read(table()), export.read(table(rows=lines[::-1]), name="other.csv")
    assert forwards.rows() == backwards.rows()


@pytest.mark.parametrize(
    "header",
    [
        ("Nr zamówienia", "ID klienta", "Data zamówienia", "Kod produktu", "Ilość", "Cena jednostkowa"),
        ("Bestelnummer", "Klantnummer", "Besteldatum", "Artikelcode", "Aantal", "Prijs"),
        ("Sipariş No", "Müşteri No", "Sipariş Tarihi", "Ürün Kodu", "Adet", "Birim Fiyat"),
        (
            "Número do pedido",
            "Código do cliente",
            "Data do pedido",
            "Código do produto",
            "Quantidade",
            "Preço unitário",
        ),
        ("Numero ordine", "Codice cliente", "Data ordine", "Codice articolo", "Quantità", "Prezzo unitario"),
        ("Número de pedido", "ID de cliente", "Fecha de pedido", "Código de artículo", "Cantidad", "Precio unitario"),
        ("N° de commande", "Code client", "Date de commande", "Code article", "Quantité", "Prix unitaire"),
        ("Ordernr", "Kundnr", "Orderdatum", "Artikelnr", "Antal", "Pris"),
        ("Beleg-Nr.", "Kd.-Nr.", "Fakturadatum", "Artikel-Nr.", "Menge", "Einzelpreis"),
        ("Reservation No", "Guest ID", "Booked On", "Item", "Quantity", "Price"),
        ("Gift ID", "Constituent ID", "Gift Date", "Item", "Quantity", "Price"),
        ("Receipt No", "Phone", "Date", "Item", "Quantity", "Price"),
    ],
    ids=lambda header: header[1],
)
def test_columns_are_known_by_their_names_in_many_languages_and_trades(export, table, header):
    loaded = export.read(table(";", header=header))
    roles = ("order", "customer", "time", "product", "quantity", "unit_price")
    assert loaded.intake.recognition.columns == dict(zip(roles, header, strict=True))
    assert total(loaded) == TOTAL
