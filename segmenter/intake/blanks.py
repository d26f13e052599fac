"""What a cell may hold beside or instead of a value: white space about it, and the words for nothing."""

from __future__ import annotations

WORDS_FOR_NOTHING = ("nan", "null", "none", "n/a", "na", "#n/a")
NOTHING = ("", "-", "NaN", *(case(word) for word in WORDS_FOR_NOTHING for case in (str.lower, str.upper, str.title)))
LONGEST_NOTHING = max(map(len, NOTHING))
ABOUT = " \t\n\r\v\f"  # may stand about a value


def trimmed(column: str) -> str:
    """SQL of text without the white space about it."""
    return f"trim({column}, '{ABOUT}')"
