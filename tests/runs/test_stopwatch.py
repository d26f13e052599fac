"""What the stages of a run cost."""

import numpy as np
import pytest

from segmenter.runs.stopwatch import STATM, Stopwatch, resident


def test_every_stage_is_told_and_timed_in_the_order_of_the_run():
    told = []
    with Stopwatch(told.append) as watch:
        for stage in ("reading", "describing", "writing"):
            watch.begin(stage)
        assert list(watch.seconds) == told == ["reading", "describing", "writing"]
        assert all(seconds >= 0 for seconds in watch.seconds.values())


@pytest.mark.skipif(not STATM.exists(), reason="this system does not tell the memory of a process")
def test_memory_that_a_stage_held_and_gave_back_is_its_own_and_not_the_next_ones():
    before = resident()
    with Stopwatch(lambda _: None) as watch:
        watch.begin("small")
        watch.begin("large")
        held = np.ones(50 * 2**20)  # 400 MiB, far above what a test beside it moves
        assert watch.peaks["large"] > before + 300
        del held
        watch.begin("small again")
        assert watch.peaks["small"] < before + 200
        assert watch.peaks["small again"] < before + 200
