"""Text from right to left in visual order, for renderers that draw letter after letter from the left.

A part of the Unicode bidirectional algorithm (UAX 9): one paragraph without embeddings, whose direction is that of its
first strong letter (P2), weak types (W1 to W7), neutral types (N1, N2), levels (I1, I2), reordering and mirroring (L2, L4).
"""

from __future__ import annotations

import re
from itertools import groupby
from unicodedata import bidirectional, category

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
MIRRORS = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def with_direction_marks(svg: str) -> str:
    """A drawing for a report from right to left: each text with letters of such a script begins with a right-to-left mark.

    Without it a text that begins with a number or a name in Latin letters would run from left to right.
    """
    return re.sub(
        r"(?<=>)[^<>]+(?=</text>)",
        lambda found: f"\u200f{found.group()}" if RIGHT_TO_LEFT.search(found.group()) else found.group(),
        svg,
    )


def visual(text: str) -> str:
    """`text` with its letters from left to right as a reader sees them; invisible marks are left out."""
    if not RIGHT_TO_LEFT.search(text):
        return text
    kinds = ["R" if kind == "AL" else kind for kind in map(bidirectional, text)]
    base = next((kind for kind in kinds if kind in "LR"), "L")
    sides = _neutral(_weak(kinds, base), base)
    levels = [_level(side, base) for side in sides]
    letters = [letter.translate(MIRRORS) if level % 2 else letter for letter, level in zip(text, levels, strict=True)]
    order = list(range(len(text)))
    for level in range(max(levels), 0, -1):
        order = _reversed(order, levels, level)
    return "".join(letters[at] for at in order if category(text[at]) != "Cf")


def _weak(kinds: list[str], base: str) -> list[str]:
    """Weak types resolved (separators, signs and marks beside numbers and letters): each L, R, EN, AN or neutral (ON)."""
    found = list(kinds)
    for at, kind in enumerate(kinds):
        before = found[at - 1] if at else base
        after = kinds[at + 1] if at + 1 < len(kinds) else base
        if kind == "NSM":
            found[at] = before
        elif kind in {"ES", "CS"}:
            found[at] = "EN" if before == after == "EN" else "ON"
        elif kind == "ET":
            found[at] = "EN" if "EN" in {before, _past(kinds, at, "ET")} else "ON"
        elif kind not in {"L", "R", "EN", "AN"}:
            found[at] = "ON"
    strong = base
    for at, kind in enumerate(found):
        strong = kind if kind in "LR" else strong
        found[at] = "L" if kind == "EN" and strong == "L" else kind
    return found


def _past(kinds: list[str], at: int, kind: str) -> str:
    """The first type after a run of `kind`."""
    return next((other for other in kinds[at:] if other != kind), "")


def _neutral(kinds: list[str], base: str) -> list[str]:
    """Neutral types take the direction of both neighbours where they agree, else the paragraph's; numbers count as R."""
    found: list[str] = []
    runs = [(kind, len(list(run))) for kind, run in groupby(kinds)]
    for at, (kind, size) in enumerate(runs):
        sides = {_side(runs[near][0]) if 0 <= near < len(runs) else base for near in (at - 1, at + 1)}
        neutral = sides.pop() if len(sides) == 1 else base
        found += [neutral if kind == "ON" else kind] * size
    return found


def _side(kind: str) -> str:
    return "L" if kind == "L" else "R"


def _level(side: str, base: str) -> int:
    """Embedding level: an odd one runs from right to left."""
    if base == "R":
        return 1 if side == "R" else 2
    return {"L": 0, "R": 1}.get(side, 2)


def _reversed(order: list[int], levels: list[int], level: int) -> list[int]:
    """`order` with every run of letters at `level` or higher reversed."""
    found: list[int] = []
    for is_deep, run in groupby(order, lambda at: levels[at] >= level):
        places = list(run)
        found += places[::-1] if is_deep else places
    return found
