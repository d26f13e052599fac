"""The knee of a curve."""

from __future__ import annotations

import numpy as np

from segmenter.analysis.types import Floats

LEAST_BEND = 0.03  # rise of the knee over the straight line, both axes from 0 to 1


def knee(x: Floats, y: Floats, within: int | None = None) -> int | None:
    """Position of the point of a falling, convex curve that lies farthest below the line between its ends.

    The Kneedle criterion (Satopää, Albrecht, Irwin and Raghavan 2011) without smoothing: both axes
    are scaled to 0..1 and the greatest distance to the diagonal is taken, among the first `within`
    points where that is given. None where the curve has fewer than three points, does not fall, or
    bends too little for a knee to mean anything.
    """
    if len(x) < 3 or not y[0] > y[-1]:
        return None
    across = (x - x[0]) / (x[-1] - x[0])
    down = (y - y[-1]) / (y[0] - y[-1])
    bend = 1 - across - down
    best = int(np.argmax(bend[:within]))
    return best if bend[best] >= LEAST_BEND else None
