"""How far a customer is from the others: one figure for everybody, to rank by."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.spatial.distance import cdist

from segmenter.analysis.order import drawn
from segmenter.analysis.threads import by_blocks
from segmenter.analysis.types import Floats

REFERENCES = 500
BLOCK = 5_000


def oddness(matrix: Floats, beyond: Floats, eps: float) -> Floats:
    """Oddness (n,) of customers (n, d): their distance from the others, a typical customer's being 1.

    `beyond` (n,) is the distance to the nearest ordinary customer, 0 for those who are ordinary. It is joined at a right
    angle with the distance within which half of all customers lie: the first tells who stands alone, the second who
    stands, alone or in company, away from the bulk. Half of all is measured on 500 customers, drawn by their values, so
    that their order changes nothing. Where a typical customer has no distance at all, being like half of the others, eps
    is the unit.
    """
    far = np.hypot(beyond, _to_the_bulk(matrix))
    typical = float(np.median(far))
    return np.asarray(far / (typical if typical > 0 else eps), dtype=np.float64)


def _to_the_bulk(matrix: Floats) -> Floats:
    """Distance within which half of the reference customers lie, per customer."""
    reach = partial(_median_distance, references=drawn(matrix, REFERENCES))
    return np.concatenate(by_blocks(lambda block: reach(matrix[block]), len(matrix), BLOCK))


def _median_distance(block: Floats, references: Floats) -> Floats:
    distances = cdist(block, references)
    middle = len(references) // 2
    distances.partition(middle, axis=1)
    return distances[:, middle].copy()  # a view would keep the whole block
