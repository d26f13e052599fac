"""One colour per segment, the same on every chart, page and run.

The hues are Okabe and Ito's, told apart under every common colour blindness, extended by three; a
segment also has a marker of its own, so that a greyscale print can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

INK = "#1d2733"
MUTED = "#5c6773"
RULE = "#d4dae0"
PAPER = "#ffffff"
ON_DARK = "#fffffe"  # letters on a dark and on a light cell, the same in dark mode
ON_LIGHT = "#1d2732"
ALARM = "#b3261e"
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#a63a70",
    "#56b4e9",
    "#7a56b3",
    "#96683f",
    "#6b7f99",
    "#e69f00",
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h", "*")


def slots(names: Sequence[str]) -> tuple[int, ...]:
    """A slot of the palette per segment name: its own where it is free, else the next free one.

    The slot follows from the name alone, so that a segment keeps its colour from run to run.
    """
    taken: list[int] = []
    for name in names:
        wanted = crc32(name.encode()) % len(COLOURS)
        order = [(wanted + step) % len(COLOURS) for step in range(len(COLOURS))]
        taken.append(next((slot for slot in order if slot not in taken), wanted))
    return tuple(taken)


def colours(names: Sequence[str]) -> tuple[str, ...]:
    """A colour per segment name, as #rrggbb."""
    return tuple(COLOURS[slot] for slot in slots(names))


def markers(names: Sequence[str]) -> tuple[str, ...]:
    """A matplotlib marker per segment name."""
    return tuple(MARKERS[slot] for slot in slots(names))
