"""Customers are put in an order that what they are decides, and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segmenter.analysis.order import by_content, drawn

VALUES = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e300, np.nan])
TABLES = arrays.arrays(np.float64, st.tuples(st.integers(0, 30), st.integers(0, 3)), elements=VALUES)


@given(table=TABLES, seed=st.integers(0, 99))
def test_the_order_is_the_same_however_the_customers_came(table, seed):
    shuffled = table[np.random.default_rng(seed).permutation(len(table))]
    assert np.array_equal(table[by_content(table)], shuffled[by_content(shuffled)], equal_nan=True)


@given(table=TABLES)
def test_every_customer_is_in_it_once(table):
    assert np.array_equal(np.sort(by_content(table)), np.arange(len(table)))


@given(table=TABLES.filter(lambda table: table.size))
def test_equal_customers_are_side_by_side(table):
    ordered = np.nan_to_num(table[by_content(table)], nan=7.0)
    changes = (ordered[1:] != ordered[:-1]).any(axis=1).sum()
    assert changes + 1 == len(np.unique(ordered, axis=0))


def test_figures_that_differ_by_rounding_alone_come_in_the_same_order(rng):
    table = rng.normal(size=(3000, 6))
    assert np.array_equal(by_content(table), by_content(table * (1 + 2e-16 * rng.integers(-3, 4, table.shape))))


def test_figures_that_differ_by_less_than_a_millionth_are_told_apart(rng):
    table = np.repeat(rng.normal(size=(50, 2)), 4, axis=0) + 1e-9 * np.tile([0, 1, 0, 2], 50)[:, None]
    assert len(np.unique(table, axis=0)) == 150
    assert (np.diff(table[by_content(table)], axis=0) != 0).any(axis=1).sum() == 149


def test_who_is_common_is_as_common_among_those_drawn(rng):
    table = np.vstack([np.ones((6000, 2)), rng.normal(size=(4000, 2))])
    found = drawn(table, 500)
    assert found.shape == (500, 2)
    assert abs((found == 1).all(axis=1).mean() - 0.6) < 0.01
    assert np.array_equal(found, drawn(table[::-1], 500))


def test_the_order_has_nothing_to_do_with_the_size_of_the_values(rng):
    table = np.sort(rng.normal(size=(20_000, 2)), axis=0)
    assert abs(np.corrcoef(by_content(table), np.arange(20_000))[0, 1]) < 0.03


def test_a_column_more_gives_another_order(rng):
    table = rng.normal(size=(100, 2))
    assert not np.array_equal(by_content(table), by_content(table[:, :1]))
    assert not np.array_equal(by_content(table), by_content(table[:, ::-1]))
