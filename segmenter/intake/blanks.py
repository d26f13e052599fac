"""What a cell may hold around or instead of a value: white space, and markers of missing values."""

from __future__ import annotations

NA_WORDS = ("nan", "null", "none", "n/a", "na", "#n/a")
NA_VALUES = ("", "-", "NaN", *(case(word) for word in NA_WORDS for case in (str.lower, str.upper, str.title)))
LONGEST_NA_VALUE = max(map(len, NA_VALUES))
WHITESPACE = " \t\n\r\v\f"


def trimmed(column: str) -> str:
    """SQL of text without surrounding white space."""
    return f"trim({column}, '{WHITESPACE}')"
