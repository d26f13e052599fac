"""How much of the revenue the best customers bring."""

from __future__ import annotations

import numpy as np

from segmenter.analysis.types import Floats

FEWEST = 10  # customers for a curve
MOST = 5  # customers who bring half of the revenue: few enough to call each of them


def revenue_curve(spent: Floats) -> Floats | None:
    """Share of the revenue (n + 1,) that the best 0, 1, ... n customers bring (the Lorenz curve, best first).

    `spent` (n,) is each customer's money, NaN where it is not known. None where there are too few customers, no revenue,
    or no difference between them.
    """
    best_first = np.sort(spent[np.isfinite(spent)])[::-1]
    if len(best_first) < FEWEST or best_first.sum() <= 0 or np.ptp(best_first) == 0:
        return None
    return np.concatenate([[0.0], np.cumsum(best_first) / best_first.sum()])


def share_of_best(curve: Floats, customers: float) -> float:
    """Share of the revenue that the best `customers` (a share of 0 to 1) bring, by `revenue_curve`."""
    return float(np.interp(customers, np.linspace(0, 1, len(curve)), curve))


def few_who_bring_half(curve: Floats) -> int | None:
    """How many of the best bring half of the revenue, where they are at most five and less than a tenth of all."""
    n = int(np.argmax(curve >= 0.5))
    return n if n <= MOST and 10 * n < len(curve) - 1 else None
