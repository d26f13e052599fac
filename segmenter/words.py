"""Parts of sentences: quoted texts of users, so that a translation knows where they end, shortened texts, and shares."""

from __future__ import annotations

import re

QUOTED = re.compile("“[^“”]*”")
MARKS = str.maketrans({"“": '"', "”": '"'})


def quoted(text: str) -> str:
    """`text` between “ and ”; its own are replaced by straight quotation marks."""
    return f"“{text.translate(MARKS)}”"


def beginning(text: str, longest: int) -> str:
    """`text`, shortened to `longest` characters with an ellipsis where it is longer."""
    return text if len(text) <= longest else text[: longest - 1].rstrip(" ,;") + "…"


def in_percent(share: float) -> str:
    """A share of 0 to 1 as per cent, with one decimal below ten per cent."""
    return f"{share:.1%}" if 0 < abs(share) < 0.0995 else f"{share:.0%}"
