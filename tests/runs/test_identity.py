"""Segments keep their number and name with their customers, however a fresh fit counts them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.runs.identity import became, identify
from segmenter.runs.types import Model
from tests.plain import plain

OLD = Model(plain(), ((0.0,), (10.0,), (20.0,)), ("Best", "Loyal", "Gone"), (0, 3, 4), 7)


def people(*sizes):
    """Labels 0, 1, 2... of groups of these sizes, and a matrix in which group k stands at 10 k."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return labels, labels[:, None] * 10.0


@given(st.permutations(range(3)))
def test_a_fresh_fit_that_counts_otherwise_gives_the_same_numbers_and_names(order):
    labels, matrix = people(30, 40, 50)
    fresh = np.array(order)[labels]
    found = identify(OLD, labels, fresh, ["x", "y", "z"], matrix, 7)
    for old, new in enumerate(order):
        assert found.numbers[new] == OLD.numbers[old]
        assert found.names[new] == OLD.names[old]
    assert {match.kind for match in found.matches} == {"kept"}
    assert found.next_number == 7


def test_a_split_keeps_the_old_number_for_one_part_and_gives_the_other_a_number_never_used():
    labels, matrix = people(30, 40, 50)
    fresh = labels.copy()
    fresh[-20:] = 3
    found = identify(OLD, labels, fresh, ["Best", "Loyal", "Gone", "Gone"], matrix, 7)
    assert found.numbers == (0, 3, 4, 7)
    assert found.names == ("Best", "Loyal", "Gone", "Gone (2)")
    assert [match.kind for match in found.matches] == ["kept", "kept", "split", "split"]
    assert found.matches[3].before == ("Gone",)
    assert found.next_number == 8


def test_a_merger_is_said_and_the_segment_that_went_is_said_to_have_vanished():
    labels, matrix = people(30, 40, 50)
    fresh = np.minimum(labels, 1)
    found = identify(OLD, labels, fresh, ["Best", "Other"], matrix, 7)
    merged = found.matches[1]
    assert (merged.kind, merged.before, merged.shared) == ("merged", ("Loyal", "Gone"), 1.0)
    assert [match.name for match in found.matches if match.kind == "vanished"] == [
        name for name in ("Loyal", "Gone") if name not in found.names
    ]


def test_who_loses_customers_to_a_merger_and_keeps_the_rest_is_not_called_split():
    labels, matrix = people(30, 100)
    fresh = np.where(labels == 0, 0, 1)
    fresh[30:90] = 0
    found = identify(OLD, labels, fresh, ["x", "y"], matrix, 7)
    assert sorted(match.kind for match in found.matches if match.number is not None) == ["kept", "merged"]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=5, max_size=80))
def test_what_became_of_the_segments_is_told_of_each_segment_that_is_there_once(pairs):
    labels, fresh = np.array(pairs).T
    new = Model(plain(), ((0.0,), (10.0,), (20.0,), (30.0,)), ("Best", "Loyal", "Fresh", "Other"), (0, 3, 7, 8), 9)
    found = became(OLD, labels, new, fresh)
    assert [match.number for match in found if match.number is not None] == list(new.numbers)
    assert sum(match.customers for match in found if match.number is not None) == len(pairs)
    assert {match.name for match in found if match.kind == "vanished"} <= {"Gone"}


def test_a_segment_of_customers_from_everywhere_is_new():
    labels, matrix = people(40, 40, 40)
    fresh = labels.copy()
    fresh[::3] = 3
    found = identify(OLD, labels, fresh, ["Best", "Loyal", "Gone", "Mixed"], matrix, 7)
    assert found.matches[3].kind == "new"
    assert found.matches[3].before == ()
    assert found.numbers[3] == 7


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_an_old_segment_without_customers_is_no_hindrance(empty):
    labels, matrix = people(30, 40, 50)
    here = labels != empty
    fresh = np.unique(labels[here], return_inverse=True)[1]
    found = identify(OLD, labels[here], fresh, ["x", "y"], matrix[here], 7)
    assert list(found.names) == [name for at, name in enumerate(OLD.names) if at != empty]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=5, max_size=80))
def test_numbers_and_names_are_unique_whatever_the_fit(pairs):
    old, fresh = np.array(pairs).T
    fresh = np.unique(fresh, return_inverse=True)[1]
    names = [f"name {label % 2}" for label in range(fresh.max() + 1)]
    found = identify(OLD, old, fresh, names, old[:, None] * 1.0, 7)
    assert len(set(found.numbers)) == len(set(found.names)) == len(names)
    assert max(found.numbers) < found.next_number
    assert sum(match.customers for match in found.matches if match.number is not None) == len(pairs)
