"""Files that once broke something, each made small: what the fuzzer found, and names that are patterns."""

import zipfile
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import SourceError
from segmenter.intake import load, open_connection

HEADER = "customer_id,order_date,amount"


@pytest.fixture
def read(tmp_path):
    """A function that reads files and gives the account, the transactions' customers and the rejected rows."""
    opened = []

    def read(*paths):
        connection = open_connection("1GiB", 1, tmp_path)
        opened.append(connection)
        rules = RulesConfig(min_customers=2, min_usable_share=0.0, max_unreadable_share=1.0)
        account = load(connection, [str(path) for path in paths], SourceConfig(), rules).account
        customers = {row[0] for row in connection.execute("SELECT customer_id FROM transactions").fetchall()}
        return account, customers, connection.execute("SELECT line, reason, text FROM rejected").fetchall()

    yield read
    for connection in opened:
        connection.close()


def sales(n=10, who="c", end="\n"):
    return HEADER + end + "".join(f"{who}{i % 5},2024-01-{i % 15 + 13},5{end}" for i in range(n))


@pytest.mark.parametrize(
    "name", ["a[1].csv", "b*.csv", "q?.csv", "[0-9].csv", "{a,b}.csv", "x'y\"z.csv", "new\nline.csv"]
)
def test_a_files_name_is_no_pattern(read, tmp_path, name):
    for other in ("a1.csv", "bb.csv", "qq.csv", "7.csv", "a.csv"):
        (tmp_path / other).write_text(sales(who="other"))
    (tmp_path / name).write_text(sales(who="mine"))
    assert {each[:4] for each in read(tmp_path / name)[1]} == {"mine"}


def test_a_folders_name_is_no_pattern_and_a_table_is_read_through_it(read, tmp_path):
    folder = tmp_path / "shop [2024] *"
    folder.mkdir()
    (folder / "a.csv").write_text(sales())
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * FROM read_csv($a)) TO $b (FORMAT parquet)",
            {"a": str(folder / "a.csv"), "b": str(tmp_path / "a.parquet")},
        )
    (tmp_path / "a.parquet").rename(folder / "b[1].parquet")
    assert read(folder)[0].rows_read == 20


def test_two_files_of_the_same_bytes_are_two_files(read, tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(sales().encode("utf-16"))
    account = read(tmp_path / "a.csv", tmp_path / "b.csv")[0]
    assert {line.reason: line.rows for line in account.lines} == {"sale": 10, "duplicate": 10}


def test_a_bad_letter_behind_a_byte_order_mark_costs_its_row_alone(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + sales(60).encode() + b"Zo\xeb,2024-01-20,5\n")
    account, customers, rejected = read(path)
    assert account.rows_read == 61
    assert customers == {"c0", "c1", "c2", "c3", "c4"}
    assert [row[1] for row in rejected] == ["letters that are not in the encoding"]


def test_a_quote_that_swallows_hundreds_of_lines_is_refused(read, tmp_path):
    lines = sales(2000).splitlines()
    lines[100], lines[900] = '"' + lines[100], '"' + lines[900]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(SourceError, match="record 101: an unclosed quote swallows the lines behind it"):
        read(tmp_path / "a.csv")


def noted(n=2000):
    """Sales with an order number, and a description as the last column, the third of five, or the first."""
    return [[f"c{i % 15}", f"2024-01-{i % 15 + 13}", "5.00", f"o{i}", f"mug {i}"] for i in range(n)]


@pytest.mark.parametrize("n_swallowed", [1, 2, 490])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_quote_that_is_closed_lines_later_swallows_nothing_in_silence(read, tmp_path, n_swallowed, place):
    lines = noted()
    for line in lines:
        line.insert(place, line.pop())
    names = ["customer_id", "order_date", "amount", "order_id"]
    names.insert(place, "description")
    lines[10][place], lines[10 + n_swallowed][place] = '"5 inch pipe', 'pipe 5"'
    (tmp_path / "a.csv").write_text("\n".join(",".join(line) for line in [names, *lines]) + "\n")
    with pytest.raises(SourceError, match=f"record 12: an unclosed quote swallows {n_swallowed} lines behind it"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "note",
    ["red\nblue", "red, blue,\ngreen", "Dear Ann,\n\nwe met on 2024-01-13, at noon.\nYours", "a,b,c,d,e,f\ng", "\n"],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_note_of_several_lines_is_a_note(read, tmp_path, note, place):
    lines = noted(60)
    for line in lines:
        line.insert(place, f'"{note}"' if line.pop() == "mug 7" else "mug")
    names = ["customer_id", "order_date", "amount", "order_id"]
    names.insert(place, "description")
    (tmp_path / "a.csv").write_text("\n".join(",".join(line) for line in [names, *lines]) + "\n")
    assert read(tmp_path / "a.csv")[0].rows_used == 60


def test_a_rejected_row_that_is_cut_says_so(read, tmp_path):
    (tmp_path / "a.csv").write_text(sales(60) + "x" * 12_000 + "\n")
    assert read(tmp_path / "a.csv")[2][0][2].endswith("(the reader gives no more than the first 10,000 bytes)")


def test_lines_of_delimiters_without_end_are_refused_before_they_are_read(read, tmp_path):
    (tmp_path / "a.csv").write_text(sales(60) + "x," * 400_000 + "\n")
    with pytest.raises(SourceError, match="more columns than the header's 3"):
        read(tmp_path / "a.csv")


def test_delimiters_between_quotes_are_no_columns(read, tmp_path):
    text = "".join(f'c{i % 5},2024-01-13,5,"{"a, " * 9000}"\n' for i in range(60))
    (tmp_path / "a.csv").write_text(f"{HEADER},note\n{text}")
    assert read(tmp_path / "a.csv")[0].rows_used == 60


def test_a_message_stays_short_whatever_the_columns_are_called(read, tmp_path):
    names = ",".join(f"{'x' * 3000}{n}" for n in range(8))
    (tmp_path / "a.csv").write_text(names + "\n" + "a,b,c,d,e,f,g,h\n" * 20)
    with pytest.raises(SourceError) as error:
        read(tmp_path / "a.csv")
    assert len(str(error.value)) < 2000


def workbook(path: Path, change):
    """A workbook of ten sales, one of whose members `change` (name, bytes -> bytes) rewrites."""
    with xlsxwriter.Workbook(path.with_suffix(".whole")) as book:
        sheet = book.add_worksheet("Sales")
        for number, line in enumerate(sales().splitlines()):
            sheet.write_row(number, 0, line.split(","))
    with (
        zipfile.ZipFile(path.with_suffix(".whole")) as whole,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in whole.namelist():
            changed.writestr(name, change(name, whole.read(name)))
    return path


@pytest.mark.parametrize("row", [5_000, 1_048_576])
def test_a_cell_far_outside_the_table_does_not_end_the_process(read, tmp_path, row):
    far = f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row></sheetData>'.encode()
    path = workbook(tmp_path / "far.xlsx", lambda _, data: data.replace(b"</sheetData>", far))
    with pytest.raises(SourceError, match="256 MiB of memory; a cell far outside its table does that"):
        read(path)


def test_a_workbook_that_unfolds_a_hundredfold_is_refused_before_it_is_unpacked(read, tmp_path):
    path = workbook(tmp_path / "swollen.xlsx", lambda _, data: data + b" " * (3 << 20))
    with pytest.raises(SourceError, match=r"unfolds to [\d,]+ bytes; refused"):
        read(path)


def test_a_workbook_of_too_many_columns_says_how_many(read, tmp_path):
    far = b'<row r="12"><c r="BXY12"><v>1</v></c></row></sheetData>'
    path = workbook(tmp_path / "wide.xlsx", lambda _, data: data.replace(b"</sheetData>", far))
    with pytest.raises(SourceError, match="the sheet Sales has 2,001 columns; at most 2,000 are read"):
        read(path)


def test_a_workbook_without_a_sheet_is_refused(read, tmp_path):
    path = workbook(tmp_path / "none.xlsx", lambda _, data: data.replace(b"<sheet ", b"<shoot "))
    with pytest.raises(SourceError, match="has no sheet"):
        read(path)


@pytest.mark.parametrize("entity", ['SYSTEM "file:///etc/passwd"', 'SYSTEM "http://127.0.0.1:9/x"', '"ten"'])
def test_an_entity_of_a_workbook_is_never_resolved(read, tmp_path, entity):
    def change(name, data):
        if not name.endswith("sheet1.xml"):
            return data
        return f"<!DOCTYPE x [<!ENTITY e {entity}>]>".encode() + data.replace(b"<v>", b"<v>&e;", 40)

    with pytest.raises(SourceError, match=r"no workbook that can be read|no sheet looks like transactions"):
        read(workbook(tmp_path / "entity.xlsx", change))
