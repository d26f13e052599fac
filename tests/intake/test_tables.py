"""Workbooks, Parquet, JSON lines and DuckDB files."""

import json
from datetime import datetime

import duckdb
import pytest
import xlsxwriter

from segmenter.errors import SourceError


@pytest.fixture
def database(export, table):
    path = export.write(table())
    connection = duckdb.connect()
    connection.execute("CREATE TABLE sales AS SELECT * FROM read_csv(?)", [str(path)])
    return connection


def test_parquet(export, database, tmp_path):
    database.execute(f"COPY sales TO '{tmp_path / 'sales.parquet'}' (FORMAT parquet)")
    assert len(export.load(tmp_path / "sales.parquet").rows()) == 8


def test_json_lines(export, lines):
    names = ("order_id", "customer_id", "order_date", "sku", "quantity", "unit_price")
    text = "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in lines)
    assert len(export.read(text, name="sales.jsonl").rows()) == 8


def test_json_keeps_long_ids_late_keys_and_arrays(export):
    sales = [{"customer_id": 10**22 + n % 5, "order_date": "2024-01-13", "amount": 5} for n in range(30)]
    sales.append({"customer_id": "007", "order_date": "2024-01-13", "amount": "5", "status": "cancelled"})
    for text in ("\n".join(map(json.dumps, sales)), json.dumps(sales)):
        loaded = export.read(text, name="sales.json")
        assert loaded.fates == {"sale": 30, "cancelled_status": 1}
        assert len(loaded.rows("DISTINCT customer_id")) == 6


def test_the_only_table_of_a_duckdb_file(export, database, tmp_path):
    database.execute(f"ATTACH '{tmp_path / 'shop.duckdb'}' AS shop; CREATE TABLE shop.sales AS FROM sales; DETACH shop")
    assert len(export.load(tmp_path / "shop.duckdb").rows()) == 8


def test_several_tables_need_a_name(export, database, tmp_path):
    database.execute(f"ATTACH '{tmp_path / 'shop.duckdb'}' AS shop; CREATE TABLE shop.sales AS FROM sales")
    database.execute("CREATE TABLE shop.other AS SELECT 1 AS x; DETACH shop")
    with pytest.raises(SourceError, match=r"other, sales; name one as source\.table"):
        export.load(tmp_path / "shop.duckdb")
    assert len(export.load(tmp_path / "shop.duckdb", table="sales").rows()) == 8


def workbook(path, lines, title=True):
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notes").write_row(0, 0, ["Read me", "please"])
        sheet = book.add_worksheet("Sales")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        first = 2 if title else 0
        if title:
            sheet.write(0, 0, "All sales of the year")
        sheet.write_row(first, 0, ["order_id", "customer_id", "order_date", "sku", "quantity", "unit_price"])
        for number, row in enumerate(lines, first + 1):
            sheet.write(number, 0, row[0])
            sheet.write(number, 1, 100 + number % 4)
            sheet.write_datetime(number, 2, datetime.fromisoformat(row[2]), day)
            sheet.write_row(number, 3, [row[3], float(row[4]), float(row[5])])
    return path


@pytest.mark.parametrize("title", [True, False], ids=["title above the header", "no title"])
def test_the_right_sheet_of_a_workbook(export, lines, tmp_path, title):
    loaded = export.load(workbook(tmp_path / "book.xlsx", lines, title))
    assert len(loaded.rows()) == 8
    assert {row[0] for row in loaded.rows("customer_id")} == {"100", "101", "102", "103"}


def test_a_sheet_that_does_not_exist_is_named_with_those_that_do(export, lines, tmp_path):
    with pytest.raises(SourceError, match="no sheet 'Orders'; it has Notes, Sales"):
        export.load(workbook(tmp_path / "book.xlsx", lines), sheet="Orders")


def test_a_folder_and_a_glob_are_read_file_by_file(export, table, lines, tmp_path):
    folder = tmp_path / "days"
    folder.mkdir()
    for number, row in enumerate(lines):
        (folder / f"{number}.csv").write_text(table(rows=[row]))
    assert len(export.load(folder).rows()) == 8
    assert len(export.load(str(folder / "*.csv")).rows()) == 8


def test_files_may_name_their_columns_differently(export, table, lines):
    first = export.write(table(rows=lines[:4]), "a.csv")
    second = export.write(
        table(rows=lines[4:], header=("Invoice", "Customer ID", "Date", "Item", "Qty", "Price")), "b.csv"
    )
    loaded = export.load(first, second)
    assert len(loaded.rows()) == 8
    assert loaded.intake.recognition.columns["order"] == "order_id / Invoice"
