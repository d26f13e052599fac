"""What cannot be read is refused in one paragraph that says what, where and what to do."""

import bz2
import csv
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import pytest
import xlsxwriter
from pydantic import ValidationError

from segmenter.errors import ConfigError, DataError, SegmenterError, SourceError


def refused(export, content, match, **options):
    with pytest.raises(SegmenterError, match=match) as error:
        export.read(content, **options)
    assert "\n" not in str(error.value)
    return error.value


def test_a_missing_file(export, tmp_path):
    with pytest.raises(SourceError, match="There is no file"):
        export.load(tmp_path / "absent.csv")


def test_a_folder_without_exports(export, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no export"):
        export.load(tmp_path / "empty")


def test_files_of_a_folder_that_are_no_exports_are_left_and_told_of(export, table):
    export.write(table())
    export.write("Diese Dateien kommen jede Nacht.\n", "LIESMICH.txt")
    export.write(b"%PDF-1.7", "manual.pdf")
    export.write("a lock", "~export.csv")
    export.write("hidden", ".notes.csv")
    loaded = export.load(export.folder)
    assert loaded.intake.account.rows_read == 8
    (told,) = loaded.intake.account.warnings
    assert told.endswith("were not read: LIESMICH.txt, manual.pdf.")
    assert str(export.folder) in told


def test_a_folder_of_text_files_is_read(export, table):
    export.write(table("\t"), "export.txt")
    loaded = export.load(export.folder)
    assert loaded.intake.account.rows_read == 8
    assert not loaded.intake.account.warnings


def test_of_many_files_that_are_not_read_the_first_are_named(export, table):
    export.write(table())
    for number in range(7):
        export.write("", f"{number}.log")
    (told,) = export.load(export.folder).intake.account.warnings
    assert told.endswith("0.log, 1.log, 2.log, 3.log, 4.log, and 2 more.")


def test_an_empty_file(export):
    refused(export, "", "is empty")


def test_a_header_alone(export):
    refused(export, "customer_id,order_date,amount\n", "a header but no rows")


def test_no_header(export):
    refused(export, "1,2024-01-13,5.00\n2,2024-01-14,6.00\n", "has no header")


def test_a_binary_file(export):
    refused(export, bytes(range(256)) * 20, "is a binary file")


@pytest.mark.parametrize(
    "begin", ["<!doctype html>", "\n <HTML lang='en'>", "<table>", "\ufeff<html>", '<?xml version="1.0"?>']
)
def test_a_web_page_is_named_however_it_begins(export, begin):
    page = begin + "\n<p>Sign in, please</p>" * 20
    refused(export, page, "is a web page or XML", name="export.xls")


def test_a_zero_byte_among_text(export):
    refused(export, "customer_id,order_date,amount\nc\0,2024-01-13,5\n", "holds a zero byte on line 2")


ONE = '{"customer_id": "c1", "order_date": "2024-01-13", "amount": 5}'


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.txt"])
@pytest.mark.parametrize("place", ["within a value", "between objects", "at the end"])
def test_a_zero_byte_among_json_lines(export, name, place):
    second = {"within a value": ONE.replace("c1", "c\0"), "between objects": f"\0\n{ONE}", "at the end": f"{ONE}\0"}[
        place
    ]
    refused(export, f"{ONE}\n{second}\n", "holds a zero byte on line 2: it was damaged", name=name)


def test_a_zero_byte_in_an_array_of_objects(export):
    text = f"[\n{ONE},\n{ONE.replace('c1', chr(0))}\n]"
    refused(export, text, "holds a zero byte on line 3: it was damaged", name="a.json")


def test_a_zero_byte_far_down_a_file_of_json_lines(export):
    text = f"{ONE}\n" * 9000 + ONE.replace("c1", "\0")
    refused(export, text, "holds a zero byte on line 9,001", name="a.jsonl")


def test_json_in_wide_letters_is_not_taken_for_damage(export):
    refused(
        export,
        f"{ONE}\n{ONE}\n",
        "is utf-16-le text, but JSON is read as UTF-8",
        name="a.json",
        encoding_of_file="utf-16-le",
    )


@pytest.mark.parametrize("pack", ["bz2", "xz", "7z", "zip", "tar", "lz4", "zst", "compress"])
def test_an_archive_of_another_kind_is_named_whatever_the_file_is_called(export, table, pack):
    text = table().encode()
    packed = {
        "bz2": lambda: bz2.compress(text),
        "xz": lambda: lzma.compress(text),
        "zip": lambda: _zipped(text),
        "tar": lambda: _tarred(text),
        "7z": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(200),
        "lz4": lambda: b"\x04\x22\x4d\x18" + bytes(200),
        "zst": lambda: b"\x28\xb5\x2f\xfd" + bytes(200),
        "compress": lambda: b"\x1f\x9d\x90" + bytes(200),
    }[pack]()
    words = {"bz2": "bzip2", "xz": "xz", "zip": "ZIP archive", "tar": "tar archive", "7z": "7-Zip", "lz4": "lz4",
             "zst": "zstd", "compress": "compress"}  # fmt: skip
    refused(export, packed, words[pack], name="export.csv")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (rb"{\rtf1\ansi customer;amount}", "text document"),
        (b"ARROW1\0\0" + bytes(200), "Arrow"),
        (b"Obj\x01\x04\x14avro.codec", "Avro"),
    ],
)
def test_a_file_of_another_program_is_called_what_it_is(export, head, name):
    refused(export, head, name, name="export.csv")


def _zipped(text):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("export.csv", text)
    return target.getvalue()


def _tarred(text):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        member = tarfile.TarInfo("export.csv")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return target.getvalue()


@pytest.mark.parametrize("quoted", ["customer", "everything but the header", "everything"])
def test_single_quotes_about_fields_are_named(export, quoted):
    def row(*cells):
        places = {"customer": (0,)}.get(quoted, (0, 1, 2))
        return ",".join(f"'{cell}'" if place in places else cell for place, cell in enumerate(cells)) + "\n"

    header = ("customer_id", "order_date", "amount")
    text = (row(*header) if quoted == "everything" else ",".join(header) + "\n") + "".join(
        row(f"c{n}", f"2024-01-{n + 13}", "5") for n in range(9)
    )
    refused(export, text, "between single quotes")


def test_an_apostrophe_in_names_is_a_letter(export):
    loaded = export.read("customer_id,order_date,amount\nO'Hara,2024-01-13,5\n't Hooft,2024-01-14,6\n")
    assert {row[0] for row in loaded.rows("customer_id")} == {"O'Hara", "'t Hooft"}


def test_a_files_name_may_be_no_text(export, table):
    path = export.folder / os.fsdecode(b"caf\xe9.csv")
    path.write_text(table())
    assert export.load(path).intake.readings[0].name == "caf\ufffd.csv"


@pytest.mark.parametrize(
    "wrong", [{"encoding": "klingon"}, {"encoding": "base64"}, {"delimiter": ";;"}, {"delimiter": ""}]
)
def test_an_encoding_or_delimiter_that_is_none(export, table, wrong):
    with pytest.raises(ValidationError):
        export.read(table(), **wrong)


def test_a_pattern_that_is_no_regular_expression(export, table):
    with pytest.raises(ConfigError, match=r"rules\.non_product_pattern"):
        export.read(table(), rules={"non_product_pattern": "(?=x"})


def test_text_that_is_no_table(export):
    refused(export, "once upon a time\nthere was a shop\n", "is not a table")


def test_a_column_that_does_not_exist(export, table):
    refused(export, table(), "no column 'who' for source.columns.customer", columns={"customer": "who"})


def test_two_columns_that_could_be_the_customer(export):
    text = "customer_id,client_id,order_date,amount\n1,2,2024-01-13,5\n3,4,2024-01-14,6\n"
    refused(export, text, r"(?s)'customer_id' and 'client_id' could both be the customer.*\[source.columns\]\ncustomer")
    assert len(export.load(export.folder / "export.csv", columns={"customer": "client_id"}).rows()) == 2


def test_dates_that_fit_day_first_and_month_first(export):
    text = "customer_id,order_date,amount\n1,01/02/2024,5\n2,03/04/2024,6\n"
    refused(export, text, r"(?s)day first and month first.*date_order")
    loaded = export.load(export.folder / "export.csv", date_order="mdy")
    assert str(loaded.rows("CAST(ts AS DATE)")[0][0]) == "2024-01-02"


def test_two_digit_years_that_may_come_first_or_last(export):
    text = "customer_id,order_date,amount\n1,24-01-13,5\n2,24-02-14,6\n"
    refused(export, text, r"(?s)year first and day first.*date_order")


def test_one_day_beyond_the_twelfth_settles_the_order(export):
    text = "customer_id,order_date,amount\n1,01/02/2024,5\n2,25/04/2024,6\n"
    assert str(export.read(text).rows("CAST(ts AS DATE)")[0][0]) == "2024-02-01"


def test_numbers_that_fit_point_and_comma(export):
    text = "customer_id;order_date;amount\n1;2024-01-13;1.234\n2;2024-01-14;5.678\n"
    refused(export, text, r"(?s)decimal point and with a decimal comma.*decimal = ")
    assert float(export.load(export.folder / "export.csv", decimal=",").rows("amount")[0][0]) == 1234


def test_an_amount_that_differs_from_quantity_times_price(export):
    text = "customer_id,order_date,amount,quantity,price\n1,2024-01-13,50,2,5\n2,2024-01-14,60,2,5\n"
    refused(export, text, "a line's money could be 'amount', or quantity times 'price'")


def test_a_quote_that_is_never_closed(export, table, lines):
    rows = [*lines[:3], (*lines[3][:3], '"open', *lines[3][4:]), *lines[4:]]
    refused(export, table(rows=rows), "a quote is opened and never closed")


def test_an_open_quote_in_the_header(export, lines):
    refused(export, 'order_id,"customer_id,order_date,amount\n1,2,2024-01-13,5\n2,3,2024-01-14,6\n', "quote|no table")


def test_columns_that_change_in_mid_file_are_rejected_not_lost(export):
    narrow = "".join(f"c{n},2024-01-{n % 15 + 13},5\n" for n in range(200))
    wide = "".join(f"c{n},2024-01-{n % 15 + 13},5,extra\n" for n in range(50))
    loaded = export.read("customer_id,order_date,amount\n" + narrow + wide)
    assert loaded.fates == {"sale": 200, "unreadable": 50}
    assert loaded.intake.account.rows_read == 250


def test_a_ragged_file_is_never_read_as_one_column_of_text(export):
    text = "customer_id,order_date,amount\nc1,2024-01-13,5\nc2,2024-01-14\nc3,2024-01-15,6,7,8\nc4,2024-01-16,7\n"
    loaded = export.read(text)
    assert loaded.fates == {"sale": 2, "unreadable": 2}


def test_one_customer(export):
    refused(export, "customer_id,order_date,amount\nc1,2024-01-13,5\nc1,2024-01-14,6\n", "1 customer")


def test_all_amounts_zero(export):
    refused(export, "customer_id,order_date,amount\nc1,2024-01-13,0\nc2,2024-01-14,0\n", "Only 0 of 2 rows")


def test_all_dates_equal_is_said(export):
    text = "customer_id,order_date,amount\nc1,2024-01-13,5\nc2,2024-01-13,6\n"
    assert any("one day" in warning for warning in export.read(text).intake.account.warnings)


def test_a_packed_bomb_is_refused_without_unfolding_it_all(export):
    refused(export, gzip.compress(b"0,0,0,0\n" * (40 << 20), 6), "unfolds to more than", name="bomb.csv.gz")


def test_one_endless_line(export):
    refused(export, "x" * 5_000_000, "a line of more than 2,000,000 characters")


def test_a_damaged_archive(export, table):
    refused(export, gzip.compress(table().encode())[:-20], "cannot be unpacked", name="cut.csv.gz")


def test_a_damaged_workbook(export):
    refused(export, b"PK\x03\x04" + b"nonsense" * 50, "is not a workbook", name="book.xlsx")


@pytest.mark.parametrize(
    "sheet", ["<worksheet><sheetData><row", "<a></b>", '<c t="s"><v>9</v></c>', "<row r='!!'><c r='['>"]
)
def test_a_workbook_whose_sheet_is_damaged(export, tmp_path, sheet):
    with xlsxwriter.Workbook(tmp_path / "whole.xlsx") as book:
        book.add_worksheet("Sales").write_row(0, 0, ["customer_id", "order_date", "amount"])
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(tmp_path / "cut.xlsx", "w") as cut:
        for name in whole.namelist():
            cut.writestr(name, sheet if name.endswith("sheet1.xml") else whole.read(name))
    with pytest.raises(SourceError, match=r"not a workbook that can be read|no sheet looks like"):
        export.load(tmp_path / "cut.xlsx")


def test_a_workbook_with_zero_bytes_among_its_rows_is_refused_as_rows_would_be_lost(export, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "whole.xlsx") as book:
        sheet = book.add_worksheet("Sales")
        for n, row in enumerate(
            [("customer_id", "order_date", "amount"), *[(f"c{n % 3}", f"2024-01-{n + 13}", n) for n in range(9)]]
        ):
            sheet.write_row(n, 0, row)
    assert export.load(tmp_path / "whole.xlsx").intake.account.rows_read == 9
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole, zipfile.ZipFile(tmp_path / "zeroed.xlsx", "w") as zeroed:
        for name in whole.namelist():
            content = whole.read(name)
            zeroed.writestr(
                name, content.replace(b"</row>", b"</row>" + bytes(4), 4) if name.endswith("sheet1.xml") else content
            )
    with pytest.raises(SourceError, match=r"zero bytes stand in its xl/worksheets/sheet1.xml"):
        export.load(tmp_path / "zeroed.xlsx")


def test_a_damaged_parquet_file(export):
    refused(export, b"PAR1" + b"nonsense" * 50, "cannot be read", name="table.parquet")


def test_json_lines_that_break_off(export):
    refused(
        export,
        '{"customer_id": 1, "order_date": "2024-01-13", "amount": 5}\n{"customer_id": 2, "or',
        "cannot be read",
        name="a.jsonl",
    )


def test_repeated_names_in_the_header_are_numbered_not_guessed(export):
    text = "customer_id,order_date,amount,amount\nc1,2024-01-13,5,7\nc2,2024-01-14,6,8\n"
    with pytest.raises(SourceError, match="'amount' and 'amount \\(2\\)' could both be the amount"):
        export.read(text)
    loaded = export.read(text, columns={"amount": "amount"})
    assert [float(row[0]) for row in loaded.rows("amount")] == [5.0, 6.0]
    assert loaded.intake.recognition.ignored == ("amount (2)",)


def test_the_input_file_is_not_changed(export, table):
    path = export.write(table())
    before = path.read_bytes()
    export.load(path)
    assert path.read_bytes() == before


def test_dates_nobody_can_read(export):
    with pytest.raises((SourceError, DataError), match=r"no column was recognised as time|dates cannot be read"):
        export.read("customer_id,order_date,amount\nc1,tomorrow,5\nc2,yesterday,6\n")


def test_a_file_that_is_still_being_written_is_named(tmp_path, monkeypatch):
    from segmenter.config import Config
    from segmenter.intake import lines, load, open_connection

    path = tmp_path / "sales.csv"
    path.write_text(
        "customer_id,order_date,amount\n" + "".join(f"c{i},2024-01-{i % 28 + 1:02d},5\n" for i in range(200))
    )
    insertion = lines.insertion

    def while_the_export_grows(*arguments):
        with path.open("a") as file:
            file.write("c7,2024-02-01,5\n")
        return insertion(*arguments)

    monkeypatch.setattr(lines, "insertion", while_the_export_grows)
    connection = open_connection("1GiB", 1, tmp_path)
    with pytest.raises(SourceError, match="still being written"):
        load(connection, [path], Config().source, Config().rules)


@pytest.mark.parametrize("limit", [131_072, 1 << 24])
def test_half_a_million_digits_in_a_field_take_no_time_whatever_was_read_before(export, table, limit):
    csv.field_size_limit(limit)  # what an earlier file of the same process left behind
    loaded = export.read(table().replace("o0", 500_000 * "9" + "x", 1))
    assert loaded.fates == {"sale": 8}
