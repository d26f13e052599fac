"""The words by which exports mark a row or leave it unmarked, in the languages of shops."""

from __future__ import annotations

import re
from collections.abc import Sequence

# In lower case, and for SQL as well. X is SAP's mark; a day of zeros stands for none.
YES = "1([.]0+)?|t|true|y|yes|x|j|ja|wahr|oui|si|sí|s|sim|tak|evet"
NO = "0[0 .:/tz-]*|f|false|n|no|nein|falsch|non|não|nao|nee|nej|nie|hayır"


def says_yes(cell: str) -> bool:
    """Whether a cell is a mark."""
    return bool(re.fullmatch(YES, cell.lower()))


def are_flags(values: Sequence[str]) -> bool:
    """Whether all values that are not empty mark a row, or say that it is not marked."""
    return all(re.fullmatch(f"{YES}|{NO}", value.lower()) for value in set(values))
