"""One colour per segment, the same on every chart, page and run.

The hues are Okabe and Ito's, told apart under every common colour blindness, extended by three; a
segment also has a marker of its own, so that a greyscale print can be read.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def slots(numbers: Sequence[int]) -> dict[int, int]:
    """A place in the palette per segment number: its own where it is free, else the next free one.

    It follows from the number alone, so that a segment keeps its colour from run to run.
    """
    taken: dict[int, int] = {}
    for number in numbers:
        order = [(number + step) % len(COLOURS) for step in range(len(COLOURS))]
        taken[number] = next((slot for slot in order if slot not in taken.values()), order[0])
    return taken


def colours(numbers: Sequence[int]) -> dict[int, str]:
    """A colour per segment number, as #rrggbb."""
    return {number: COLOURS[slot] for number, slot in slots(numbers).items()}


def markers(numbers: Sequence[int]) -> dict[int, str]:
    """A matplotlib marker per segment number."""
    return {number: MARKERS[slot] for number, slot in slots(numbers).items()}
