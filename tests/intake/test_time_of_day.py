"""Days and times of day that stand in columns of their own, as cash registers write them, are one moment."""

from datetime import datetime, time

import duckdb
import pytest
from xlsxwriter import Workbook

from segmenter.intake import fast, parse

HEADER = ("Receipt No", "Date", "Time", "Member ID", "Total")
WRITTEN = ["14:05", "14:05:07", "2:05\u202fpm", "2:05:07 PM", "02:05PM", "12:00 AM", "14:05:07.1234567", "14:05"]
MOMENTS = ["14:05:00", "14:05:07", "14:05:00", "14:05:07", "14:05:00", "00:00:00", "14:05:07", "14:05:00"]


def rows(times, days="2024-01-{:02}"):
    return [(f"r{n}", days.format(n + 13), at, f"m{n % 4}", "5.00") for n, at in enumerate(times)]


def text(table):
    return "".join(",".join(row) + "\n" for row in (HEADER, *table))


def times_of(loaded):
    return [
        str(at.time())
        for (at,) in loaded.connection.execute("SELECT ts FROM transactions ORDER BY order_id").fetchall()
    ]


@pytest.mark.parametrize("reader", [fast.parse_fast, lambda *_: None], ids=["fast", "slow"])
def test_a_time_of_day_is_added_to_its_day_however_it_is_written(export, monkeypatch, reader):
    monkeypatch.setattr(parse, "parse_fast", reader)
    loaded = export.read(text(rows(WRITTEN)))
    assert loaded.intake.recognition.columns["time_of_day"] == "Time"
    assert times_of(loaded) == MOMENTS


@pytest.mark.parametrize("reader", [fast.parse_fast, lambda *_: None], ids=["fast", "slow"])
def test_a_date_that_has_its_time_keeps_it(export, monkeypatch, reader):
    monkeypatch.setattr(parse, "parse_fast", reader)
    assert times_of(export.read(text(rows(["14:05"] * 8, "2024-01-{:02} 08:30")))) == ["08:30:00"] * 8


def test_a_time_of_day_that_is_missing_or_none_leaves_the_day(export):
    loaded = export.read(text(rows(["14:05", "", "soon", *["9:00"] * 9])))
    assert times_of(loaded)[-3:] == ["09:00:00"] * 3
    assert sorted(times_of(loaded))[:2] == ["00:00:00"] * 2
    assert loaded.fates == {"sale": 12}


def test_of_two_columns_of_times_of_day_none_is_taken(export):
    table = [(*row, "15:00") for row in rows(["14:05"] * 8)]
    loaded = export.read("".join(",".join(row) + "\n" for row in ((*HEADER, "Order Time"), *table)))
    assert "time_of_day" not in loaded.intake.recognition.columns
    assert times_of(loaded) == ["00:00:00"] * 8


def test_a_column_of_that_name_without_times_of_day_is_none(export):
    loaded = export.read(text(rows(["morning", "noon"] * 4)))
    assert "time_of_day" not in loaded.intake.recognition.columns
    assert "Time" in loaded.intake.recognition.ignored


def test_typed_times_of_a_workbook_or_a_table_are_read_as_texts_are(export):
    with Workbook(export.folder / "till.xlsx") as book:
        day, clock = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "hh:mm:ss"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for n, at in enumerate(MOMENTS):
            sheet.write_row(n + 1, 0, [f"r{n}", None, None, f"m{n % 4}", 5])
            sheet.write_datetime(n + 1, 1, datetime(2024, 1, n + 13), day)  # noqa: DTZ001 - an export's days have no zone
            sheet.write_datetime(n + 1, 2, time.fromisoformat(at), clock)
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE till (receipt_no VARCHAR, date DATE, time TIME, member_id VARCHAR, total DOUBLE)"
        )
        connection.executemany("INSERT INTO till VALUES (?, ?, ?, ?, ?)", rows(MOMENTS))
        connection.execute(f"COPY till TO '{export.folder}/till.parquet'")
    assert times_of(export.load(export.folder / "till.xlsx")) == MOMENTS
    assert times_of(export.load(export.folder / "till.parquet")) == MOMENTS
