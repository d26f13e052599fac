"""Charts say the same for the same run, keep a segment's colour and leave out what was not measured."""

import os
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segmenter.report import palette
from segmenter.report.charts import draw, lifetime, maps, money, segments, views
from segmenter.report.charts.marks import CIRCLE, shaped
from segmenter.report.charts.style import Look, house_style
from segmenter.report.language import Voice
from segmenter.report.translated import translated_run
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


@pytest.mark.skipif(sys.platform != "linux", reason="open files are looked up in /proc")
@pytest.mark.usefixtures("charts")
def test_drawing_leaves_no_file_open():
    opened = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    assert not [name for name in opened if ".ttf" in name]


def test_where_the_home_folder_cannot_be_written_nothing_is_said_and_nothing_is_left(tmp_path):
    code = "import segmenter.report, matplotlib.font_manager"
    surroundings = {"HOME": "/proc/nobody", "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())


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


@pytest.mark.parametrize("chart", ["shares", "silhouette"])
def test_long_names_beside_rows_take_several_lines_and_leave_the_drawing_its_place(run, chart):
    long = "steady customers, with an older last order, at short intervals, first seen earlier"
    cards = tuple(replace(card, name=f"{card.name}, {long}") for card in run.findings.cards)
    named = replace(run, findings=replace(run.findings, cards=cards))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's, of axes that are left no place
        drawn = draw(named, look_of(named), {chart})[chart].svg
    labels = [text for text in re.findall(r">([^<>]+)</text>", drawn) if text in f"{cards[0].name} {long}"]
    assert len(labels) > 2 * len(cards)
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', drawn)[1])
    ticks = [float(x) for x in re.findall(r'<use xlink:href="[^"]+" x="([\d.]+)"', drawn)]
    assert max(ticks) - min(ticks) > width / 4


def test_what_was_not_measured_is_not_drawn():
    run = bare_run()
    assert set(draw(run, look_of(run))) <= {"concentration", "rfm"}


def test_matplotlibs_own_settings_are_left_alone(run, charts):
    import matplotlib as mpl

    assert mpl.rcParams["svg.fonttype"] == mpl.rcParamsDefault["svg.fonttype"]


def test_segments_are_told_apart_on_the_maps_by_their_markers_too(run, charts):
    for name in ("map-tsne", "map-pca"):
        shapes = re.findall(r'd="M[-\d. ]+?(h0|m[^M"]*?z)', charts[name].svg.replace(CIRCLE, ""))
        assert len(set(shapes)) == len(run.findings.cards)


def test_every_odd_customer_on_the_map_has_a_ring(run, charts):
    placed = run.customers.dropna(subset=["tsne_x", "tsne_y"])
    assert 0 < charts["map-tsne"].svg.count(CIRCLE) == placed["is_anomaly"].sum()


@pytest.mark.parametrize("marker", palette.MARKERS)
@pytest.mark.parametrize("width", [2.4, 6.0])
def test_a_marker_is_a_closed_shape_around_its_point(marker, width):
    style = f"fill: none; opacity: 0.7; stroke: #0072b2; stroke-width: {width}; stroke-linecap: round"
    svg = shaped(f'<g id="marks-{marker}"><path d="M10 20h0M30 40h0" style="{style}"/></g>')
    path = re.search(r' d="([^"]*)"', svg).group(1)
    if marker == "o":
        assert path == "M10 20h0M30 40h0"
        return
    assert "fill: #0072b2" in svg
    corners = parse(path)
    assert [len(shape) for shape in corners] == [len(corners[0])] * 2
    for shape, centre in zip(corners, [(10, 20), (30, 40)], strict=True):
        assert np.abs(np.mean(shape, axis=0) - centre).max() < width / 4
        assert 0.8 * width < max(np.ptp(shape, axis=0)) < 1.6 * width


def parse(path):
    """Corners of every closed shape of a path with M, m, l, h, v and z."""
    shapes, at = [], np.zeros(2)
    for command, rest in re.findall(r"([Mmlhvz])([^Mmlhvz]*)", path):
        steps = [float(step) for step in re.findall(r"-?(?:\d*\.)?\d+", rest)]
        if command == "M":
            at = np.array(steps)
            shapes.append([])
        elif command in "hv":
            at = at + ([steps[0], 0] if command == "h" else [0, steps[0]])
            shapes[-1].append(at)
        elif command != "z":
            for pair in zip(steps[::2], steps[1::2], strict=True):
                at = at + pair
                shapes[-1].append(at)
    return shapes


def test_letters_in_a_cell_can_be_read_on_every_ground():
    for level in range(0, 256, 3):
        for colour in (f"#{level:02x}{level:02x}{level:02x}", f"#2b{level:02x}a3", f"#{level:02x}782d"):
            assert palette.contrast(palette.readable_on(colour), colour) >= 4.5


def test_an_accent_that_cannot_be_read_on_white_is_darkened_and_any_other_kept():
    assert palette.legible("#1f4e79") == "#1f4e79"
    assert palette.contrast(palette.legible("#ffee00"), palette.PAPER) >= 4.5
    assert palette.legible("#ffffff") != "#ffffff"


def test_no_share_of_an_axis_is_above_the_whole(charts):
    percents = [int(share) for share in re.findall(r">(\d+)%</text>", charts["shares"].svg)]
    assert percents
    assert max(percents) <= 100


def test_a_cell_on_a_dark_page_glares_no_more_and_its_letters_can_be_read():
    for level in range(0, 256, 3):
        for colour in (f"#{level:02x}{level:02x}{level:02x}", f"#{level:02x}bfd9", f"#d9{level:02x}2d"):
            dim = palette.dimmed(colour)
            assert palette.contrast(palette.readable_on(colour), dim) >= 4.5
            assert palette.contrast(dim, "#14191f") < 10


@pytest.mark.parametrize(
    ("n", "reach", "disagree"),
    [
        (0, "nobody stands alone", "Every customer is in the same segment"),
        (1, "One of them is also out of reach", "One customer is in a different segment"),
        (7, "7 of them are also out of reach", "7 customers are in a different segment"),
    ],
)
def test_the_readings_of_odd_and_disagreeing_customers_know_nobody_one_and_several(run, n, reach, disagree):
    anomalies = replace(run.findings.anomalies, n_noise=n)
    found = replace(run.findings, anomalies=anomalies, rfm=replace(run.findings.rfm, n_disagree=n))
    drawn = draw(replace(run, findings=found), look_of(run), ("k-distance", "rfm"))
    assert reach in drawn["k-distance"].reading
    assert disagree in drawn["rfm"].reading


@pytest.mark.parametrize("locale", ["en", "de", "he"])
def test_the_words_over_the_forecasts_figures_stand_clear_of_them(run, locale):
    check = run.findings.lifetime.check
    with house_style():
        figure = lifetime._dots(replace(check, classes=check.classes[:1] * 8), Voice(locale))
        figure.draw_without_rendering()
    head, first, *_ = (text.get_window_extent() for text in figure.axes[0].texts)
    assert head.y0 >= first.y1


def test_customers_who_are_one_segment_are_still_counted_by_the_names_that_rfm_gives(run):
    found, rfm = run.findings, run.findings.rfm
    whole = replace(rfm, crosswalk=tuple((sum(row),) for row in rfm.crosswalk), n_disagree=0)
    alone = replace(run, findings=replace(found, cards=found.cards[:1], rfm=whole))
    figure = draw(alone, look_of(alone), ("rfm",))["rfm"]
    assert "although they form a single group" in figure.reading
    assert all(f">{n:,}<" in figure.svg for n in rfm.customers if n)


def test_months_that_lost_money_are_named(run):
    period = run.manifest.period
    assert "given back" not in money.months(run, look_of(run)).reading
    lost = replace(period, monthly_revenue=(-5.0, *period.monthly_revenue[1:]))
    changed = replace(run, manifest=replace(run.manifest, period=lost))
    name = Voice("en").month(period.months[0])
    with house_style():
        assert f"Months with more returns than sales: {name}." in money.months(changed, look_of(run)).reading


@pytest.mark.parametrize(
    ("place", "told"), [(0, "with one order before"), (1, "with 2 orders before"), (-1, "with 8 or more orders before")]
)
def test_the_widest_miss_of_a_forecast_says_whose_orders_were_missed(run, place, told):
    found = run.findings.lifetime
    classes = [replace(found.check.classes[0], expected=10.0, actual=10)] * 8
    classes[place] = replace(classes[0], actual=99)
    check = replace(found.check, classes=tuple(classes))
    changed = replace(run, findings=replace(run.findings, lifetime=replace(found, check=check)))
    with house_style():
        assert (
            f"customers {told} were expected to place 10 and placed 99."
            in lifetime.held_out(changed, look_of(run)).reading
        )


@pytest.mark.parametrize(("most", "is_straight"), [(150, True), (15_000, False)])
def test_orders_of_classes_stand_on_a_straight_scale_unless_one_would_hide_the_others(run, most, is_straight):
    found = run.findings.lifetime
    classes = tuple(replace(found.check.classes[0], expected=10.0, actual=n) for n in (12, 14, most))
    changed = replace(found, check=replace(found.check, classes=classes))
    with house_style():
        figure = lifetime.held_out(replace(run, findings=replace(run.findings, lifetime=changed)), look_of(run))
    assert ("logarithmic scale" not in figure.svg) == is_straight


def test_a_class_of_nobody_has_no_row_and_presses_no_other_into_a_corner(run):
    found = run.findings.lifetime
    empty = replace(found.check.classes[0], customers=0, expected=0.0, actual=0.0)
    classes = (empty, replace(empty, customers=9, expected=450.0, actual=600.0), empty)
    changed = replace(found, check=replace(found.check, classes=classes))
    with house_style():
        figure = lifetime.held_out(replace(run, findings=replace(run.findings, lifetime=changed)), look_of(run))
    assert "450 → 600" in figure.svg
    assert "0 → 0" not in figure.svg.replace("450 → 600", "")
    assert "logarithmic scale" not in figure.svg


def test_of_two_segments_nobody_is_told_that_they_are_most_alike():
    for n, is_told in ((2, False), (5, True)):
        run = made_up_run(200, n)
        tree = replace(run.findings.hierarchy, merges=((n - 1, 0, 1),))
        changed = replace(run, findings=replace(run.findings, hierarchy=tree))
        with house_style():
            assert ("are most alike" in views.dendrogram(changed, look_of(run)).reading) == is_told


def test_the_segment_that_blends_most_is_named_where_it_differs_from_all(run):
    names = look_of(run).names
    for least, told in ((0.9, f"own segment, 90% of {names[0]}."), (0.96, "own segment.")):
        placed = replace(run.findings.map, own_neighbour=(0.96, dict.fromkeys(names, 0.99) | {0: least}))
        changed = replace(run, findings=replace(run.findings, map=placed))
        with house_style():
            assert (
                f"96% of the customers have their nearest neighbour in their {told}"
                in maps.neighbourhoods(changed, look_of(run)).reading
            )


def test_rings_on_a_map_of_a_sample_are_counted_beside_all_odd_customers(run):
    odd = run.customers.index[run.customers["is_anomaly"].astype(bool)]
    shown = run.customers.copy()
    shown.loc[odd[1:], ["tsne_x", "tsne_y"]] = np.nan
    with house_style():
        assert f"odd customers: {len(odd)}." in maps.neighbourhoods(run, look_of(run)).reading
        told = maps.neighbourhoods(replace(run, customers=shown), look_of(run)).reading
    assert f"on the map: 1 of {len(odd)}." in told


def test_a_theme_of_products_with_long_names_is_cut_so_that_rows_keep_apart(run):
    product = "Copper planter with a very long marketing description, assorted colours, limited edition (pack of 12)"
    theme = replace(run.findings.themes[0], products=(product, product), name=f"{product} and {product}")
    changed = replace(run, findings=replace(run.findings, themes=(theme,)))
    (told,) = translated_run(changed, Voice("de")).findings.themes
    assert told.name == " und ".join([f"{product[:47].rstrip()}…"] * 2)


def test_a_segment_that_gave_back_more_than_it_bought_has_its_bar_left_of_nothing(run):
    best, *others = run.findings.cards
    cards = (replace(best, revenue_share=1.3), *others[:-1], replace(others[-1], revenue_share=-0.4))
    look = look_of(run)
    low, high = segments._ends(cards, look, 4.0)
    assert low == -0.4
    assert high > 1.3
    assert segments._ends(run.findings.cards, look, 4.0)[0] == 0
    with house_style():
        shown = segments.shares(replace(run, findings=replace(run.findings, cards=cards)), look).svg
    assert "−40%" in shown
