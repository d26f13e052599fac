"""The features of a customer in the order of the table, by the query that computes them."""

from __future__ import annotations

from segmenter.features.types import Feature

NO_ORDER = "no valid order"
ONE_DAY = "orders on one day only"
FEW = "fewer than five orders"
UNEVEN = "too few orders to tell"
SHORT = "less than two months between first and last order"
NEW = "a customer for less than half a year"
UNKNOWN = "not in the export"

CATALOGUE: dict[str, tuple[Feature, ...]] = {
    "features_value": (
        Feature("recency", "days since the last order", "days", "days"),
        Feature("frequency", "orders", "orders", "count"),
        Feature("monetary", "money spent, net of returns", "", "money"),
        Feature("average_order_value", "money per order", "", "money", NO_ORDER),
        Feature("tenure", "days since the first order", "days", "days"),
        Feature("items_per_order", "pieces per order", "pieces", "count", UNKNOWN),
        Feature("distinct_products", "different products ordered", "products", "count", UNKNOWN),
        Feature("return_share", "share of the money given back", "", "share", FEW),
        Feature("returned_lines", "lines returned or cancelled", "lines", "count"),
        Feature("largest_return", "largest line returned or cancelled", "", "money"),
        Feature("largest_order", "largest order placed", "", "money", "no order"),
    ),
    "features_rhythm": (
        Feature("mean_gap", "days between orders", "days", "days", ONE_DAY),
        Feature("gap_variation", "unevenness of the days between orders", "", "ratio", UNEVEN),
        Feature("longest_gap", "longest silence between orders", "days", "days", ONE_DAY),
        Feature("burst", "share of the money spent in the busiest 30 days", "", "share", SHORT),
        Feature("hour_spread", "spread of the hour of ordering", "hours", "count", UNEVEN),
        Feature("orders_in_a_day", "most orders in a day", "orders", "count", NO_ORDER, least=3),
    ),
    "features_trend": (Feature("spend_trend", "spending of the last 90 days against before", "", "change", NEW),),
    "features_twins": (
        Feature("shared_orders", "orders identical to another customer's", "orders", "count", NO_ORDER, least=2),
    ),
}
