"""Markers of the points of a map, one shape per segment, so that a print in grey can be read."""

from __future__ import annotations

import re

# Each as a path of relative steps around a point, of about the size of a disc of radius 1.
SHAPES = {
    "s": "m-.9-.9h1.8v1.8h-1.8z",
    "^": "m0-1.2l1.2 2.1h-2.4z",
    "D": "m0-1.3l1.1 1.3-1.1 1.3-1.1-1.3z",
    "v": "m0 1.2l-1.2-2.1h2.4z",
    "P": "m-.4-1.2h.8v.8h.8v.8h-.8v.8h-.8v-.8h-.8v-.8h.8z",
    "X": "m0-.5l.7-.7 .5 .5-.7 .7 .7 .7-.5 .5-.7-.7-.7 .7-.5-.5 .7-.7-.7-.7 .5-.5z",
    "p": "m0-1.2l1.1 .8-.4 1.4h-1.4l-.4-1.4z",
    "h": "m0-1.2l1 .6v1.2l-1 .6-1-.6v-1.2z",
    "*": "m0-1.4l.4 1h1l-.8 .6 .3 1-.9-.6-.9 .6 .3-1-.8-.6h1z",
}
RING = "O"  # the marker around what is odd
CIRCLE = "m-2.55 0c0-1.41 1.14-2.55 2.55-2.55s2.55 1.14 2.55 2.55-1.14 2.55-2.55 2.55-2.55-1.14-2.55-2.55z"
MARKED = re.compile(r'<g id="marks-(.)"><path d="([^"]*)"[^>]*?style="([^"]*)"')
STYLE = {name: re.compile(rf"{name}: ([^;\"]+)") for name in ("stroke", "stroke-width", "opacity")}


def shaped(svg: str) -> str:
    """The drawing with the points of each group ``marks-<marker>`` in the shape of its marker; discs stay as they are.

    To draw one path for all points of a group takes a browser or a printer a tenth of the time of one element for each.
    """
    return MARKED.sub(_shaped, svg)


def _shaped(found: re.Match[str]) -> str:
    marker, path, style = found.groups()
    if marker == RING:
        return f'<g><path d="{path.replace("h0", CIRCLE)}" style="{style}"'
    if marker not in SHAPES:
        return f'<g><path d="{path}" style="{style.replace("opacity: ", "stroke-opacity: ")}"'  # plain opacity needs a layer
    colour, width, opacity = (known.group(1) if (known := STYLE[name].search(style)) else "1" for name in STYLE)
    shape = _scaled(SHAPES[marker], float(width) / 2)
    return f'<g><path d="{path.replace("h0", shape)}" style="fill: {colour}; fill-opacity: {opacity}"'


def _scaled(shape: str, radius: float) -> str:
    """The shape with every step multiplied and rounded to a tenth."""
    return re.sub(r"-?(?:\d+\.?\d*|\.\d+)", lambda step: _step(float(step.group()) * radius), shape)


def _step(length: float) -> str:
    """A step in path notation, as short as possible."""
    return f"{length:.1f}".rstrip("0").rstrip(".").replace("-0.", "-.").removeprefix("0") or "0"
