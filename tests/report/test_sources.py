"""Every figure answers back: its SQL, its rows, its run and its numbers."""

import re

import pandas as pd
import pytest

from segmenter import assets
from segmenter.config.report import ReportConfig
from segmenter.errors import UsageError
from segmenter.report import answers, figure_data, figures, render
from segmenter.report.context.method import _files
from segmenter.report.numbers import CUSTOM, NUMBERS, queries
from tests.kept import kept
from tests.report.made_up import bare_run
from tests.report.moved import moved_run


@pytest.fixture(scope="module")
def run():
    """A run that has moved: every figure of a report is there."""
    return moved_run()


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    return kept(run, tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    """The run's folder with its report."""
    return kept(run, tmp_path_factory.mktemp("made"), lambda aside: render(run, ReportConfig(formats=("html",)), aside))


@pytest.fixture(scope="module")
def known(made):
    """Where each chart and table of the report comes from."""
    return tuple(source for source, _ in answers._read(made))


@pytest.fixture(scope="module")
def overview(folder):
    """The table of the segments of a run without a report, whose page is made for it."""
    return figure_data(folder, "overview")


def test_every_chart_and_table_of_the_page_names_its_source(known, made):
    page = (made / "report.html").read_text()
    shown = re.findall(r'<figure id="([\w-]+)"', page) + re.findall(r'id="table-([\w-]+)"', page)
    shown += re.findall(r'id="(strip|cards)"', page)
    assert sorted(source.id for source in known) == sorted({*shown})
    appendix = page[page.index('id="table-sources"') :]
    for source in known:
        assert source.id == "sources" or f">{source.id}<" in appendix


def test_every_chart_has_numbers_and_a_source_that_exists(run, known):
    found = {source.id: source for source in known}
    assert set(NUMBERS) <= set(found)
    for source in found.values():
        assert source.rows > 0
        assert source.run == run.manifest.run_id
        for query in source.queries:
            assert query == CUSTOM or assets.asset(query).is_file()


def test_a_chart_prints_the_numbers_that_it_draws(run, known, made):
    found = figure_data(made, "shares")
    assert found.source in known
    assert found.source.queries == ("queries/features_value.sql",)
    assert [row[found.columns.index("customers")] for row in found.rows] == run.segments["customers"].tolist()
    assert len(figure_data(made, "map-tsne").rows) == run.customers["tsne_x"].notna().sum()


@pytest.mark.parametrize("number", [2, 3, 9])
def test_every_part_of_the_medians_of_many_segments_names_its_queries(run, number):
    assert queries(run, f"medians-{number}") == queries(run, "medians")


def test_a_table_prints_its_cells(run, known, overview):
    assert overview.source in known
    assert [row[0] for row in overview.rows] == [card.name for card in run.findings.cards]
    assert len(overview.rows) == overview.source.rows


def test_missing_numbers_are_none(made):
    found = figure_data(made, "moves")
    assert any(None in row for row in found.rows)
    assert isinstance(found.table, pd.DataFrame)


def test_a_bare_run_has_sources_too_and_an_unknown_figure_is_answered_with_those_there_are(tmp_path):
    run = bare_run()
    there = [source.id for source in figures(run)]
    assert {"account", "features", "concentration"} <= {*there}
    folder = kept(run, tmp_path)
    for unknown in ("pie", "shares"):
        with pytest.raises(UsageError, match=f"no figure '{unknown}'. It has: {', '.join(there)}."):
            figure_data(folder, unknown)


def test_a_report_keeps_what_its_page_shows_so_that_a_question_draws_nothing(overview, made, monkeypatch):
    monkeypatch.setattr("segmenter.report.answers._built", lambda _: pytest.fail("the page is built again"))
    for name in ("overview", "bridge"):
        assert figure_data(made, name).columns
    with pytest.raises(UsageError, match=r"no figure 'overveiw'.*strip, cards, shares, overview"):
        figure_data(made, "overveiw")
    kept_of_it = figure_data(made, "overview")
    assert (kept_of_it.source, kept_of_it.columns, kept_of_it.rows) == (
        overview.source,
        overview.columns,
        overview.rows,
    )


def test_several_files_of_features_are_named_together_and_others_by_themselves():
    of_features = [f"queries/features_{name}.sql" for name in ("value", "rhythm", "trend")]
    assert _files([*of_features, "queries/evidence_orders.sql"]) == ["features_*.sql", "evidence_orders.sql"]
    assert _files(of_features[:2]) == ["features_value.sql", "features_rhythm.sql"]
