"""The interactive map's numbers as JSON that is safe inside a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segmenter.features.types import Feature
from segmenter.report.context.view import View
from segmenter.report.palette import colours
from segmenter.report.translated import translated_reasons

SHOWN = ("recency", "frequency", "monetary", "average_order_value")
PLACES = ["tsne_x", "tsne_y", "tsne3_x", "tsne3_y", "tsne3_z"]


def points(view: View) -> str:
    """JSON of the customers on the map, column by column; empty where there is no map.

    Customers who are missing from the map in three dimensions have null for its coordinates.
    """
    from jinja2.utils import htmlsafe_json_dumps

    if "map-tsne" not in view.charts:
        return ""
    placed = view.run.customers.dropna(subset=PLACES[:2])
    return str(htmlsafe_json_dumps(_document(view, placed), separators=(",", ":")))


def _document(view: View, placed: pd.DataFrame) -> dict[str, Any]:
    features = [feature for name in SHOWN if (feature := view.feature(name)) is not None]
    cards = view.run.findings.cards
    return {
        "locale": str(view.voice.locale).replace("_", "-"),
        "names": {card.label: card.name for card in cards},
        "colours": colours([card.label for card in cards]),
        "segment": placed["segment"].tolist(),
        "odd": placed["is_anomaly"].astype(int).tolist(),
        "ids": placed["customer_id"].tolist() if view.config.customer_rows else None,
        "reasons": _reasons(view, placed),
        "without": _without_order(placed),
        "tsne2": [_rounded(placed[column], 1) for column in PLACES[:2]],
        "tsne3": [_rounded(placed[column], 1) for column in PLACES[2:]],
        "labels": [feature.label for feature in features],
        "formats": [_format(view, feature) for feature in features],
        "values": [_rounded(placed[feature.name], 2) for feature in features],
    }


def _reasons(view: View, placed: pd.DataFrame) -> dict[int, str]:
    """Reasons of the odd customers by their position in the document."""
    if not view.config.customer_rows:
        return {}
    positions = np.flatnonzero(placed["is_anomaly"].to_numpy(bool))
    reasons = translated_reasons(placed.iloc[positions], view.voice)["anomaly_reason"]
    return {int(i): str(reason) for i, reason in zip(positions, reasons, strict=True)}


def _without_order(placed: pd.DataFrame) -> list[int]:
    """Positions of customers all of whose orders were cancelled or returned, which their tooltip says beside the zeros."""
    return [i for i, orders in enumerate(placed["frequency"]) if orders == 0]


def _rounded(column: pd.Series, digits: int) -> list[float | None]:
    return [None if pd.isna(value) else round(float(value), digits) for value in column]


def _format(view: View, feature: Feature) -> dict[str, Any]:
    """Options of Intl.NumberFormat for a feature."""
    if feature.kind == "money" and view.voice.currency:
        return {"style": "currency", "currency": view.voice.currency, "maximumFractionDigits": 0}
    if feature.kind == "share":
        return {"style": "percent"}
    return {"maximumFractionDigits": 0 if feature.kind in {"money", "count"} else 1}
