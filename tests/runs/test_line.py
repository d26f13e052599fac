"""Whom the line between ordinary and odd moved: nobody whose figures are what they were is news."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmenter.analysis.anomalies import search
from segmenter.analysis.prepare import prepare
from segmenter.config.analysis import DbscanConfig, PrepareConfig
from segmenter.runs.line import moved_by_line
from tests.report.made_up import made_up_run

FIGURES = ["frequency", "monetary", "largest_order"]


@pytest.fixture(scope="module")
def shop():
    """Six hundred customers of one kind, by id."""
    rng = np.random.default_rng(4)
    figures = np.exp(rng.normal(size=(600, 3)) * [0.6, 0.8, 0.5] + [2.0, 5.0, 4.0])
    return pd.DataFrame(figures, index=[f"c{n}" for n in range(600)], columns=FIGURES)


def searched(shop, names=FIGURES, eps=None):
    """A run that holds the customers of `shop`, searched for anomalies in the figures `names`."""
    made = made_up_run(n_customers=30)
    prepared = prepare(shop.to_numpy(), list(shop.columns), PrepareConfig(), anomalies_use=tuple(names))
    _, found = search(prepared, DbscanConfig(eps=eps), {})
    customers = shop.assign(dbscan_role=found.role, is_anomaly=found.is_anomaly)
    customers = customers.reset_index(names="customer_id").astype({"customer_id": "str"})
    odd = customers[customers["is_anomaly"]][["customer_id"]]
    findings = replace(made.findings, anomalies=found.finding)
    return replace(made, customers=customers, anomalies=odd, findings=findings)


def odd(run):
    return set(run.anomalies["customer_id"])


def with_figures(shop, **factors):
    """`shop` with the money of some customers multiplied."""
    changed = shop.copy()
    for customer, factor in factors.items():
        changed.loc[customer, ["monetary", "largest_order"]] *= factor
    return changed


def test_whoever_is_odd_by_a_nearer_line_alone_was_moved_by_it(shop):
    wide, narrow = searched(shop), searched(shop, eps=0.5)
    assert odd(narrow) > odd(wide)
    assert moved_by_line(wide, narrow) == odd(narrow) - odd(wide)


def test_whoever_is_ordinary_again_by_a_farther_line_alone_was_moved_by_it(shop):
    narrow, wide = searched(shop, eps=0.5), searched(shop)
    assert moved_by_line(narrow, wide) == odd(narrow) - odd(wide)


def test_whoever_changed_so_far_that_the_search_of_before_finds_them_odd_is_news_wherever_the_line_is(shop):
    before, now = searched(shop), searched(with_figures(shop, c7=5_000.0, c8=0.0), eps=0.5)
    assert {"c7", "c8"} <= odd(now) - odd(before)
    assert moved_by_line(before, now) == odd(now) - odd(before) - {"c7", "c8"}


def test_whoever_changed_back_is_ordinary_again_by_what_they_did(shop):
    before, now = searched(with_figures(shop, c7=5_000.0)), searched(shop)
    assert "c7" in odd(before) - odd(now)
    assert "c7" not in moved_by_line(before, now)


def test_a_figure_that_is_searched_for_the_first_time_moves_the_line(shop):
    more = shop.assign(largest_return=0.0)
    more.loc[[f"c{n}" for n in range(4)], "largest_return"] = 9_000.0
    before, now = searched(shop), searched(more, names=[*FIGURES, "largest_return"])
    assert {f"c{n}" for n in range(4)} & (odd(now) - odd(before))
    assert odd(now) - odd(before) <= moved_by_line(before, now)


def test_whoever_changed_and_is_odd_by_neither_search_without_that_is_news(shop):
    richer = with_figures(shop, c7=3.0)
    before, now = searched(shop), searched(richer, eps=0.8)
    assert "c7" not in odd(before) | odd(searched(richer)) | odd(searched(shop, eps=0.8))
    assert "c7" in odd(now)
    assert "c7" not in moved_by_line(before, now)


def test_a_customer_who_was_not_there_is_held_against_the_line_of_before_by_what_they_are(shop):
    before = searched(shop.drop(index=["c7", "c8"]))
    now = searched(with_figures(shop, c7=5_000.0), eps=before.findings.anomalies.eps)
    assert "c7" in odd(now)
    assert moved_by_line(before, now) <= (odd(now) ^ odd(before)) - {"c7"}


def test_the_order_of_customers_has_no_part_in_it(shop):
    before, now = searched(shop), searched(shop, eps=0.5)
    turned = replace(now, customers=now.customers[::-1], anomalies=now.anomalies[::-1])
    assert moved_by_line(before, turned) == moved_by_line(before, now)
