"""Charts say the same for the same run, keep a segment's colour and leave out what was not measured."""

import re

import pytest

from segmenter.report import palette
from segmenter.report.charts import draw
from segmenter.report.charts.style import Look
from segmenter.report.language import Voice
from tests.report.made_up import bare_run, made_up_run


def look_of(run):
    names = {card.label: card.name for card in run.findings.cards}
    return Look(Voice("en"), names, palette.colours([*names]), palette.markers([*names]))


@pytest.fixture(scope="module")
def run():
    return made_up_run()


@pytest.fixture(scope="module")
def charts(run):
    return draw(run, look_of(run))


def test_the_same_run_gives_the_same_bytes(run, charts):
    assert {name: figure.svg for name, figure in draw(run, look_of(run)).items()} == {
        name: figure.svg for name, figure in charts.items()
    }


def test_every_chart_has_its_title_reading_source_and_description(charts):
    for figure in charts.values():
        assert figure.title
        assert figure.reading
        assert figure.source
        assert f"<title>{figure.alt}</title>" in figure.svg


def test_text_stays_text(charts):
    assert "Best customers" in charts["profile"].svg
    assert "<text" in charts["profile"].svg


def test_no_number_of_a_chart_is_nan(charts):
    for figure in charts.values():
        assert not re.search(r"\bnan\b", figure.svg, re.IGNORECASE)


def test_a_segment_has_one_colour_on_every_chart(run, charts):
    for colour in look_of(run).colours.values():
        for name in ("profile", "map-tsne", "silhouette"):
            assert colour in charts[name].svg


def test_what_was_not_measured_is_not_drawn():
    run = bare_run()
    assert set(draw(run, look_of(run))) <= {"concentration"}


def test_matplotlibs_own_settings_are_left_alone(run, charts):
    import matplotlib as mpl

    assert mpl.rcParams["svg.fonttype"] == mpl.rcParamsDefault["svg.fonttype"]
