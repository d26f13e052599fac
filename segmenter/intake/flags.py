"""Yes and no in the flag columns of exports, in several languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

# In lower case, for SQL as well. SAP writes X for yes; a date of zeros means no.
YES = "1([.]0+)?|t|true|y|yes|x|j|ja|wahr|oui|si|sí|s|sim|tak|evet"
NO = "0[0 .:/tz-]*|f|false|n|no|nein|falsch|non|não|nao|nee|nej|nie|hayır"


def says_yes(cell: str) -> bool:
    """Whether a cell means yes."""
    return bool(re.fullmatch(YES, cell.lower()))


def are_flags(values: Sequence[str]) -> bool:
    """Whether all of the values mean yes or no."""
    return all(re.fullmatch(f"{YES}|{NO}", value.lower()) for value in set(values))
