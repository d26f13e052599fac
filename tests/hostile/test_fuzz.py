"""Damaged exports end in an account that balances or in one paragraph; bench/fuzz.py reads twelve thousand of them."""

import csv
import io
import subprocess
import sys
import tempfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import SegmenterError
from segmenter.intake import load, open_connection
from tests.conftest import ROOT

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")  # a bare return ends a line
TEXTS = st.text(st.one_of(st.sampled_from("ab\"',;\t|\n "), LETTERS), max_size=12)
SALES = st.lists(st.tuples(TEXTS, st.integers(13, 28), st.integers(1, 99_999), TEXTS), min_size=12, max_size=30)


def fuzzed(n, seed):
    command = [sys.executable, str(ROOT / "bench" / "fuzz.py"), "--files", str(n), "--seed", str(seed)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_five_hundred_damaged_exports_and_bombs_are_accounted_for_or_refused():
    done = fuzzed(500, seed=8)
    assert done.returncode == 0, done.stdout + done.stderr


def export(sales, delimiter, newline, quoting):
    """What a program writes that knows how CSV is written."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow(["customer_id", "order_date", "amount", "note"])
    for who, day, cents, note in sales:
        writer.writerow([who, f"2024-01-{day}", f"{cents / 100:.2f}", note])
    return file.getvalue()


@given(
    sales=SALES,
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
)
def test_whatever_texts_an_export_holds_every_row_and_cent_is_accounted_for(
    sales, delimiter, newline, quoting, encoding
):
    ended = ended_with(export(sales, delimiter, newline, quoting).encode(encoding))
    if isinstance(ended, SegmenterError):
        event(f"refused: {str(ended)[:60]}")
        assert ended.exit_status == 3
        assert "\n" not in str(ended)
        return
    event("read")
    assert ended.rows_read == len(sales)
    if not any(line.reason == "unreadable" for line in ended.lines):
        assert ended.amount_read == sum(Decimal(cents) / 100 for _, _, cents, _ in sales)


def ended_with(content):
    """The account of an export, or the error that refuses it."""
    with tempfile.TemporaryDirectory() as folder, closing(open_connection("1GiB", 1, Path(folder))) as connection:
        path = Path(folder) / "sales.csv"
        path.write_bytes(content)
        try:
            return load(
                connection,
                [path],
                SourceConfig(),
                RulesConfig(min_customers=2, min_usable_share=0.0, max_unreadable_share=1.0),
            ).account
        except SegmenterError as error:
            return error
