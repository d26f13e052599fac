"""Features in which nearly all customers are alike: whoever differs there stands out, however little."""

from __future__ import annotations

import numpy as np

from segmenter.analysis.types import Floats, Mask

ALIKE = 0.9


def alike(matrix: Floats) -> Mask:
    """The columns of `matrix` (n, d) in which nine in ten customers share one value, shape (d,)."""
    return np.asarray((matrix == np.median(matrix, axis=0)).mean(axis=0) >= ALIKE)


def differs(matrix: Floats) -> Mask:
    """The customers (n,) who differ from the common value in any column in which nearly all are alike."""
    columns = matrix[:, alike(matrix)]
    return np.asarray((columns != np.median(columns, axis=0)).any(axis=1))
