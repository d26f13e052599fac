"""A table for a spreadsheet: whatever a cell says, and wherever the spreadsheet cuts it, no formula begins."""

import csv

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segmenter.runs.tables import safe_cell, write_safe_csv

SIGNS = "=+-@＝＋－＠"
LETTERS = st.text(st.sampled_from([*SIGNS, *"ab1;,|'\"\t\r\n \x0b\u00a0\u200b\ufeff\x00"]), max_size=12)


def cells(path, delimiter):
    """What a spreadsheet that cuts at `delimiter` takes for cells."""
    csv.field_size_limit(1 << 20)
    with path.open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(texts=st.lists(LETTERS, min_size=1, max_size=4))
@example(texts=["ann;=1+1", "\n=1+1", "＝1+1", "a|\u00a0@SUM(1)", "b\r\n-2+3", "\ufeff=1", "=a;=b"])
def test_no_cell_begins_a_formula_wherever_the_file_is_cut(tmp_path_factory, texts, delimiter):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    write_safe_csv(pd.DataFrame({"=name": ["first", *texts], "value": range(len(texts) + 1)}), path)
    for cell in cells(path, delimiter):
        assert delimiter != "," or not cell.startswith(("\t", "\r", "\n"))
        assert not cell.lstrip(" \t\r\n\x0b\x00\u00a0\u200b\ufeff").startswith(tuple(SIGNS)), cell


@given(texts=st.lists(LETTERS, min_size=1, max_size=4))
def test_an_apostrophe_is_all_that_is_added(texts):
    for text in texts:
        assert str(safe_cell(text)).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("value", ["plain", "o'brien", "a-b", "5 = 5", "a;b", "", 5, -5.5, True])
def test_what_is_no_formula_stays_as_it_is(value):
    assert safe_cell(value) == value


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT])
def test_what_is_missing_is_an_empty_cell(value):
    assert safe_cell(value) == ""


def test_a_million_marks_cost_a_moment_and_no_more():
    assert safe_cell(";\t" * 500_000 + "x") == ";\t" * 500_000 + "x"
