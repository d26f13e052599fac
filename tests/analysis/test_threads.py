"""Threads of our own, each a single one to the numeric libraries."""

import json
import os
import subprocess
import sys

from segmenter.analysis.threads import by_blocks, workers

HELD = """
import json
from threadpoolctl import threadpool_info
from segmenter.analysis.threads import one_thread, workers
count = lambda: [library["num_threads"] for library in threadpool_info()]
with one_thread():
    before = count()
    from sklearn.cluster import KMeans
    after = count()
    with workers(2) as pool:
        beside = pool.submit(count).result()
kinds = {library["user_api"] for library in threadpool_info()}
print(json.dumps([before, after, beside, sorted(kinds)]))
"""


def test_libraries_that_are_loaded_later_are_held_as_well():
    several = {**os.environ, "OMP_NUM_THREADS": "3"}
    done = subprocess.run([sys.executable, "-c", HELD], env=several, check=True, capture_output=True, text=True)
    before, after, beside, kinds = json.loads(done.stdout)
    assert kinds == ["blas", "openmp"]
    assert {*before, *after, *beside} == {1}


def test_blocks_cover_every_row_once_and_in_order():
    for n, size in ((0, 3), (1, 3), (3, 3), (10, 3)):
        rows = [row for block in by_blocks(lambda block, n=n: range(n)[block], n, size) for row in block]
        assert rows == list(range(n))


def test_workers_give_back_results_in_the_order_of_the_questions():
    with workers() as pool:
        assert list(pool.map(lambda x: x * x, range(50))) == [x * x for x in range(50)]
