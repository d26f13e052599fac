"""The names that segments are given by rule, which a team may replace by its own.

The rule itself is `segmenter.analysis.names`; a test holds the two together.
"""

from __future__ import annotations

import re

GIVEN = (
    "Best customers",
    "Loyal regulars",
    "Big-basket customers",
    "New customers",
    "Recent one-time buyers",
    "Steady customers",
    "Occasional buyers",
    "Good customers drifting away",
    "One-time buyers, recent or long gone",
    "One-time buyers, long gone",
    "Faded occasional buyers",
    "Returns without an order",
    "All customers",
)
_POSSIBLE = re.compile(
    rf"(?:{'|'.join(map(re.escape, GIVEN))})"
    r"(?:, [a-z][a-z0-9 ,]*)?"  # what tells two of one name apart
    r"(?: \(\d+\))?"  # and a name that an earlier segment of the archive has
)


def given_name(name: str) -> str:
    """`name`, which is one that a segment can be given.

    Raises
    ------
    ValueError
        No segment can be called that by rule.
    """
    if not _POSSIBLE.fullmatch(name):
        raise ValueError(
            f"kmeans.names: no segment is ever called {name!r} by rule. To the left stands the English name, whatever the "
            f"locale: {'; '.join(GIVEN)}; where two share one, with what tells them apart, as `segmenter runs show` "
            "prints it"
        )
    return name
