"""What a cache spares changes nothing: the same tables, account and errors as a full reading."""

import hashlib
import os
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import SourceError
from segmenter.intake import cache, load, open_connection, packs, parse

RULES = RulesConfig(min_customers=2, min_usable_share=0.0, max_unreadable_share=1.0)
TABLES = ("transactions", "judged", "rejected")


def result(tmp_path, sources, folder=None, **source):
    """Everything that an intake gives, in a form that can be compared."""
    connection = open_connection("1GiB", 2, tmp_path)
    try:
        intake = load(connection, sources, SourceConfig(**source), RULES, folder)
        return intake, {name: connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in TABLES}
    finally:
        connection.close()


@pytest.fixture
def days(tmp_path, lines, table):
    """A folder of three days; the second repeats a row of the first, has a torn one and one without a date."""
    folder = tmp_path / "days"
    folder.mkdir()
    later = [*lines[3:6], ("o9", "c9", "2024-02-30 10:00:00", "p1", "1", "2.50"), ("o8",)]
    for name, rows in {"1.csv": lines[:4], "2.csv": later, "3.csv": lines[6:]}.items():
        (folder / name).write_text(table(rows=rows))
    return folder


def grown(tmp_path, days):
    """A cache of a folder that grew by a day at a time from its first two on: a pack for these, then one for each."""
    kept, paths = tmp_path / "kept", sorted(days.iterdir())
    for n in range(2, len(paths) + 1):
        result(tmp_path, paths[:n], kept)
    return kept


@pytest.fixture
def parsed(monkeypatch):
    """Names of the files that were parsed, reading by reading."""
    found, read = [], parse._parse

    def noting(context, groups):
        numbers = sorted(number for group in groups for batch in group.batches for number in batch.dialects)
        found.append([context.files[number].path.name for number in numbers])
        return read(context, groups)

    monkeypatch.setattr(parse, "_parse", noting)
    return found


def test_only_new_and_changed_files_are_parsed_again(tmp_path, days, table, lines, parsed):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    (days / "2.csv").write_text(table(rows=lines[3:5]))
    (days / "4.csv").write_text(table(rows=lines[:2]))
    result(tmp_path, [days], kept)
    assert parsed == [["1.csv", "2.csv", "3.csv"], ["2.csv", "4.csv"]]


def test_a_grown_folder_gives_what_a_full_reading_gives(tmp_path, days, table, lines):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    (days / "4.csv").write_text(table(rows=[*lines[2:4], ("o7", "c3", "soon", "p1", "1", "2.50")]))
    assert result(tmp_path, [days], kept) == result(tmp_path, [days])
    assert result(tmp_path, [days], kept) == result(tmp_path, [days])


def test_a_file_under_another_name_is_known_by_its_content(tmp_path, days, parsed):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    (days / "3.csv").rename(days / "0.csv")
    found = result(tmp_path, [days], kept)
    assert parsed[-1] == []
    assert found == result(tmp_path, [days])


def test_the_same_file_twice_is_read_twice(tmp_path, days):
    kept = tmp_path / "kept"
    shutil.copy(days / "1.csv", days / "1 copy.csv")
    full = result(tmp_path, [days])
    assert result(tmp_path, [days], kept) == full
    assert result(tmp_path, [days], kept) == full


def test_a_new_file_that_settles_the_order_of_dates_has_the_others_read_again(tmp_path, lines, table, parsed):
    days, kept = tmp_path / "days", tmp_path / "kept"
    days.mkdir()
    # Brackets are of a pattern to DuckDB, so that such a file is reached by a link, which the first attempt may have made.
    us = [(f"u{n}", f"c{n % 3}", f"{n % 12 + 1}/05/2024", "p", "1", "2") for n in range(20)]
    us.append(("u20", "c1", "12/31/2024", "p", "1", "2"))
    european = [(f"o{n}", f"c{n % 3}", f"{n + 13}/01/2024", "p", "1", "2") for n in range(9)]
    (days / "1 [old].csv").write_text(table(rows=us))
    (days / "2 [old].csv").write_text(table(rows=us[:5]))
    result(tmp_path, [days], kept)
    (days / "3.csv").write_text(table(rows=european))
    assert result(tmp_path, [days], kept) == result(tmp_path, [days])
    assert parsed[1:3] == [["3.csv"], ["1 [old].csv", "2 [old].csv", "3.csv"]]


def test_an_ambiguity_that_a_new_file_brings_is_the_same_error(tmp_path, table):
    days, kept = tmp_path / "days", tmp_path / "kept"
    days.mkdir()
    for number, day in enumerate(("12/31/2024", "12/30/2024")):
        (days / f"{number}.csv").write_text(table(rows=[(f"o{number}", f"c{number}", day, "p", "1", "2")]))
    result(tmp_path, [days], kept)
    (days / "9.csv").write_text(
        table(rows=[(f"n{n}", "c1", f"{day}/01/2024", "p", "1", "2") for n, day in enumerate((30, 31))])
    )
    messages = []
    for folder in (kept, None):
        with pytest.raises(SourceError) as error:
            result(tmp_path, [days], folder)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_a_folder_that_grew_for_long_lies_in_few_packs_and_reads_the_same(tmp_path, table, lines, parsed, monkeypatch):
    monkeypatch.setattr(cache, "MOST_PACKS", 4)
    days = tmp_path / "days"
    days.mkdir()
    for n in range(12):
        (days / f"{n:02}.csv").write_text(table(rows=[*lines[n % 5 :], (f"x{n}", "c1", "soon", "p", "1", "2")]))
    kept, counts = tmp_path / "kept", []
    for n in range(2, 13):
        result(tmp_path, sorted(days.iterdir())[:n], kept)
        counts.append(len(list(kept.iterdir())))
    assert max(counts) <= 5
    assert [len(names) for names in parsed] == [2] + [1] * 10
    assert result(tmp_path, [days], kept) == result(tmp_path, [days])
    some = [days / "03.csv", days / "11.csv"]
    assert result(tmp_path, some, kept) == result(tmp_path, some)


def test_what_is_joined_keeps_what_other_exports_need(tmp_path, days, table, lines, parsed, monkeypatch):
    """A pack that holds an export which this run does not read stays where it is."""
    kept = grown(tmp_path, days)
    monkeypatch.setattr(cache, "MOST_PACKS", 1)
    (days / "4.csv").write_text(table(rows=lines[:2]))
    result(tmp_path, [days / name for name in ("2.csv", "3.csv", "4.csv")], kept)
    found = result(tmp_path, [days], kept)
    assert parsed[-1] == []
    assert found == result(tmp_path, [days])


def test_a_pack_that_another_run_took_away_is_read_from_the_exports(tmp_path, days, parsed, monkeypatch):
    kept = grown(tmp_path, days)
    append = parse.append_cached

    def late(connection, entries):
        for path in kept.iterdir():
            path.unlink()
        append(connection, entries)

    monkeypatch.setattr(parse, "append_cached", late)
    found = result(tmp_path, [days], kept)
    monkeypatch.undo()
    assert parsed[-2:] == [[], ["1.csv", "2.csv", "3.csv"]]
    assert found == result(tmp_path, [days])


@pytest.mark.parametrize("step", ["_to_merge", "_prune"])
def test_what_another_run_takes_away_while_a_run_keeps_its_own_costs_nothing(
    tmp_path, days, lines, table, caplog, step, monkeypatch
):
    kept, stat, asked = grown(tmp_path, days), Path.stat, getattr(cache, step)

    def late(given):
        def gone(path, **more):
            monkeypatch.setattr(Path, "stat", stat)
            path.unlink()
            return stat(path, **more)

        monkeypatch.setattr(Path, "stat", gone)
        return asked(given)

    monkeypatch.setattr(cache, step, late)
    (days / "4.csv").write_text(table(rows=lines[:2]))
    result(tmp_path, [days], kept)
    assert caplog.text == ""


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_entry_is_named_and_read_from_the_export(tmp_path, days, parsed, caplog, damage):
    kept = grown(tmp_path, days)
    victim = sorted(kept.iterdir())[1]
    raw = bytearray(victim.read_bytes())
    raw[len(raw) // 2] ^= 1
    victim.write_bytes({"flip": bytes(raw), "cut": bytes(raw[:-7]), "empty": b""}[damage])
    found = result(tmp_path, [days], kept)
    assert victim.name in caplog.text
    assert 0 < len(parsed[-1]) < 3
    assert found == result(tmp_path, [days])


def test_a_pack_of_another_version_is_not_called_damaged(tmp_path, days, caplog):
    kept = grown(tmp_path, days)
    victim = min(kept.iterdir())
    raw = victim.read_bytes().replace(b'"schema"', b'"schemo"')
    (kept / f"{hashlib.sha256(raw).hexdigest()}.parquet").write_bytes(raw)
    victim.unlink()
    assert result(tmp_path, [days], kept) == result(tmp_path, [days])
    assert "another version of segmenter" in caplog.text
    assert "damaged" not in caplog.text


def test_another_reading_of_the_columns_is_another_entry(tmp_path, days, parsed):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    found = result(tmp_path, [days], kept, columns={"product": "order_id"})
    assert len(parsed[-1]) == 3
    assert found == result(tmp_path, [days], columns={"product": "order_id"})


def test_entries_are_for_their_owner_alone(tmp_path, days):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    assert kept.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}


def test_a_folder_that_cannot_be_written_costs_only_a_warning(tmp_path, days, caplog):
    (tmp_path / "kept").write_text("a file stands here")
    assert result(tmp_path, [days], tmp_path / "kept") == result(tmp_path, [days])
    assert "could not be kept" in caplog.text


def test_entries_that_nothing_used_for_long_are_removed(tmp_path, days):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept, columns={"product": "order_id"})
    (old,) = kept.iterdir()
    os.utime(old, (0, 0))
    result(tmp_path, [days], kept)
    assert old not in kept.iterdir()
    assert len(list(kept.iterdir())) == 1


def test_workbooks_parquet_and_json_are_kept_too(tmp_path, lines, parsed):
    days, kept = tmp_path / "days", tmp_path / "kept"
    days.mkdir()
    frame = pd.DataFrame(lines, columns=["order_id", "customer_id", "order_date", "sku", "quantity", "unit_price"])
    duckdb.from_df(frame.iloc[:3]).write_parquet(str(days / "1.parquet"))
    frame.iloc[3:5].to_json(days / "2.jsonl", orient="records", lines=True)
    frame.iloc[5:].to_excel(days / "3.xlsx", index=False)
    shutil.copy(days / "1.parquet", days / "4.parquet")
    first = result(tmp_path, [days], kept)
    second = result(tmp_path, [days], kept)
    assert parsed == [["1.parquet", "2.jsonl", "3.xlsx", "4.parquet"], []]
    assert first == second == result(tmp_path, [days])


def test_a_reader_of_another_make_reads_again(tmp_path, days, parsed, monkeypatch):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    monkeypatch.setattr(cache, "_reader", lambda: "another")
    result(tmp_path, [days], kept)
    assert len(parsed[-1]) == 3


def test_what_a_file_says_of_the_marks_of_numbers_is_its_own_alone(tmp_path, table):
    """Whole numbers that were read beside others with a decimal point say nothing of a file with commas."""

    def rows(n, price):
        return [(f"o{n}{i}", f"c{i}", f"2024-0{n}-1{i} 10:00:00", "p1", "2", price.format(i)) for i in range(8)]

    prices = {"1.csv": "{}.50", "2.csv": "1{}", "3.csv": "{},25"}
    for n, (name, price) in enumerate(prices.items(), 1):
        (tmp_path / name).write_text(table(rows=rows(n, price), delimiter=";"))
    result(tmp_path, [str(tmp_path / name) for name in ("1.csv", "2.csv")], tmp_path / "cache")
    later = [str(tmp_path / name) for name in ("2.csv", "3.csv")]
    assert result(tmp_path, later, tmp_path / "cache") == result(tmp_path, later)


def test_what_was_kept_of_exports_that_are_gone_is_forgotten_and_the_rest_is_not(tmp_path, days, parsed):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    (days / "2.csv").unlink()
    assert cache.drop_orphans(kept) == 1
    assert cache.drop_orphans(kept) == 0
    found = result(tmp_path, [days], kept)
    assert parsed == [["1.csv", "2.csv", "3.csv"], []]
    assert found == result(tmp_path, [days])


def test_an_entry_that_tells_nothing_is_forgotten(tmp_path, days):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    min(kept.iterdir()).write_bytes(b"nothing")
    assert cache.drop_orphans(kept) == 1
    assert cache.drop_orphans(tmp_path / "absent") == 0


def test_what_is_to_be_forgotten_goes_even_where_the_rest_cannot_be_written_anew(tmp_path, days, monkeypatch):
    kept = tmp_path / "kept"
    result(tmp_path, [days], kept)
    (days / "2.csv").unlink()

    def full(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(packs, "_write", full)
    with pytest.raises(OSError, match="full"):
        cache.drop_orphans(kept)
    assert list(kept.iterdir()) == []
