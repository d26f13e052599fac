"""Twenty ways in which DuckDB 2.0's own reader loses or changes rows without a word: here the right value or a refusal."""

import re

import pytest

from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import SegmenterError
from segmenter.intake import load, open_connection

HEADER = "customer_id,order_date,amount\n"
TABLES = {"sales": "SELECT customer_id, CAST(ts AS DATE), amount FROM transactions ORDER BY ALL",
          "rejected": "SELECT line, reason FROM rejected ORDER BY ALL"}  # fmt: skip


def sales(n, more=""):
    return "".join(f"c{i % 7},2024-01-{i % 15 + 13},5{more}\n" for i in range(n))


def fates(**counts):
    """What must be true: so many records of each fate, and no others."""
    return lambda account, _: {line.reason: line.rows for line in account.lines} == counts


def values(column, *expected):
    """What must be true: these values in a column of the transactions."""
    return lambda _, rows: sorted({str(row[column]) for row in rows["sales"]}) == sorted(expected)


def lines(*numbers):
    """What must be true: exactly these lines of the file are set aside as unreadable."""
    return lambda _, rows: tuple(line for line, _ in rows["rejected"]) == numbers


def both(*rules):
    return lambda account, rows: all(rule(account, rows) for rule in rules)


CASES = {
    "columns change in mid-file": (
        HEADER + sales(1000) + sales(29_000, ",more"),
        fates(sale=1000, unreadable=29_000),
    ),
    "three lines of which the last is the widest": ("x,y\n1,2\na,b,c\n", "no column|names 2 columns|has no header"),
    "a ragged file": (
        f"{HEADER}c1,2024-01-13,5\nc2,2024-01-14\nc3,2024-01-15,6,7,8\nc4,2024-01-16,7\n",
        both(fates(sale=2, unreadable=2), lines(3, 4)),
    ),
    "a quote that is never closed": (f'{HEADER}{sales(3)}"c9,2024-01-13,5\n{sales(3)}', "quote is opened"),
    "a quote that swallows what is behind it": (
        f'{HEADER}{sales(100)}c9,2024-01-13,"5\n{sales(5000)}',
        "quote is opened|unclosed quote",
    ),
    "an open quote in the header": (f'customer_id,"order_date,amount\n{sales(9)}', "quote|not a table"),
    "a line above the header": (f"All our sales\n{HEADER}{sales(9)}", fates(sale=9)),
    "a line above the header with as many columns": (f"sales,of,June\n{HEADER}{sales(9)}", fates(sale=9)),
    "UTF-16, big end first, with its mark": (b"\xfe\xff" + (HEADER + sales(9)).encode("utf-16-be"), fates(sale=9)),
    "UTF-16, little end first, with its mark": (b"\xff\xfe" + (HEADER + sales(9)).encode("utf-16-le"), fates(sale=9)),
    "UTF-32": ((HEADER + sales(9)).encode("utf-32"), fates(sale=9)),
    "UTF-32 without its mark": ((HEADER + sales(9)).encode("utf-32-be"), fates(sale=9)),
    "Latin-1": (
        f"{HEADER}Zoë,2024-01-13,5\nJosé,2024-01-14,5\n".encode("latin-1"),
        both(fates(sale=2), values(0, "Zoë", "José")),
    ),
    "Windows-1252": (
        f"{HEADER}Zoë,2024-01-13,€ 5\nJosé,2024-01-14,€ 6\n".encode("cp1252"),
        both(fates(sale=2), values(2, "5.0000", "6.0000")),
    ),
    "dates that are read in two ways": (f"{HEADER}c1,01/02/2026,5\nc2,03/04/2026,5\n", "day first and month first"),
    "amounts that are no numbers": (
        f"{HEADER}{sales(12)}c1,2024-01-13,inf\nc2,2024-01-14,1e400\nc3,2024-01-15,-Infinity\nc4,2024-01-16,NaN\n",
        both(fates(sale=12, unreadable=3, no_amount=1), lines(14, 15, 16)),
    ),
    "amounts with marks between their digits": (
        f"{HEADER}c1,2024-01-13,1_000\nc2,2024-01-14,12.3456\n",
        both(fates(sale=2), values(2, "1000.0000", "12.3456")),
    ),
    "a point that may part thousands": (
        "customer_id;order_date;amount\nc1;2024-01-13;1.234\nc2;2024-01-14;5.678\n",
        "decimal point and with a decimal comma",
    ),
    "ids that begin with zeros": (
        f"{HEADER}00123,2024-01-13,5\n123,2024-01-14,5\n0123,2024-01-15,5\n",
        both(fates(sale=3), values(0, "00123", "123", "0123")),
    ),
    "a zero byte": (f"{HEADER}{sales(3)}c\0,2024-01-13,5\n", "zero byte on line 5"),
    "a zero byte far down": (f"{HEADER}{sales(2000)}c\0,2024-01-13,5\n{sales(9)}", "zero byte on line 2,002"),
    "a line of three million letters": (
        f"{HEADER}{sales(9)}c1,2024-01-13,{'x' * 3_000_000}\n{sales(9)}",
        "a line of more than 2,000,000",
    ),
    "a total below, blank ids": (
        f"{HEADER}{sales(9)}   ,2024-01-13,5\n,2024-01-14,5\nTotal,,45\n",
        fates(sale=9, no_customer=2, total=1),
    ),
    "names twice in the header": (
        "customer_id,order_date,amount,amount\nc1,2024-01-13,5,7\nc2,2024-01-14,6,8\n",
        "could both be the amount",
    ),
    "two returns before a feed": ((HEADER + sales(9)).replace("\n", "\r\r\n"), fates(sale=9)),
    "several faults on one line, in columns that are not asked for": (
        f"customer_id,order_date,amount,note,colour\n{sales(3, ',x,y')}c1,2024-01-13\n{sales(3, ',x,y')}",
        both(fates(sale=6, unreadable=1), lines(5)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_reader_itself_would_lose_is_right_or_refused(tmp_path, case):
    content, expected = CASES[case]
    path = tmp_path / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_connection("1GiB", 1, tmp_path) as connection:
        rules = RulesConfig(min_customers=2, min_usable_share=0.0, max_unreadable_share=1.0)
        if callable(expected):
            account = load(connection, [path], SourceConfig(), rules).account
            rows = {name: connection.execute(sql).fetchall() for name, sql in TABLES.items()}
            assert expected(account, rows), (account.lines, rows["sales"][:5], rows["rejected"][:5])
        else:
            with pytest.raises(SegmenterError, match=expected) as refusal:
                load(connection, [path], SourceConfig(), rules)
            assert refusal.value.exit_status in {2, 3}
            assert not re.search("\n", str(refusal.value))
