"""The bytes of a file, counted without any reader, agree with Python's own ways of counting them."""

import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.intake import tally

BYTES = st.one_of(st.binary(max_size=80), st.text(max_size=40).map(str.encode), st.just("é€𝄞".encode()))
CHUNKS = st.sampled_from([1, 2, 3, 7, 130, 1 << 18])  # however the bytes fall apart, the tally is the same
CELL = st.text(alphabet='ab,"\n é', max_size=6)
RECORDS = st.lists(st.lists(CELL, min_size=2, max_size=3), max_size=30)


@pytest.fixture
def taken(tmp_path, monkeypatch):
    """The tally of some bytes, read in chunks of a size."""

    def taken(content, chunk=tally.CHUNK):
        monkeypatch.setattr(tally, "CHUNK", chunk)
        path = tmp_path / "export.csv"
        path.write_bytes(content)
        return tally.tally_of(path)

    return taken


def is_utf8(content):
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@given(content=BYTES, cut=st.integers(0, 80), chunk=CHUNKS)
def test_hash_size_zeros_and_encoding_are_those_of_the_bytes(taken, content, cut, chunk):
    for some in (content, content[:cut]):
        found = taken(some, chunk)
        assert found.sha256 == hashlib.sha256(some).hexdigest()
        assert (found.n_bytes, found.has_nul) == (len(some), b"\0" in some)
        assert found.is_utf8 == is_utf8(some)


@given(content=BYTES, chunk=CHUNKS)
def test_the_head_is_how_the_bytes_begin(taken, content, chunk):
    head = taken(content, chunk).head
    assert content.startswith(head)
    assert bool(head) == bool(content)


@given(records=RECORDS, newline=st.sampled_from(["\n", "\r\n"]), ends=st.booleans(), chunk=CHUNKS)
def test_records_and_folded_lines_are_those_that_a_reader_of_csv_finds(taken, records, newline, ends, chunk):
    out = io.StringIO()
    csv.writer(out, lineterminator=newline).writerows(records)
    text = out.getvalue() if ends else out.getvalue().removesuffix(newline)
    found = taken(text.encode(), chunk)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert found.n_records == len(read) == len(records)
    assert found.n_folded == sum(cell.count("\n") for row in read for cell in row)
    assert found.n_lines == found.n_records + found.n_folded


@given(lines=st.lists(st.sampled_from(["", "a,b", "c,d"]), max_size=10), chunk=CHUNKS)
def test_blank_lines_are_lines_and_no_records(taken, lines, chunk):
    found = taken("".join(line + "\n" for line in lines).encode(), chunk)
    assert (found.n_lines, found.n_records) == (len(lines), sum(map(bool, lines)))


@given(
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), max_size=10),
    fold=st.sampled_from(["", "\n", "\r\n"]),
    chunk=CHUNKS,
)
def test_ends_are_even_where_all_lines_end_in_a_feed_or_all_in_a_return_and_a_feed(taken, ends, fold, chunk):
    found = taken("".join(f'a,"b{fold}c"{end}' for end in ends).encode(), chunk)
    assert found.has_even_ends == (set(ends) in ({"\n"}, {"\r\n"}, set()))


@pytest.mark.parametrize("before", [0, 10, tally.CHUNK - 1])
@pytest.mark.parametrize("behind", ["", "\n", "\na,b\n"])
def test_a_line_is_endless_where_it_is_longer_than_the_reader_takes(taken, before, behind):
    for length in (tally.LONGEST_LINE, tally.LONGEST_LINE + 1):
        content = b"x" * before + b"\n" + b"y" * length + behind.encode()
        assert taken(content).is_endless == (length > tally.LONGEST_LINE)
