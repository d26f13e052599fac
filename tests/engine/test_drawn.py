"""A sample by the hash of the id holds everybody up to its limit, and so can be compared with another one there."""

import duckdb
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segmenter.assets import query
from segmenter.engine.drawn import Drawn, common_limit, within

ids = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=6)
populations = st.sets(ids, min_size=1, max_size=30)


def drawn(population, n):
    """The customers whom the query draws, of all who have a transaction."""
    with duckdb.connect() as connection:
        connection.execute("create table transactions (customer_id varchar)")
        connection.executemany("insert into transactions values (?)", [(each,) for each in sorted(population)] * 2)
        found = connection.execute(query("drawn_customers"), {"n": n}).fetchall()
    return Drawn(np.array([each for (each,) in found], dtype=np.str_), len(population))


def up_to(population, limit):
    named = np.array(sorted(population), dtype=np.str_)
    return set(named[within(named, limit)].tolist())


@given(populations, st.integers(1, 30))
def test_a_sample_is_everybody_up_to_its_limit(population, n):
    found = drawn(population, n)
    assert len(found.ids) == min(n, len(population))
    assert found.is_sample == (n < len(population))
    assert up_to(population, found.limit) == set(found.ids.tolist())


@given(populations, populations, st.integers(1, 30), st.integers(1, 30))
def test_up_to_the_common_limit_two_samples_differ_only_by_who_came_and_went(before, now, n, m):
    one, other = drawn(before, n), drawn(now, m)
    limit = common_limit(one, other)
    for population, sample in ((before, one), (now, other)):
        assert up_to(sample.ids.tolist(), limit) == up_to(population, limit)
    assert set(one.ids.tolist()) & set(other.ids.tolist()) <= up_to(before | now, limit)
