"""Who has gone quiet: regulars whose silence is long by their own rhythm, and by nobody else's."""

import numpy as np
import pytest

from segmenter.analysis.silence import LATE, gone_quiet


def is_quiet(recency, days, longest=None, unseen=0.0):
    """Whether a customer who ordered on these `days`, the last one `recency` days ago, has gone quiet."""
    gaps = np.diff(days)
    mean, most = (gaps.mean(), gaps.max()) if len(gaps) else (np.nan, np.nan)
    columns = (recency, recency + days[-1] - days[0], mean, most if longest is None else longest)
    return bool(gone_quiet(*(np.array([each], dtype=float) for each in columns), unseen)[0])


@pytest.mark.parametrize("gap", [1, 7, 30, 100])
def test_the_same_rule_holds_for_every_rhythm(gap):
    days = [0, gap, 2 * gap, 3 * gap]
    assert is_quiet(LATE * gap + 1, days)
    assert not is_quiet(LATE * gap, days)


@pytest.mark.parametrize("days", [[0], [0, 5], [0, 5, 10]])
def test_orders_on_fewer_than_four_days_are_no_habit(days):
    assert not is_quiet(500, days)
    assert is_quiet(500, [*days, days[-1] + 5, days[-1] + 10, days[-1] + 15])


def test_a_mean_gap_that_is_no_whole_number_counts_its_days_all_the_same():
    assert is_quiet(300, [0, 10, 20, 31])
    assert not is_quiet(300, [0, 10, 31])


def test_a_silence_that_the_customer_had_before_is_nothing_new():
    days = [0, 1, 2, 3, 4, 5, 6, 7, 8, 98]
    assert not is_quiet(90, days)
    assert is_quiet(91, days)


def test_days_without_data_of_anybody_are_no_silence():
    assert is_quiet(50, [0, 10, 20, 30])
    assert not is_quiet(50, [0, 10, 20, 30], unseen=20)
