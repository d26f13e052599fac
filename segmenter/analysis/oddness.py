"""How far a customer is from the others: one figure for everybody, to rank by."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from segmenter.analysis.order import drawn
from segmenter.analysis.threads import by_blocks
from segmenter.analysis.types import Floats

REFERENCES = 500
BLOCK = 5_000


def oddness(matrix: Floats, beyond: Floats, eps: float) -> Floats:
    """Oddness (n,) of customers (n, d): their distance from the others, a typical customer's being 1.

    `beyond` (n,) is the distance to the nearest ordinary customer, 0 for those who are ordinary: it is large for customers
    who stand alone. The distance within which half of all customers lie is large for those away from the bulk, alone or
    in a group; it is measured on 500 customers, drawn by their values, so that their order changes nothing. The two are
    the legs of a right triangle, oddness its hypotenuse. The unit is eps where a typical customer's distance is 0.
    """
    far = np.hypot(beyond, _to_the_bulk(matrix))
    typical = float(np.median(far))
    return np.asarray(far / (typical if typical > 0 else eps), dtype=np.float64)


def _to_the_bulk(matrix: Floats) -> Floats:
    """Distance within which half of the reference customers lie, per customer."""
    references = drawn(matrix, REFERENCES)
    middle = len(references) // 2

    def median_distance(block: slice) -> Floats:
        distances = cdist(matrix[block], references)
        distances.partition(middle, axis=1)
        return distances[:, middle].copy()  # a view would keep the whole block

    return np.concatenate(by_blocks(median_distance, len(matrix), BLOCK))
