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
ON_DARK = "#fffffe"  # letters on a dark and on a light cell; unlike `PAPER` and `INK` they are the same in dark mode
ON_LIGHT = "#020304"  # so dark that one of the two has a contrast of 4.5 on any background
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
DIM = 0.22  # luminance above which a colour is dimmed on a dark page
LEAST_CONTRAST = 4.5  # between text and background (WCAG 2.2, level AA)


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


def contrast(one: str, other: str) -> float:
    """Contrast of two colours written #rrggbb, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable_on(colour: str) -> str:
    """Dark or light letters, whichever has the higher contrast with `colour`."""
    return max((ON_LIGHT, ON_DARK), key=lambda ink: contrast(ink, colour))


def legible(colour: str) -> str:
    """`colour` (#rrggbb), darkened as far as it must be to be read on white paper."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    for percent in range(100, 0, -2):
        darker = "#" + "".join(f"{channel * percent // 100:02x}" for channel in channels)
        if contrast(darker, PAPER) >= LEAST_CONTRAST:
            return darker
    return INK


def dimmed(colour: str) -> str:
    """`colour` (#rrggbb) for a dark page: dimmed where it is bright, but not so far that dark letters on it are illegible."""
    light = _luminance(colour)
    if light <= DIM:
        return colour
    part = ((DIM + (light - DIM) * 0.3) / light) ** (1 / 2.4)
    return "#" + "".join(f"{round(int(colour[at : at + 2], 16) * part):02x}" for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
