"""The exports that bench/fuzz.py damages: every dialect, encoding and format that intake reads, small enough to be quick.

Every record carries a token of its own (``T000017T``) in its order number and its description, by which it is
found again wherever it ends: among the lines, or among the rejected.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import xlsxwriter
from python_calamine import CalamineWorkbook

TOKEN = re.compile(r"T\d{6}T")
HEADER = ("order_id", "customer_id", "order_date", "sku", "description", "quantity", "unit_price", "country")
NAMES = ("Tasse für Tee", "Crème brûlée", "Señor Niño", "5 inch pipe", "plain mug", "Übergröße")


@dataclass(frozen=True)
class Base:
    """An undamaged export: its file name, its bytes, how its text is encoded and what kind of format it is.

    `n_rows` is the number of records, where no damage can change it unnoticed; else 0.
    """

    name: str
    content: bytes
    kind: str  # text, gzip, json, parquet, workbook, duckdb
    encoding: str = "utf-8"
    n_rows: int = 0

    @property
    def is_table(self) -> bool:
        """True for formats that hold a table rather than text."""
        return self.kind in {"parquet", "workbook", "duckdb"}


def bases(exports: Path | None) -> tuple[Base, ...]:
    """All undamaged exports; `exports` is the folder of the public ones, where there is one."""
    return (*_texts(), *_packed(), *_objects(), *_tables(), *(_public(exports) if exports else ()))


def rows(n: int, decimal: str = ".", date: str = "{y}-{m:02d}-{d:02d} 10:{n:02d}:00") -> list[tuple[str, ...]]:
    """`n` sales of a dozen customers, some returned."""
    found = []
    for i in range(n):
        day = date.format(y=2024, m=i % 12 + 1, d=i % 15 + 13, n=i % 60)
        quantity, price = (-1 if i % 17 == 0 else i % 5 + 1), f"{i % 90 + 1}.{i % 10}5".replace(".", decimal)
        token = f"T{i:06d}T"
        found.append((token, f"c{i % 12}", day, f"p{i % 7}", f"{NAMES[i % 6]} {token}", str(quantity), price, "UK"))
    return found


def text(lines: list[tuple[str, ...]], delimiter: str = ",", newline: str = "\n", quote: str = "") -> str:
    """`lines` under the header, each cell between `quote`."""
    return "".join(delimiter.join(f"{quote}{cell}{quote}" for cell in line) + newline for line in [HEADER, *lines])


def _texts() -> list[Base]:
    european = rows(90, ",", "{d:02d}.{m:02d}.{y}")
    torn = [(*line[:4], f'"{line[4]}, ""big""\nred"', *line[5:]) for line in rows(80)]
    return [
        Base("comma.csv", text(rows(120)).encode(), "text"),
        Base("long.csv", text(rows(1500)).encode(), "text"),
        Base("semicolon.csv", text(european, ";").encode("cp1252"), "text", "cp1252"),
        Base("tab.txt", text(rows(80), "\t").encode("utf-16"), "text", "utf-16"),
        Base("wide.csv", text(rows(80), ";").encode("utf-16-be"), "text", "utf-16-be"),
        Base("bar.csv", text(rows(80), "|", "\r\n").encode("utf-8-sig"), "text"),
        Base("returns.csv", text(rows(80), ",", "\r").encode(), "text"),
        Base("quoted.csv", text(rows(80), quote='"').encode(), "text"),
        Base("torn.csv", text(torn).encode(), "text"),
        Base("mac.csv", text(rows(80), ";").encode("mac_roman"), "text", "mac_roman"),
        Base("titled.csv", f"Sales of the year\nmade by the till\n\n{text(rows(90))}Total,,,,,90,1\n".encode(), "text"),
    ]


def _packed() -> list[Base]:
    return [Base("packed.csv.gz", gzip.compress(text(rows(120)).encode(), mtime=0), "gzip")]


def _objects() -> list[Base]:
    objects = [dict(zip(HEADER, line, strict=True)) for line in rows(90)]
    return [
        Base("lines.jsonl", "\n".join(map(json.dumps, objects)).encode(), "json"),
        Base("array.json", json.dumps(objects, indent=1).encode(), "json"),
    ]


def _tables() -> list[Base]:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        source, parquet, database = (Path(folder) / name for name in ("a.csv", "a.parquet", "a.duckdb"))
        source.write_text(text(rows(200)), encoding="utf-8")
        connection.execute("CREATE TABLE sales AS SELECT * FROM read_csv(?)", [str(source)])
        connection.execute(f"COPY sales TO '{parquet}' (FORMAT parquet)")
        connection.execute(f"ATTACH '{database}' AS shop")
        connection.execute("CREATE TABLE shop.sales AS FROM sales")
        connection.execute("DETACH shop")
        return [
            Base("sales.parquet", parquet.read_bytes(), "parquet"),
            Base("shop.duckdb", database.read_bytes(), "duckdb", n_rows=200),
            Base("book.xlsx", _workbook(), "workbook"),
        ]


def _workbook() -> bytes:
    """Three sheets, of which the second holds the sales below a title, and the third what a report makes of them."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.add_worksheet("Notes").write_row(0, 0, ["Read me", "please"])
        sheet = book.add_worksheet("Sales")
        sheet.write(0, 0, "All sales of the year")
        sheet.write_row(2, 0, HEADER)
        for number, line in enumerate(rows(120), 3):
            sheet.write_row(number, 0, [*line[:5], float(line[5]), float(line[6]), line[7]])
        summary = book.add_worksheet("Summary")
        for number, line in enumerate(
            [("customer_id", "orders", "revenue"), *((f"c{n}", 10, 99.5) for n in range(12))]
        ):
            summary.write_row(number, 0, line)
    return target.getvalue()


def _public(exports: Path) -> list[Base]:
    """Days of Online Retail, and the beginnings of a card export, of a workbook of six sheets and of a Parquet file."""
    days = sorted((exports / "online-retail-by-day").glob("*.csv"))[::100]
    found = [Base(f"public-{day.name}", b"".join(day.open("rb").readlines()[:400]), "text") for day in days]
    card = exports / "retail-125k.csv"
    found += [Base("public-card.csv", card.read_bytes()[:40_000], "text")] if card.is_file() else []
    return [*found, *_public_tables(exports)]


def _public_tables(exports: Path) -> list[Base]:
    parquet, workbook, found = exports / "online-retail-2009-2010.parquet", exports / "bike-shop-six-sheets.xlsx", []
    if parquet.is_file():
        with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
            beginning = Path(folder) / "beginning.parquet"
            connection.execute(
                f"COPY (SELECT * FROM read_parquet($path) LIMIT 500) TO '{beginning}' (FORMAT parquet)",
                {"path": str(parquet)},
            )
            found.append(Base("public.parquet", beginning.read_bytes(), "parquet"))
    if workbook.is_file():
        found.append(Base("public.xlsx", _beginning(workbook), "workbook"))
    return found


def _beginning(workbook: Path) -> bytes:
    """The first rows of every sheet."""
    target, whole = io.BytesIO(), CalamineWorkbook.from_path(str(workbook))
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for name in whole.sheet_names:
            sheet = book.add_worksheet(name)
            for number, line in enumerate(whole.get_sheet_by_name(name).to_python(nrows=150)):
                sheet.write_row(number, 0, line)
    return target.getvalue()
