"""The fast reading of plain texts and the slow one of any text give the same records."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.errors import SegmenterError
from segmenter.intake import fast, parse
from tests.intake.conftest import HEADER

TABLES = ("lines", "rejected", "judged", "transactions")
DAY = datetime.fromisoformat("2024-01-13 10:30:05")


@pytest.fixture
def both(export, monkeypatch):
    """Reads exports either way: what each gives, or what it says, and whether the first reading was the fast one."""

    def read(*contents, sample=2000, **options):
        paths = [export.write(content, f"{n}.csv") for n, content in enumerate(contents)]
        taken = []

        def noting(*arguments):
            taken.append(fast.parse_fast(*arguments))
            return taken[-1]

        found = []
        for reader in (noting, lambda *_: None):
            with monkeypatch.context() as patch:
                patch.setattr(parse, "parse_fast", reader)
                patch.setattr(fast, "N_ROWS", sample)
                found.append(outcome(export, paths, options))
        return *found, bool(taken) and None not in taken

    return read


def outcome(export, paths, options):
    try:
        loaded = export.load(*paths, **options)
    except SegmenterError as error:
        return str(error)
    with loaded.connection:
        return [loaded.intake, *(loaded.connection.execute(f"FROM {name}").fetchall() for name in TABLES)]


def text(rows, header=HEADER, delimiter=",", newline="\n"):
    return newline.join(delimiter.join(row) for row in (header, *rows)) + newline


def sales(n=12, form="%Y-%m-%d %H:%M:%S"):
    return [
        [f"o{k // 2}", f"c{k % 4}", (DAY + timedelta(days=3 * k)).strftime(form), f"p{k % 3}", str(k % 3 + 1), "2.50"]
        for k in range(n)
    ]


def with_cells(column, *values):
    """Twelve sales, and one for each value that a column has then, in an order of its own; the first records do not tell."""
    rows = sales(12 + len(values))
    for number, (row, value) in enumerate(zip(rows[12:], values, strict=True)):
        row[0] = f"o{99 + number}"
        row[HEADER.index(column)] = value
    return text(rows)


PLAIN = {
    "customer_id": [
        "007", "17850.0", "17850.00", "1.10", "", "n/a", "NaN", "-", "None", " c1", "c1 ", "c1\t", "\tc1", "c1\v", "c1\f",
        "\u00a0c1", '"c1"', '" c1"', '""', '"a,b"', '"say ""hi"""', "1_000", "+5", "1e3", "nAn", "None.", "é",
    ],
    "sku": ["", "POST", "D", " POST", "post ", "N/A", "0", "007", "1.0", '"two, three"', "x\v", "#N/A", "-"],
    "order_id": ["", "null", "C1", " o1", "o1 ", "1.0", "00012", "-"],
    "order_date": [
        "", "n/a", "-", "2024-1-5 1:2:3", " 2024-01-13 10:00:00", "2024-01-13 10:00:00 ", '"2024-01-13 10:00:00"',
    ],
    "quantity": ["", "-1", "-0", "0", "1e2", "1_000", "+5", " 5", "5 ", "5.", ".5", "00012", "0.0005"],
    "unit_price": [
        "", "NaN", "0", "-2.50", "0.00", "1e-2", "0.0000005", "1.0000005", "-1.0000005", "1.2345678", "1.23", "5\t", "1_0.5",
        "1.5_5", "-.5",
    ],
}  # fmt: skip
LEFT = {
    "customer_id": ['c"1'],
    "sku": ['5" pipe'],
    "order_date": [
        "2024-02-30", "2024-01-13T10:00:00+02:00", "2024-01-13 10:00:00+02", "2024-01-13", "1024-01-13", "13/01/24", "45000",
        "never", "infinity", "epoch", "2024-01-13 24:00:00", "2024-01-13 10:00:00.5", "2300-01-01 00:00:00",
        "0024-01-13 10:00:00",
    ],
    "quantity": ["1__0", "(5)", "0x10"],
    "unit_price": [
        "1e400", "1,5", '"1,5"', '"1,234.50"', "1 234", "€5", "99999999999999999", "inf", "true", "1._5",
    ],
}  # fmt: skip
CELLS = {column: [*cells, *LEFT.get(column, ())] for column, cells in PLAIN.items()}


@pytest.mark.parametrize("column", PLAIN)
def test_odd_cells_behind_a_plain_beginning_that_the_fast_reading_takes_are_read_alike(both, column):
    quick, slow, is_plain = both(with_cells(column, *PLAIN[column]), sample=5)
    assert quick == slow
    assert is_plain


@pytest.mark.parametrize("column", LEFT)
def test_what_the_fast_reading_takes_before_an_odd_cell_stops_it_does_not_stay(both, column):
    quick, slow, is_plain = both(with_cells(column, *LEFT[column]), sample=5)
    assert quick == slow
    assert not is_plain


class TriedError(Exception):
    """What the fast reading gave; nothing is read behind it."""


@pytest.mark.parametrize("column", LEFT)
def test_every_odd_cell_that_would_be_typed_otherwise_than_it_is_understood_stops_the_fast_reading(
    export, monkeypatch, column
):
    def tried(*given):
        raise TriedError(fast.parse_fast(*given))

    monkeypatch.setattr(parse, "parse_fast", tried)
    monkeypatch.setattr(fast, "N_ROWS", 5)
    for value in LEFT[column]:
        with pytest.raises(TriedError) as tried:
            export.read(with_cells(column, value))
        assert tried.value.args == (None,), value


@pytest.mark.parametrize("column", ["quantity", "order_date", "sku"])
def test_a_word_for_nothing_that_the_first_records_lack_leaves_a_text_plain(both, column):
    quick, slow, is_plain = both(with_cells(column, "null"), sample=4)
    assert quick == slow
    assert is_plain


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y %H:%M",
     "%m/%d/%Y %I:%M %p", "%d-%m-%Y", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S UTC"],
)  # fmt: skip
def test_dates_of_four_digit_years_are_plain_and_read_alike(both, form):
    quick, slow, is_plain = both(text(sales(form=form), delimiter=";"))
    assert is_plain
    assert quick == slow


@pytest.mark.parametrize("form", ["%d.%m.%y", "%d-%b-%Y", "%b %d %Y", "%Y-%m-%d %H:%M:%S+02:00"])
def test_other_dates_are_left_to_the_slow_reading(both, form):
    quick, slow, is_plain = both(text(sales(form=form), delimiter=";"))
    assert not is_plain
    assert quick == slow


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("begin", ["", "\ufeff", "All sales\n\n"], ids=["bare", "BOM", "preamble"])
def test_beginnings_and_line_ends_are_read_alike(both, begin, newline):
    quick, slow, is_plain = both(begin.replace("\n", newline) + text(sales(), newline=newline))
    assert is_plain
    assert quick == slow


def test_a_decimal_comma_is_plain_and_one_in_thousands_is_not(both):
    rows = [[*row[:5], "2,50"] for row in sales()]
    quick, slow, is_plain = both(text(rows, delimiter=";"))
    assert is_plain
    assert quick == slow
    rows[-1][5] = "1.234,50"
    quick, slow, is_plain = both(text(rows, delimiter=";"), sample=5)
    assert not is_plain
    assert quick == slow


@pytest.mark.parametrize("role", ["category", "order"])
def test_a_column_with_two_roles_keeps_its_text(both, role):
    for column in ("order_date", "quantity"):
        quick, slow, _ = both(text(sales(form="%d/%m/%Y")), columns={role: column})
        assert quick == slow


MORE = {
    "time": st.sampled_from(["9:15", "14:05:33", "2:05 PM", " 14:05", "", "-", "noon"]),
    "order_status": st.sampled_from(["Approved", "Cancelled", " cancelled", ""]),
    "email": st.sampled_from(["A@b.de", " a@b.de", "x@y.z ", "nobody", ""]),
    "currency": st.sampled_from(["EUR", "eur", " EUR", ""]),
}
RULES = st.fixed_dictionaries(
    {
        "cancellations": st.sampled_from(["net", "drop", "keep"]),
        "zero_price": st.sampled_from(["set_aside", "keep"]),
        "negative_price": st.sampled_from(["set_aside", "keep"]),
        "non_product_codes": st.sampled_from(["set_aside", "keep"]),
        "currency": st.sampled_from([None, "EUR"]),
    }
)


@st.composite
def exports(draw):
    """An export of one to three files with plain records, cancellations, more columns and at most a few odd cells."""
    form = draw(st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"]))
    more = draw(st.lists(st.sampled_from(sorted(MORE)), unique=True))
    odd = {
        column: st.sampled_from(CELLS[column]) for column in draw(st.lists(st.sampled_from(sorted(CELLS)), max_size=1))
    }
    cells = {
        "order_id": st.sampled_from(["o1", "o2", "o3"]),
        "customer_id": st.sampled_from(["c1", "c2", "c3", "007"]),
        "order_date": st.integers(0, 60).map(lambda days: (DAY + timedelta(days=days)).strftime(form)),
        "sku": st.sampled_from(["p1", "p2", "POST"]),
        "quantity": st.sampled_from(["1", "2", "-1", "-2"]),
        "unit_price": st.sampled_from(["2.50", "3", "0", "-1.5"]),
        **{name: MORE[name] for name in more},
    }  # fmt: skip
    row = st.tuples(*(st.one_of(*[cell] * 9, odd.get(name, cell)) for name, cell in cells.items()))
    files = draw(st.lists(st.lists(row, min_size=3, max_size=15), min_size=1, max_size=3))
    return [text(rows, header=cells) for rows in files]


@given(contents=exports(), rules=RULES, sample=st.sampled_from([1, 3, 2000]))
def test_any_export_is_read_alike(both, contents, rules, sample):
    quick, slow, _ = both(*contents, sample=sample, rules=rules)
    assert quick == slow


@pytest.mark.parametrize("reader", [fast.parse_fast, lambda *_: None], ids=["fast", "slow"])
def test_records_stand_in_the_order_of_the_exports(export, monkeypatch, reader):
    monkeypatch.setattr(parse, "parse_fast", reader)
    header, sizes = ("order_id", "customer_id", "order_date", "amount", "order_status"), (4, 20_000, 7, 300, 3)
    files = [
        [(f"{k:06d}", f"c{k % 5}", f"2024-01-{k % 15 + 13}", "1.50", " Approved") for k in range(n)] for n in sizes
    ]
    loaded = export.load(*(export.write(text(rows, header), f"{n}.csv") for n, rows in enumerate(files)))
    found = loaded.connection.execute("SELECT file, order_id FROM records ORDER BY record").fetchall()
    assert found == [(file, row[0]) for file, rows in enumerate(files) for row in rows]
