"""How many segments and why, and the other readings: what the tables and marks say."""

from dataclasses import replace

import numpy as np
import pytest

from segmenter.config import Config
from segmenter.config.report import ReportConfig
from segmenter.report.charts.clusters import _chance, _mark
from segmenter.report.charts.style import canvas
from segmenter.report.context import build, readings, view_of
from tests.report.made_up import bare_run, made_up_run


def page(run, *charts, **config):
    """The page with no chart but those that the tables asked about stand beside."""
    return build(view_of(run, ReportConfig(**config), charts))


def tables(section):
    return {table.id: table for part in section.parts for table in part.tables}


def card(run):
    return page(run).segments.parts[0].cards[0]


def sentences(page):
    return [sentence for part in page.certainty.parts for sentence in part.sentences]


def cells(table):
    return [[cell.text for cell in row] for row in table.rows]


@pytest.fixture(scope="module")
def run():
    return made_up_run()


@pytest.fixture(scope="module")
def certainty(run):
    return page(run, "rfm").certainty


def unclear(run, **choice):
    return replace(run, findings=replace(run.findings, choice=replace(run.findings.choice, is_clear=False, **choice)))


def marks(choice, criterion):
    """Places of the marks that a panel gets, by their kind."""
    _, (axes,) = canvas(2.0)
    _mark(axes, choice, criterion, {point.n_clusters: point.silhouette for point in choice.points})
    return {line.get_gid(): (line.get_xdata()[0], line.get_markerfacecolor()) for line in axes.lines}


@pytest.mark.parametrize("criterion", ["elbow", "silhouette", "davies_bouldin", "calinski_harabasz", "stability"])
def test_each_panel_has_a_hollow_ring_at_the_number_that_it_votes_for(run, criterion):
    choice = run.findings.choice
    assert marks(choice, criterion)["vote"] == (choice.votes[criterion], "none")
    assert marks(choice, criterion)["taken"][0] == choice.n_clusters


def test_a_criterion_without_a_vote_has_no_ring(run):
    choice = replace(run.findings.choice, votes={"elbow": None})
    assert set(marks(choice, "elbow")) == {"taken"}


def test_the_rule_that_combines_the_votes_is_told(certainty):
    (part,) = (part for part in certainty.parts if part.title == "How many segments?")
    (rule,) = (sentence for sentence in part.sentences if sentence.startswith("The rule: "))
    assert "data without groups and 0.10 above that of a single crowd as skewed as the customers" in rule


def test_what_one_skewed_crowd_reaches_stands_beside_data_without_groups(run, certainty):
    heads = [column.label for column in tables(certainty)["sweep"].columns]
    at = heads.index("Single crowd")
    assert heads[at - 1] == "Without groups"
    assert [row[at] for row in cells(tables(certainty)["sweep"])][:2] == ["0.320", "0.310"]
    assert any(
        "customers 0.25; only values 0.04 above the former and 0.10 above the latter" in text
        for text in sentences(page(run, "silhouette"))
    )


def test_the_silhouettes_panel_has_a_dashed_line_without_groups_and_a_dotted_one_of_one_crowd(run):
    _, (axes,) = canvas(2.0)
    _chance(axes, run.findings.choice.points)
    assert {line.get_gid(): line.get_ydata()[0] for line in axes.lines} == pytest.approx(
        {"reference": 0.28, "crowd": 0.32}
    )


def test_the_two_best_stand_side_by_side_only_where_neither_is_clear(run, certainty):
    assert "two-best" not in tables(certainty)
    table = tables(page(unclear(run)).certainty)["two-best"]
    assert [row[0] for row in cells(table)] == ["5", "4"]
    assert cells(table)[1][2] == "elbow of the inertia"


def test_one_segment_where_more_were_tried_is_set_beside_the_next(run):
    table = tables(page(unclear(run, n_clusters=1, runner_up=4)).certainty)["two-best"]
    assert [row[0] for row in cells(table)] == ["1", "4"]


@pytest.mark.parametrize(
    ("doubt", "words"),
    [
        ("reference", "customers without any groups: treat"),
        ("crowd", "a single crowd"),
        ("stability", "customers are resampled"),
        ("votes", "do not agree"),
        ("few", "too few"),
    ],
)
def test_the_summary_names_the_doubt_that_there_is(run, doubt, words):
    assert any(words in sentence for sentence in page(unclear(run, doubts=(doubt,))).sentences)


def test_cut_points_are_told_in_days_orders_and_money_and_an_empty_score_has_no_customer(run):
    nan = float("nan")
    cuts = {
        "recency": (184.0, 72.0, 33.0, 13.0),
        "frequency": (nan, 2.0, 3.0, 6.0),
        "monetary": (234.6, 465.0, 909.0, 2003.0),
    }
    odd = replace(run, findings=replace(run.findings, rfm=replace(run.findings.rfm, cuts=cuts)))
    found = cells(tables(page(odd, "rfm").certainty)["rfm-cuts"])
    assert found[0] == ["5", "13 or less", "6 or more", "2,003 or more"]
    assert found[3] == ["2", "184 or less", "no customer", "235 or more"]
    assert found[4][0] == "1"


def test_lists_of_customers_are_the_richest_first_and_left_out_where_asked(run, certainty):
    listed = tables(certainty)
    for name, column in (("rfm-disagree", 1), ("between", 5)):
        money = [row[column].order for row in listed[name].rows]
        assert len(money) == 20
        assert money == sorted(money, reverse=True)
    assert not {"rfm-disagree", "between"} & set(tables(page(run, "rfm", customer_rows=False).certainty))


def test_the_largest_customers_are_named_with_how_long_they_have_been_silent(run):
    table = tables(page(run).segments)["largest"]
    most = run.customers.nlargest(10, "monetary")
    assert [row[0] for row in cells(table)] == most["customer_id"].tolist()
    assert table.title == "Who brings in the most (top 10 of 600 by money)"
    first = most.iloc[0]
    assert cells(table)[0][3] == f"{first['monetary'] / run.customers['monetary'].sum():.1%}"
    assert cells(table)[0][5:] == [f"{first['recency']:.0f}", f"{first['mean_gap']:.0f}"]
    assert "largest" not in tables(page(run, customer_rows=False).segments)


def test_of_one_segment_everybody_is_told_of_once():
    run = made_up_run(200, 1)
    shown = page(run, formats=("html",))
    overall = run.findings.cards[0].overall
    few = replace(run.findings.cards[0], medians={**overall, "mean_gap": float("nan")})
    of_few = card(replace(run, findings=replace(run.findings, cards=(few,))))
    assert dict(fact[:2] for fact in of_few.facts)["days between orders"] == f"{overall['mean_gap']:.0f}"
    assert "odd-by-segment" not in tables(shown.oddities)
    assert "Segment" not in [column.label for column in tables(shown.segments)["largest"].columns]


def test_a_figure_whose_name_says_its_unit_is_told_without(run):
    facts = dict(fact[:2] for fact in card(run).facts)
    assert facts["orders"].isdigit()
    assert facts["days since the last order"].isdigit()


def test_medians_leave_out_what_no_typical_customer_reaches(run):
    few = tuple(replace(card, medians={**card.medians, "orders_in_a_day": 0.0}) for card in run.findings.cards)
    told = [
        row[0]
        for row in cells(tables(page(replace(run, findings=replace(run.findings, cards=few))).differences)["medians"])
    ]
    assert not any("most orders in a day" in label for label in told)
    assert any("identical" in label for label in told)


def test_whoever_does_not_belong_clearly_to_their_own_segment_is_listed_even_if_to_another(run, certainty):
    own = run.customers.set_index("customer_id")["membership"]
    assert all(own[row[0]] <= 0.7 for row in cells(tables(certainty)["between"]))
    richest = run.customers.nlargest(1, "monetary").index
    astray = run.customers.copy()
    astray.loc[richest, ["membership", "second_membership"]] = 0.1, 0.9
    first, *_ = cells(tables(page(replace(run, customers=astray)).certainty)["between"])
    assert first[0] == astray.loc[richest[0], "customer_id"]


def test_merges_name_what_was_joined_before(certainty):
    rows = cells(tables(certainty)["merges"])
    assert rows[0] == ["4", "Best customers", "Loyal regulars"]


def test_each_split_names_its_parts_by_their_way_down_the_tree(certainty):
    rows = cells(tables(certainty)["splits"])
    assert rows[1][1] == "1"
    assert rows[1][2].startswith("1.1: 250, of which")


def test_loadings_stand_as_numbers(run):
    rows = cells(tables(page(run, "map-tsne", "map-pca").map)["loadings"])
    assert len(rows) == len(run.findings.map.pca_names)
    strength = np.abs([float(row[1].replace("−", "-")) for row in rows])
    assert (np.diff(strength) <= 0).all()


def test_the_hierarchy_is_called_by_the_linkage_that_was_used(run):
    average = replace(run.findings, hierarchy=replace(run.findings.hierarchy, linkage="average"))
    assert cells(tables(page(replace(run, findings=average)).certainty)["methods"])[1][0] == "Hierarchical (average)"


def test_an_odd_customer_has_a_kind_a_jury_and_what_is_usual(run):
    anomalies = run.anomalies.assign(kind=["rare group", *["noise"] * (len(run.anomalies) - 1)])
    table = tables(page(replace(run, anomalies=anomalies)).oddities)["anomalies"]
    heads = [column.label for column in table.columns]
    first, second = (dict(zip(heads, row, strict=True)) for row in cells(table)[:2])
    assert (first["Kind"], second["Kind"]) == ("rare group", "alone")
    assert second["Jury (of 5)"] == str(int(anomalies["jury"].iloc[1]))
    detail = table.rows[0][heads.index("Why")].detail
    assert "Usual range, for nine in ten customers: largest order placed: 20 to 900" in detail
    assert "Nearest ordinary customer: 12399." in detail


def test_where_nobody_is_in_a_rare_group_there_is_no_column_that_calls_everybody_alone(run):
    alone, grouped = (
        page(replace(run, anomalies=run.anomalies.assign(kind=kinds))).oddities
        for kinds in ("noise", ["rare group", *["noise"] * (len(run.anomalies) - 1)])
    )
    heads = [[column.label for column in tables(section)["anomalies"].columns] for section in (alone, grouped)]
    assert heads[0] == [head for head in heads[1] if head != "Kind"]
    told = [any("rare group" in each for each in section.parts[0].sentences) for section in (alone, grouped)]
    assert told == [False, True]


def test_where_nobody_is_odd_the_curve_and_the_warnings_stay(run):
    warned = replace(run.findings, anomalies=replace(run.findings.anomalies, warnings=("Hardly anybody.",)))
    section = page(replace(run, findings=warned, anomalies=run.anomalies.head(0)), "k-distance").oddities
    (part,) = section.parts
    assert part.sentences[0] == "Hardly anybody."
    assert [figure.id for figure in part.figures] == ["k-distance"]


def test_a_card_says_what_sets_the_segment_apart(run):
    assert card(run).apart == "days since the last order, money spent, net of returns"


def test_where_no_figure_decides_alone_that_is_said_rather_than_a_table_of_noughts_left_to_be_read(run):
    cards = tuple(
        replace(card, importance=tuple((name, 0.0) for name, _ in card.importance)) for card in run.findings.cards
    )
    found = replace(run, findings=replace(run.findings, cards=cards))
    (plain,), (told,) = (
        next(part.sentences for part in page(each).differences.parts if part.title == "What decides the segment")
        for each in (run, found)
    )
    assert "would be placed in another segment" in plain
    assert told.startswith("No figure decides alone")


def test_steps_name_no_tree_and_no_map_where_there_is_none():
    (steps,) = (part for part in page(bare_run()).method.parts if part.title == "Steps")
    assert not any("t-SNE" in sentence or "Hierarchy" in sentence for sentence in steps.sentences)


def test_the_appendix_lists_the_settings_that_differ_from_the_defaults_and_no_others(run):
    def parameters(**keys):
        config = Config.model_validate(keys).model_dump(mode="json")
        (found,) = (
            part
            for part in page(replace(run, manifest=replace(run.manifest, config=config))).method.parts
            if part.title == "Parameters"
        )
        return found

    (listed,) = parameters(kmeans={"n_clusters": 4}, report={"title": "Our customers"}).tables
    assert cells(listed) == [["kmeans", "n_clusters = 4"], ["report", 'title = "Our customers"']]
    assert parameters().tables == ()
    assert parameters().sentences == ("All settings are the defaults; run.json holds every one.",)


def test_a_rule_says_of_whom_it_is_right_and_how_often(run):
    told = card(run).rule
    assert "(cross-validated on 600 customers: right for 91% of those it picks; finds 84%" in told


def test_of_two_segments_no_table_says_which_become_one(run):
    for n, is_told in ((2, False), (5, True)):
        found = run.findings
        tree = replace(found.hierarchy, merges=((n - 1, 0, 1),))
        changed = replace(run, findings=replace(found, cards=found.cards[:n], hierarchy=tree))
        assert bool(readings._merges(view_of(changed, ReportConfig(), ()))) == is_told


def test_the_map_says_whether_it_shows_all_customers(run):
    def note(changed):
        return page(changed, "map-tsne").map.parts[0].sentences[0]

    finding, n = run.findings.map, len(run.customers)
    for shown, told in (
        (n, f"The map shows all {n} customers. Its"),
        (n - 1, f"The map shows {n - 1} of {n} customers. Its"),
    ):
        changed = replace(run, findings=replace(run.findings, map=replace(finding, n_sample=shown)))
        assert note(changed).startswith(told)


@pytest.mark.parametrize(("of_a_customer", "told"), [(8.4, "$8.40"), (840.0, "$840")])
def test_small_amounts_under_each_other_are_told_to_the_cent(run, of_a_customer, told):
    cards = tuple(replace(card, revenue=of_a_customer * card.customers) for card in run.findings.cards)
    anomalies = run.anomalies.assign(amount_at_stake=of_a_customer)
    shown = page(replace(run, findings=replace(run.findings, cards=cards), anomalies=anomalies), currency="USD")
    assert {row[5] for row in cells(tables(shown.segments)["overview"])} == {told}
    odd = tables(shown.oddities)["anomalies"]
    at = [column.label for column in odd.columns].index("Money involved")
    assert {row[at] for row in cells(odd)} == {told}


def test_money_of_odd_customers_is_called_involved_and_explained_where_the_severity_is(run):
    told = " ".join(page(run).oddities.parts[0].sentences)
    assert "the most that the customer spent in all, ordered at once or returned at once" in told
    assert "even where the order was cancelled: it is no loss to expect" in told


def test_what_a_dash_means_is_said_where_there_is_one(run):
    def told(changed):
        (medians,) = (part for part in page(changed).differences.parts if part.title == "All medians")
        return [" ".join(part.sentences) for part in (page(changed).segments.parts[0], medians)]

    first, *others = run.findings.cards
    few = replace(first, medians={**first.medians, "mean_gap": float("nan")})
    dashed = replace(run, findings=replace(run.findings, cards=(few, *others)))
    assert told(run) == ["", ""]
    assert all("fewer than half of a segment" in words for words in told(dashed))
