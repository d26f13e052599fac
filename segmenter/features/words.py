"""Users' texts within sentences of ours: in quotation marks, so that whoever retells a sentence knows where they end."""

from __future__ import annotations

import re

QUOTED = re.compile("“[^“”]*”")
MARKS = str.maketrans({"“": '"', "”": '"'})


def quoted(text: str) -> str:
    """`text` between “ and ”, of which it then holds none itself."""
    return f"“{text.translate(MARKS)}”"
