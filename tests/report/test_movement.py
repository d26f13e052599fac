"""The grids of a movement add up to its segments, and say what the segments alone moved."""

from dataclasses import replace

import numpy as np
import pytest

from segmenter.config.report import ReportConfig
from segmenter.report import palette
from segmenter.report.charts import movement as charts
from segmenter.report.charts.style import Look, house_style
from segmenter.report.context import build, view_of
from segmenter.report.language import Voice
from segmenter.runs.history import History, Interval
from segmenter.runs.movement import movement
from tests.report.made_up import made_up_run
from tests.report.moved import moved_run
from tests.runs.test_movement import side


@pytest.fixture(scope="module")
def moved():
    generator = np.random.default_rng(3)
    ids = np.arange(300)
    figures, money = generator.uniform(35, 65, (2, 300)), generator.uniform(0, 900, (2, 300))
    before = side(ids[:280], figures[0, :280], money[0, :280], day=1)
    now = side(ids[20:], figures[1, 20:], money[1, 20:], cut=53, day=8)
    return movement(before, now, 30, 1)[0]


def drawn(chart, found):
    run = replace(made_up_run(n_customers=40), history=History(movement=found))
    names = {change.number: change.name for change in found.segments}
    look = Look(Voice("en"), names, palette.colours([*names]), palette.markers([*names]))
    with house_style():
        return chart(run, look)


def changes_of(run):
    """The cells of both tables of segments' changes, row by row as texts."""
    page = build(view_of(run, ReportConfig(currency="GBP", locale="en_GB"), ()))
    found = {table.id: table.rows for part in page.moves.parts for table in part.tables}
    rows = zip(found["segment-changes"], found["segment-money"], strict=True)
    return [[cell.text for cell in (*sizes, *money)] for sizes, money in rows]


def test_every_change_is_printed_with_its_own_range_and_whether_chance_can_explain_it():
    run = moved_run()
    _, _, _, size, beyond, _, _, _, money = changes_of(run)[0]
    assert (size, beyond) == ("+40 (12 to 70)", "+31 (4 to 60)")
    assert money == "+£3 (−£2 to £9), within chance"
    first, *others = run.history.movement.segments
    still = replace(first, customers=Interval(0.0, 0.0, 0.0), beyond=None)
    short = replace(run.history.movement, segments=(still, *others), is_whole=False)
    _, _, _, size, beyond, _, _, _, money = changes_of(replace(run, history=replace(run.history, movement=short)))[0]
    assert (size, beyond, money) == ("0", "", "not comparable")


@pytest.mark.parametrize("is_clear", [True, False])
def test_the_two_silhouettes_stand_with_their_numbers_of_segments_and_the_margin_that_counts(is_clear):
    run = moved_run()
    choice = replace(run.findings.choice, is_clear=is_clear)
    page = build(view_of(replace(run, findings=replace(run.findings, choice=choice)), ReportConfig(), ()))
    told = " ".join(sentence for part in page.moves.parts for sentence in part.sentences)
    assert "The 5 segments kept have a mean silhouette of 0.31, the 6 of the fresh fit 0.36: " in told
    assert "more than 0.04 higher" in told
    assert ("and a fresh fit with 5 segments is, too" in told) == (not is_clear)


@pytest.mark.parametrize("figure", ["customers", "money"])
def test_rows_add_up_to_the_segments_before_and_columns_to_the_segments_now(moved, figure):
    names = ("customers", "customers") if figure == "customers" else ("money_before", "money_now")
    rows, columns = charts._cells(moved, names[0]).sum(axis=1), charts._cells(moved, names[1]).sum(axis=0)
    assert rows[:-1] == pytest.approx([getattr(change, f"{figure}_before") for change in moved.segments])
    assert columns[:-1] == pytest.approx([getattr(change, f"{figure}_now") for change in moved.segments])
    steps = {step.kind: step for step in moved.bridge}
    assert rows.sum() == pytest.approx(steps["before"].amount if figure == "money" else len(range(300)))


def test_the_matrix_of_customers_says_who_moved_because_the_segments_were_redrawn(moved):
    assert moved.n_by_cut_point > 0
    cells = charts._cells(moved, "by_cut_point")
    svg = drawn(charts.moves, moved).svg
    assert all(f"({int(n)}*)" in svg for n in cells[cells > 0])
    unmoved = replace(moved, flows=tuple(replace(flow, by_cut_point=0) for flow in moved.flows))
    assert "*)" not in drawn(charts.moves, unmoved).svg


def test_both_amounts_of_a_cell_are_written_into_the_matrix_of_money(moved):
    figure, voice = drawn(charts.moved_money, moved), Voice("en")
    for flow in moved.flows:
        assert voice.money_short(flow.money_before) in figure.svg
        assert f"→ {voice.money_short(flow.money_now)}" in figure.svg


def test_where_nobody_brought_money_there_is_no_chart_of_it(moved):
    flows = tuple(replace(flow, money_before=0.0, money_now=0.0) for flow in moved.flows)
    assert drawn(charts.moved_money, replace(moved, flows=flows)) is None
    assert drawn(charts.bridge, replace(moved, flows=flows)) is None


def test_two_segments_of_one_name_keep_a_row_each(moved):
    same = replace(moved, segments=tuple(replace(change, name="VIP") for change in moved.segments))
    assert drawn(charts.moves, same).svg.count("VIP") == 2 * len(moved.segments)


def test_a_second_run_of_one_day_has_no_empty_parts_and_does_not_set_a_model_beside_itself():
    run, told = moved_run(), "The earlier run is of the same day."
    fit = run.history.continuity
    drift = tuple(replace(each, psi=0.0) for each in fit.drift)
    itself = replace(fit, accepted_as_of=run.manifest.as_of, n_would_move=0, drift=drift)
    alone = replace(run, history=History(itself, sentences=(told,)), moves=None)
    page = build(view_of(alone, ReportConfig(), {"moves", "moves-money", "bridge"}))
    assert (page.moves.lead, page.moves.parts) == (told, ())
    assert not page.sentences[-1].startswith("The segments of")
