"""Data without structure gets an honest report, not an exception and not invented structure."""

import random
import re

import pytest

from segmenter.config.report import ReportConfig
from segmenter.delivery import gate
from segmenter.report import render
from segmenter.report.context import build, view_of
from segmenter.report.page import html
from tests.end_to_end.conftest import NO_PAGE
from tests.kept import kept
from tests.report.unspoken import HOW, one_letter, texts_of, unspoken

HEADER = "order_id,customer_id,order_date,sku,quantity,unit_price\n"


def line(order, customer, day, quantity=1, price=5.0):
    return f"o{order},{customer},2024-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d},p,{quantity},{price:.2f}\n"


def twelve():
    return "".join(line(n, f"c{n % 12}", n * 3 + 12, n % 4 + 1) for n in range(60))


def all_alike():
    return "".join(line(n, f"c{n}", 20) for n in range(200))


def bought_once(n_once=475, n_again=25):
    """One customer in twenty bought again, two to five times; days and money are anything."""
    draw = random.Random(1)
    counts = [1] * n_once + [draw.randint(2, 5) for _ in range(n_again)]
    orders = [customer for customer, count in enumerate(counts) for _ in range(count)]
    return "".join(
        line(number, f"c{customer}", draw.randrange(336), draw.randint(1, 5), draw.choice((5, 7.5, 10, 20)))
        for number, customer in enumerate(orders)
    )


def everybody_once():
    return bought_once(400, 0)


def two_constant():
    """Everybody placed two orders of ten: orders and money tell nobody apart."""
    draw = random.Random(2)
    days = [(first, first + draw.randint(1, 60)) for first in (draw.randrange(270) for _ in range(300))]
    return "".join(line(10 * n + at, f"c{n}", day, 1, 10) for n, both in enumerate(days) for at, day in enumerate(both))


def one_giant():
    ordinary = "".join(line(n, f"c{n % 60}", n % 300, n % 5 + 1) for n in range(600))
    return ordinary + line(9999, "giant", 30, 90000)


def words_of(page):
    return re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]*>", " ", page, flags=re.DOTALL)


@pytest.fixture(scope="module")
def seen(quick_run, tmp_path_factory):
    """A function that runs an export once and gives the run and the words of its page, without drawing."""
    known = {}

    def seen(make):
        if make not in known:
            folder = tmp_path_factory.mktemp(make.__name__)
            (folder / "sales.csv").write_text(HEADER + make())
            run = quick_run([folder / "sales.csv"], folder / "runs", **NO_PAGE).run
            view = view_of(run, ReportConfig(), ())
            known[make] = (run, words_of(html(build(view), view.voice, None)))
        return known[make]

    return seen


STRUCTURELESS = [twelve, all_alike, bought_once, everybody_once, two_constant]


@pytest.mark.parametrize("make", STRUCTURELESS)
def test_no_structure_is_invented(make, seen):
    run, words = seen(make)
    choice = run.findings.choice
    assert choice.n_clusters == len(run.findings.cards) == 1
    assert not choice.is_clear
    assert "They form a single group" in words


@pytest.mark.parametrize("make", STRUCTURELESS)
def test_too_few_or_too_much_alike_is_not_said_where_ways_of_dividing_were_tried(make, seen):
    run, words = seen(make)
    tried = bool(run.findings.choice.points)
    assert tried == (make not in (twelve, all_alike))
    assert ("no division into segments held up" in words) == tried


@pytest.mark.parametrize("make", STRUCTURELESS)
def test_nobody_is_odd_or_the_reader_is_warned(make, seen):
    run, words = seen(make)
    flagged = run.customers["is_anomaly"].mean()
    assert flagged <= 0.05 or "too many for all of them to be odd" in words
    for warning in run.findings.anomalies.warnings:
        assert warning.split(".")[0] in words


def test_those_who_bought_again_are_not_all_odd_and_those_who_are_come_with_a_warning(seen):
    run, words = seen(bought_once)
    again = run.customers["frequency"] > 1
    odd = run.customers["is_anomaly"]
    assert odd[again].mean() < 1
    assert not odd.any() or "does not make them odd" in words


def test_steps_that_were_not_taken_are_not_told(seen):
    _, words = seen(all_alike)
    assert "Segments: not searched for" in words
    assert "t-SNE on" not in words
    assert "linkage," not in words


def test_one_giant_order_is_odd(seen):
    run, _ = seen(one_giant)
    assert run.customers.set_index("customer_id").loc["giant", "is_anomaly"]


@pytest.mark.parametrize("make", [*STRUCTURELESS, one_giant])
def test_one_is_said_as_one(make, seen):
    _, words = seen(make)
    assert not re.findall(r".{0,30}\b1 (?:segments|customers|orders|days)\b.{0,30}", words)


@pytest.mark.parametrize(
    "make",
    [
        all_alike,
        bought_once,
        *(pytest.param(make, marks=pytest.mark.slow) for make in (twelve, everybody_once, two_constant, one_giant)),
    ],
)
def test_a_whole_report_in_german_passes_the_gate_and_keeps_no_english(make, seen, tmp_path):
    run, _ = seen(make)
    with one_letter("de"):
        folder = kept(run, tmp_path, lambda aside: render(run, ReportConfig(formats=("html",), locale="de"), aside))
    assert gate(folder, ("html",)) == ()
    raw = {"giant", "winsorize", *(feature.name for feature in run.manifest.features)}
    left = unspoken(texts_of((folder / "report.html").read_text()), "de", raw)
    assert not left, "\n".join([HOW, *dict.fromkeys(left)])
