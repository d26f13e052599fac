"""Lists for other tools: typed, harmless, and with what changed since the last run."""

import hashlib
import zipfile
from dataclasses import replace

import duckdb
import pandas as pd
import pytest

from segmenter.config.report import ReportConfig
from segmenter.report.context import build, view_of
from segmenter.report.language import Voice
from segmenter.report.tables import marketing_list, write_tables
from segmenter.report.translated import translated_run
from tests.report.made_up import made_up_run


@pytest.fixture(scope="module")
def run():
    return made_up_run(n_customers=90)


def moved(run, moves):
    """`run` with moves of some customers: pairs of the segment before, None where there was none."""
    now = dict(zip(run.customers["customer_id"], run.customers["segment_name"], strict=True))
    table = {"customer_id": [*now], "segment_before": [*(now | moves).values()], "segment_now": [*now.values()]}
    return replace(run, moves=pd.DataFrame(table))


def test_in_a_first_run_everybody_is_added_to_one_list(run):
    found = marketing_list(run)
    assert set(found["change"]) == {"added"}
    assert sorted(found["customer_id"]) == sorted(run.customers["customer_id"])


def test_who_changed_the_segment_is_added_to_one_list_and_removed_from_the_other(run):
    first, second = run.findings.cards[0].name, run.findings.cards[1].name
    wanderer = run.customers.loc[run.customers["segment_name"] == first, "customer_id"].iloc[0]
    newcomer = run.customers.loc[run.customers["segment_name"] == second, "customer_id"].iloc[0]
    found = marketing_list(moved(run, {wanderer: second, newcomer: None}))
    changes = found[found["change"] != "kept"][["segment", "change", "customer_id"]].to_numpy().tolist()
    assert sorted(changes) == sorted(
        [[first, "added", wanderer], [second, "removed", wanderer], [second, "added", newcomer]]
    )


def test_who_is_gone_is_removed_from_a_list(run):
    first = run.findings.cards[0].name
    known = moved(run, {})
    gone = pd.DataFrame({"customer_id": ["zz-gone"], "segment_before": [first], "segment_now": [None]})
    found = marketing_list(replace(known, moves=pd.concat([known.moves, gone])))
    (row,) = found[found["customer_id"] == "zz-gone"].to_dict("records")
    assert (row["segment"], row["change"]) == (first, "removed")
    assert row["action"] == run.findings.cards[0].action


def test_lists_add_up_to_the_customers(run):
    found = marketing_list(moved(run, {}))
    assert (found["change"] == "kept").all()
    sizes = found.groupby("segment").size().to_dict()
    assert sizes == run.customers.groupby("segment_name").size().to_dict()


def test_hashed_addresses_go_along_where_there_are_any(run):
    digest = hashlib.sha256(b"ann@shop.example").hexdigest()
    known = replace(run, customers=run.customers.assign(email_sha256=digest))
    assert set(marketing_list(known)["email_sha256"]) == {digest}
    assert "email_sha256" not in marketing_list(run)


@pytest.mark.parametrize("bom", [True, False])
def test_the_byte_order_mark_is_a_choice_but_never_on_the_marketing_list(run, tmp_path, bom):
    write_tables(run, ReportConfig(formats=("csv",), csv_bom=bom), tmp_path)
    assert (tmp_path / "customers.csv").read_bytes().startswith(b"\xef\xbb\xbf") == bom
    assert not (tmp_path / "marketing.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_parquet_file_per_segment_holds_its_customers_typed(run, tmp_path):
    files = write_tables(run, ReportConfig(formats=("parquet",)), tmp_path)
    frames = [duckdb.read_parquet(str(path)).df() for path in files]
    assert sum(len(frame) for frame in frames) == len(run.customers)
    assert all(frame["monetary"].dtype == "float64" for frame in frames)


def test_without_customer_rows_no_customer_is_in_any_table(run, tmp_path):
    files = write_tables(run, ReportConfig(formats=("csv", "xlsx", "parquet"), customer_rows=False), tmp_path)
    assert {path.name for path in files} == {"report.xlsx", "segments.csv"}


def table_of(path):
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig")


def test_money_has_cents_and_counts_are_whole(run, tmp_path):
    write_tables(run, ReportConfig(formats=("csv",)), tmp_path)
    shown, known = table_of(tmp_path / "customers.csv"), run.customers
    assert shown["monetary"].str.fullmatch(r"\d+\.\d\d").all()
    assert shown["frequency"].str.fullmatch(r"\d+").all()
    assert shown["mean_gap"].dropna().str.fullmatch(r"\d+(\.\d{1,4})?").all()
    assert shown["mean_gap"].isna().tolist() == known["mean_gap"].isna().tolist()
    assert abs(shown["monetary"].astype(float) - known["monetary"]).max() <= 0.0051


def test_what_people_read_in_a_table_speaks_their_language_and_columns_keep_their_names(run, tmp_path):
    config = ReportConfig(formats=("csv", "parquet", "xlsx"), locale="de", currency="EUR")
    files = write_tables(run, config, tmp_path)
    customers, segments = table_of(tmp_path / "customers.csv"), table_of(tmp_path / "segments.csv")
    assert "Treue Stammkunden" in set(customers["segment_name"])
    assert list(customers.columns) == list(run.customers.columns)
    assert segments["action"][0].startswith("Zuerst danken")
    names = {path.name for path in files}
    assert {"02-treue-stammkunden.csv", "02-treue-stammkunden.parquet"} <= names
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        assert "Kunden" in book.read("xl/workbook.xml").decode()


def test_a_list_is_named_in_letters_of_any_script(run, tmp_path):
    files = write_tables(run, ReportConfig(formats=("csv",), locale="he"), tmp_path)
    assert "02-קבועים-נאמנים.csv" in {path.name for path in files}


def test_a_segments_name_of_any_length_names_a_file(run, tmp_path):
    first, *others = run.findings.cards
    long = replace(first, name="Все покупатели " * 40)
    named = replace(run, findings=replace(run.findings, cards=(long, *others)))
    write_tables(named, ReportConfig(formats=("csv",)), tmp_path)
    assert len([*(tmp_path / "segments").iterdir()]) == len(run.findings.cards)


def test_more_customers_than_a_sheet_holds_go_on_in_the_next(run, tmp_path, monkeypatch):
    monkeypatch.setattr("segmenter.report.tables.MOST_ROWS", 40)
    (path,) = write_tables(run, ReportConfig(formats=("xlsx",)), tmp_path)
    sheets = [
        sheet for name, sheet in pd.read_excel(path, sheet_name=None, engine="calamine").items() if "Customers" in name
    ]
    assert [len(sheet) for sheet in sheets] == [40, 40, 10]
    assert [str(each) for each in pd.concat(sheets)["customer_id"]] == [*run.customers["customer_id"].map(str)]


def test_every_sheet_keeps_its_head_in_sight_and_can_be_filtered(run, tmp_path):
    (path,) = write_tables(run, ReportConfig(formats=("xlsx",)), tmp_path)
    with zipfile.ZipFile(path) as book:
        sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert sheets
    assert all(b"<pane " in sheet and b"<autoFilter " in sheet for sheet in sheets)


def test_the_marketing_list_knows_in_every_language_who_stayed(run):
    told = translated_run(moved(run, {}), Voice("de"))
    assert set(marketing_list(told)["change"]) == {"kept"}


def test_csv_is_written_for_programs_the_same_under_every_locale(run, tmp_path):
    found = []
    for locale in ("en", "de"):
        (tmp_path / locale).mkdir()
        write_tables(run, ReportConfig(locale=locale, formats=("csv", "xlsx")), tmp_path / locale)
        found.append(pd.read_csv(tmp_path / locale / "customers.csv"))
        with zipfile.ZipFile(tmp_path / locale / "report.xlsx") as book:
            assert "<v>0." in book.read("xl/worksheets/sheet1.xml").decode()
    numbers = found[0].select_dtypes("number").columns
    assert {"monetary", "recency"} <= set(numbers)
    pd.testing.assert_frame_equal(found[0][numbers], found[1][numbers])


@pytest.mark.parametrize("formats", [("csv", "html", "xlsx"), ("html", "xlsx"), ("html", "parquet"), ("html",)])
@pytest.mark.parametrize("customer_rows", [True, False])
def test_a_card_says_where_the_list_of_its_customers_is_and_only_where_there_is_one(
    run, tmp_path, formats, customer_rows
):
    config = ReportConfig(formats=formats, customer_rows=customer_rows, locale="de")
    write_tables(run, config, tmp_path)
    files = [card.file for card in build(view_of(run, config, ())).segments.parts[0].cards]
    assert all((tmp_path / file).is_file() for file in files if file)
    assert all(files) == (customer_rows and formats != ("html",))
    assert any(files) == all(files)
