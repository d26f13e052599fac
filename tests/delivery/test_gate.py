"""The content gate: nothing that is empty, broken or half made goes out as a success."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from segmenter.config.report import ReportConfig
from segmenter.delivery import gate
from segmenter.report import render
from segmenter.report.charts.style import canvas, house_style, to_svg
from tests.kept import kept
from tests.report.made_up import bare_run, made_up_run

HTML = ("html", "csv")
BRACES = "{{7*7}}"


def write(run, root, config=ReportConfig(formats=HTML)):  # noqa: B008 - frozen
    def report(aside):
        render(run, config, aside)

    return kept(run, root / "runs", report)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A good report; one customer's name has braces, which is no fault of a template."""
    run = made_up_run(150)
    names = run.customers["customer_id"].astype(str).tolist()
    run = replace(run, customers=run.customers.assign(customer_id=[BRACES, *names[1:]]))
    return write(run, tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / made.name)


def test_a_good_report_passes(folder):
    assert gate(folder, HTML) == ()


def test_a_customer_with_braces_in_the_name_is_no_fault_of_a_template(folder):
    insert(folder, f"<p>{BRACES}</p>")
    assert gate(folder, HTML) == ()


def test_a_report_on_next_to_nothing_passes_too(tmp_path):
    assert gate(write(bare_run(), tmp_path), HTML) == ()


@pytest.mark.parametrize("name", ["report.html", "customers.csv"])
@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_text("")])
def test_a_file_that_was_asked_for_and_is_not_there_is_named(folder, name, spoil):
    spoil(folder / name)
    assert any(name in fault for fault in gate(folder, HTML))


def test_a_pdf_that_is_cut_short_is_named(folder):
    (folder / "report.pdf").write_bytes(b"%PDF-1.7\n" + b"x" * 4000)
    assert gate(folder, ("pdf",)) == ("The file report.pdf is not a whole PDF.",)


def test_a_page_that_says_next_to_nothing_is_no_report(folder):
    (folder / "report.html").write_text("<html><script>" + "x" * 900 + "</script></html>")
    assert "0 letters" in " ".join(gate(folder, HTML))


def insert(folder, text):
    page = folder / "report.html"
    page.write_text(page.read_text().replace("</main>", f"{text}</main>", 1))


@pytest.mark.parametrize("mark", ["{{ undefined.variable }}", "{% if x %}"])
def test_a_place_of_a_template_that_was_not_filled_is_named(folder, mark):
    insert(folder, f"<p>{mark}</p>")
    assert mark in " ".join(gate(folder, HTML))


def test_a_number_that_is_none_in_a_table_of_the_page_is_named(folder):
    insert(folder, '<table><tr><td>None</td><td class="number">nan</td><td class="number">12</td></tr></table>')
    assert gate(folder, HTML) == ("A table of the report shows 'nan' where a number belongs.",)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("customers", "monetary", np.nan), ("customers", "mean_gap", np.inf), ("segments", "revenue", np.nan)],
)
def test_a_number_that_is_missing_or_without_end_in_a_table_of_the_run_is_named(tmp_path, table, column, value):
    run = made_up_run()
    frame = getattr(run, table).copy()
    frame[column] = frame[column].astype(float)
    frame.loc[frame.index[0], column] = value
    folder = kept(replace(run, **{table: frame}), tmp_path / "runs")
    (fault,) = gate(folder)
    assert column in fault
    assert table in fault


def test_a_word_where_a_number_belongs_in_a_csv_file_and_a_row_that_is_missing_are_named(folder):
    path = folder / "customers.csv"
    lines = path.read_text().splitlines(keepends=True)
    monetary = lines[0].strip().split(",").index("monetary")
    cells = lines[1].split(",")
    cells[monetary] = "nan"
    path.write_text("".join([lines[0], ",".join(cells), *lines[2:]]))
    assert gate(folder, HTML) == ("The column monetary of customers.csv shows 'nan' where a number belongs.",)
    path.write_text("".join(lines[:-1]))
    assert gate(folder, HTML) == ("The file customers.csv holds 149 rows in place of 150.",)


def test_a_report_without_single_customers_passes_without_their_files(tmp_path):
    run, config = bare_run(), ReportConfig(formats=HTML, customer_rows=False)
    manifest = replace(run.manifest, config={**run.manifest.config, "report": config.model_dump(mode="json")})
    assert gate(write(replace(run, manifest=manifest), tmp_path, config), HTML) == ()


def drawn(*kinds):
    with house_style():
        figure, (axes,) = canvas(3)
        axes.set_title("A title")
        axes.set_xlabel("money")
        axes.grid(visible=True)
        for kind in kinds:
            kind(axes)
        return to_svg(figure)


MARKS = {
    "points": lambda axes: axes.scatter([1, 2, 3], [2, 5, 1]),
    "a line": lambda axes: axes.plot([1, 2, 3], [2, 5, 1]),
    "bars": lambda axes: axes.bar([1, 2], [3, 4]),
    "an area": lambda axes: axes.fill_between([1, 2, 3], [2, 5, 1]),
    "cells": lambda axes: axes.pcolormesh(np.arange(6.0).reshape(2, 3)),
    "an image": lambda axes: axes.imshow(np.arange(6.0).reshape(2, 3)),
}


def test_a_chart_with_marks_passes_and_the_same_axes_without_them_do_not(folder):
    for name, mark in MARKS.items():
        (folder / "charts" / f"{name}.svg").write_text(drawn(mark))
    assert gate(folder, HTML) == ()
    (folder / "charts" / "mine.svg").write_text(drawn())
    assert gate(folder, HTML) == ("The chart mine is empty.",)


def test_a_run_that_is_damaged_is_named(folder):
    (folder / "run.json").write_text("{")
    assert "damaged" in gate(folder, HTML)[0]
