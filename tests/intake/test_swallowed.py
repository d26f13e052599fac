"""A quote that swallows lines is said, wherever it closes; a note of several lines is no such quote."""

import pytest

from segmenter.errors import SourceError

HEADER = "customer_id,order_date,amount,note"
N = 500


def sales():
    return [f"c{n % 5},2024-01-{n % 15 + 13},5,fine" for n in range(N)]


def joined(rows):
    return "\n".join([HEADER, *rows]) + "\n"


def with_quotes(first, last):
    """The sales with a quote that opens in the note of one and closes in the note of another."""
    rows = sales()
    rows[first] = rows[first].replace("fine", '"fine')
    rows[last] = rows[last].replace("fine", 'fine"')
    return joined(rows)


@pytest.mark.parametrize("n_lines", [490, 30, 2, 1])
def test_a_quote_that_swallows_lines_is_refused_not_read_as_a_note(export, n_lines):
    with pytest.raises(SourceError, match="an unclosed quote swallows") as error:
        export.read(with_quotes(4, 4 + n_lines))
    assert "record 6" in str(error.value)


def test_lines_swallowed_into_a_record_that_then_is_too_wide_are_written_out(export):
    rows = sales()
    rows[7], rows[9] = rows[7].replace("fine", '"fine'), rows[9].replace("c4", 'c4"')
    loaded = export.read(joined(rows))
    assert loaded.fates == {"sale": N - 3, "unreadable": 1}
    assert loaded.rejected == [("export.csv", 9, "column 5", "more columns than the header", "\n".join(rows[7:10]))]


def test_notes_of_several_lines_are_read_whole(export):
    note = '"Dear all,\nplease deliver on Monday, not on Tuesday,\n\nthank you"'
    rows = [row.replace("fine", note) if n % 7 == 0 else row for n, row in enumerate(sales())]
    loaded = export.read(joined(rows), columns={"category": "note"})
    assert loaded.fates == {"sale": N}
    folded = loaded.rows("DISTINCT category", "contains(category, chr(10))")
    assert folded == [(note.strip('"'),)]


def test_a_note_with_a_date_in_it_is_a_note(export):
    rows = [row.replace("fine", '"came on\n2024-01-13, late"') if n == 3 else row for n, row in enumerate(sales())]
    assert export.read(joined(rows)).fates == {"sale": N}
