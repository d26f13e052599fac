"""Pieces of sentences: users' texts in quotation marks, so that whoever translates one knows where they end, or cut; shares."""

from __future__ import annotations

import re

QUOTED = re.compile("“[^“”]*”")
MARKS = str.maketrans({"“": '"', "”": '"'})


def quoted(text: str) -> str:
    """`text` between “ and ”, of which it then holds none itself."""
    return f"“{text.translate(MARKS)}”"


def beginning(text: str, longest: int) -> str:
    """`text`, or its beginning with an ellipsis in `longest` letters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip(" ,;") + "…"


def in_percent(share: float) -> str:
    """A share of 0 to 1 as per cent, below ten per cent with one decimal: what is little is seldom nothing."""
    return f"{share:.1%}" if 0 < abs(share) < 0.0995 else f"{share:.0%}"
