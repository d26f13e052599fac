"""Who the customers are and how the segments differ."""

from __future__ import annotations

import math

from segmenter.analysis.findings import SegmentCard
from segmenter.features.types import Feature
from segmenter.report.context import quiet, rfm
from segmenter.report.context.listed import listed, segment_named
from segmenter.report.context.view import View, code, columns, of_sample, parts, segment, table, text
from segmenter.report.tables import list_file
from segmenter.report.types import Card, Part, Section, Stat, Table

FACTS = ("recency", "frequency", "monetary", "average_order_value", "mean_gap", "tenure", "return_share")
HEAT_WORDS = (
    "Each cell shows the median customer of a segment: half are above, half below. The lines below show the same "
    "figures on one scale: the further from zero, the further from the average customer."
)
THEME_WORDS = (
    "Themes are products that are bought together, each named after the two that weigh most in it. Each column shows how "
    "the weight of the themes is divided for a segment's average customer; rare products count for more. A weight is no "
    "share of lines or money: the two products that name a theme can be a tiny part of what is ordered."
)
DASH = "A dash stands where fewer than half of a segment's customers have the figure."
TOP = 10  # customers who are listed as the largest
ABREAST = 6  # segments side by side in one table


def _card(view: View, card: SegmentCard) -> Card:
    voice = view.voice
    who = "customer ({share})" if card.customers == 1 else "customers ({share})"
    return Card(
        label=card.label,
        name=card.name,
        summary=card.summary,
        stats=(
            Stat(voice.number(card.customers), voice(who, share=voice.percent(card.customer_share))),
            Stat(
                voice.money_in_words(card.revenue), voice("revenue ({share})", share=voice.percent(card.revenue_share))
            ),
            Stat(voice.number(card.n_anomalies), voice("odd among them")),
        ),
        facts=tuple(_fact(view, card, feature) for feature in _facts(view)),
        action=card.action,
        avoid=card.avoid,
        rule=_rule(view, card),
        trust="" if card.stability is None else card.stability_words,
        apart=_apart(view, card),
        file=_list_of(view, card),
    )


def _list_of(view: View, card: SegmentCard) -> str:
    """The file in the run's folder that lists the segment's customers: the first that people open; empty where none is written."""
    formats = view.config.formats if view.config.customer_rows else ()
    if "csv" in formats:
        return list_file(card, "csv")
    if "xlsx" in formats:
        return "report.xlsx"
    return list_file(card, "parquet") if "parquet" in formats else ""


def cards_table(view: View) -> Table:
    """The numbers of all cards as a table, which has a source to ask for."""
    rows = []
    for card in view.run.findings.cards:
        figures = [view.number(card.customers), view.money(card.revenue), view.number(card.n_anomalies)]
        facts = [text(_fact(view, card, feature)[1]) for feature in _facts(view)]
        rows.append((segment(card), *figures, *facts))
    labels = (f"{feature.label}#" for feature in _facts(view))
    heads = columns("Segment", "Customers#", "Revenue#", "Odd#", *labels)
    return table("cards", "The cards of the segments, medians", heads, rows, "segments.parquet; run.json: cards")


def _apart(view: View, card: SegmentCard) -> str:
    """The two features without which most of the segment's customers would be in another one."""
    found = [feature for name, share in card.importance[:2] if share and (feature := view.feature(name))]
    return ", ".join(feature.label for feature in found)


def _facts(view: View) -> list[Feature]:
    return [feature for name in FACTS if (feature := view.feature(name)) is not None]


def _fact(view: View, card: SegmentCard, feature: Feature) -> tuple[str, str, str]:
    overall = card.overall.get(feature.name)
    own = card.medians.get(feature.name) if len(view.run.findings.cards) > 1 else overall
    write = view.voice.values if _label_has_unit(view, feature) else view.voice.with_units
    here, everywhere = write(feature, [own, overall])
    return feature.label, here, everywhere


def _label_has_unit(view: View, feature: Feature) -> bool:
    """Whether a feature has no unit or its label names it, so that values need none."""
    return not feature.unit or view.voice(feature.unit).lower() in feature.label.lower()


def _rule(view: View, card: SegmentCard) -> str:
    if not card.rule or len(view.run.findings.cards) < 2:
        return ""
    if math.isnan(card.rule_precision) or math.isnan(card.rule_recall):
        return card.rule
    return view.voice(
        "{rule} (cross-validated on {n} customers: right for {precision} of those it picks; finds {recall} of the segment)",
        rule=card.rule,
        n=view.voice.number(card.rule_tried),
        precision=view.voice.percent(card.rule_precision),
        recall=view.voice.percent(card.rule_recall),
    )


def who(view: View) -> Section:
    """The chapter with the cards."""
    count = len(view.run.findings.cards)
    lead = (
        "One card per segment: who these customers are, how they compare with the typical customer, what to do and "
        "what to avoid."
        if count > 1
        else "All customers form one segment. The card shows what is typical of them."
    )
    drawn = view.figures("shares") if view.run.history.movement else ()  # else it stands on the first page
    cards = tuple(_card(view, card) for card in view.run.findings.cards)
    words, tables = _dashes(view, [feature.name for feature in _facts(view)]), (_overview(view),)
    overview = Part("At a glance", words, drawn if count > 1 else (), tables if count > 1 else (), cards=cards)
    others = (quiet.part(view), rfm.segments(view), _largest(view))
    return Section("segments", "Who are our customers?", lead, parts(overview, *others))


def _dashes(view: View, names: list[str]) -> tuple[str, ...]:
    """What a dash means, where a median of these features is one and not because nobody at all has the figure."""
    cards = view.run.findings.cards
    known = [name for name in names if math.isfinite(cards[0].overall.get(name, math.nan))]
    missing = any(math.isnan(card.medians.get(name, math.nan)) for card in cards for name in known)
    return (DASH,) if missing and len(cards) > 1 else ()


def _largest(view: View) -> Part:
    """The customers who bring most, each with the time since the last order beside the mean time between two."""
    if not view.config.customer_rows:
        return Part("The largest customers")
    customers, is_divided = view.run.customers, len(view.run.findings.cards) > 1
    total = float(customers["monetary"].sum())
    rows = [
        (
            code(row["customer_id"]),
            *((segment_named(view, row["segment_name"]),) if is_divided else ()),
            view.money(row["monetary"]),
            view.share(row["monetary"] / total if total > 0 else None),
            view.number(row["frequency"]),
            view.number(row["recency"]),
            view.number(row["mean_gap"]),
        )
        for _, row in customers.nlargest(TOP, "monetary").iterrows()
    ]
    heads = columns(
        "Customer",
        *(("Segment",) if is_divided else ()),
        *("Money#", "of revenue#", "Orders#", "Days since the last order#", "Days between orders#"),
    )
    tables = listed(view, "largest", "Who brings in the most", heads, rows, len(customers))
    return Part("The largest customers", of_sample(view, len(customers)), (), tables)


def _overview(view: View) -> Table:
    rows, cards = [], view.run.findings.cards
    per_customer = view.amounts([card.revenue / card.customers if card.customers else None for card in cards])
    for card, mean in zip(cards, per_customer, strict=True):
        rows.append(
            (
                segment(card),
                view.number(card.customers),
                view.share(card.customer_share),
                view.money(card.revenue),
                view.share(card.revenue_share),
                mean,
                view.number(card.n_anomalies),
            )
        )
    heads = columns(
        "Segment", "Customers#", "of customers#", "Revenue#", "of revenue#", "Revenue per customer#", "Odd#"
    )
    return table("overview", "Segments by size and revenue", heads, rows, "segments.parquet", filterable=True)


def differences(view: View) -> Section:
    """How the segments differ."""
    names = [card.name for card in view.run.findings.cards]
    if len(names) < 2:
        return Section("differences", "How do they differ?", "With one segment there is nothing to compare.")
    return Section(
        "differences",
        "How do they differ?",
        "How the segments compare: first in the figures that decide them, then in all the others.",
        parts(
            Part("Profiles", (HEAT_WORDS,) if "heat" in view.charts else (), view.figures("heat", "profile")),
            Part("What decides the segment", _importance_words(view), (), _importance(view)),
            Part(
                "What they buy",
                (*((THEME_WORDS,) if "themes" in view.charts else ()), *_themes_fit(view)),
                view.figures("themes"),
            ),
            Part("All medians", _dashes(view, [each.name for each in _varying(view)]), (), _medians(view)),
        ),
    )


def _themes_fit(view: View) -> tuple[str, ...]:
    """How much of what is bought the themes explain."""
    fit = view.run.findings.themes_fit
    if fit is None or "themes" not in view.charts:
        return ()
    return (
        view.voice(
            "The themes explain {fit} of what customers buy together; with products shuffled among the baskets they "
            "would explain {chance}.",
            fit=view.voice.percent(fit[0], 0),
            chance=view.voice.percent(fit[1], 0),
        ),
    )


def _importance_words(view: View) -> tuple[str, ...]:
    shares = [share for card in view.run.findings.cards for _, share in card.importance]
    if not shares:
        return ()
    if not any(shares):
        return (
            "No figure decides alone: if any one of them is shuffled, the others still place every customer correctly.",
        )
    return (
        "The share of a segment's customers who would be placed in another segment if this figure alone were shuffled.",
    )


def _importance(view: View) -> tuple[Table, ...]:
    found = [card for card in view.run.findings.cards if card.importance]
    if not found:
        return ()
    names = [name for name, _ in max((card.importance for card in found), key=len)]
    labels = [feature.label for name in names if (feature := view.feature(name)) is not None]
    rows = []
    for card in found:
        shares = dict(card.importance)
        cells = (view.share(shares.get(name)) for name in names if view.feature(name) is not None)
        rows.append((segment(card), *cells))
    heads = columns("Segment", *(f"{label}#" for label in labels))
    source = "run.json: cards, importance"
    return (table("importance", "How much each figure matters", heads, rows, source, filterable=True),)


def _medians(view: View) -> tuple[Table, ...]:
    """Every feature's median, at most `ABREAST` segments side by side."""
    cards = view.run.findings.cards
    blocks = [cards[start : start + ABREAST] for start in range(0, len(cards), ABREAST)]
    return tuple(_median_table(view, block, number) for number, block in enumerate(blocks, 1))


def _varying(view: View) -> list[Feature]:
    """The features in which customers differ: in an export without times, for example, the hour of ordering is constant.

    A feature with a least value is left out where it is zero for the typical customer of every segment.
    """
    customers, cards = view.run.customers, view.run.findings.cards
    return [
        each
        for each in view.run.manifest.features
        if customers[each.name].min() < customers[each.name].max()
        and not (each.least and all(card.medians.get(each.name) == 0 for card in cards))
    ]


def _median_table(view: View, cards: tuple[SegmentCard, ...], number: int) -> Table:
    rows = []
    for feature in _varying(view):
        label = feature.label if _label_has_unit(view, feature) else f"{feature.label} ({view.voice(feature.unit)})"
        values = [*(card.medians.get(feature.name) for card in cards), cards[0].overall.get(feature.name)]
        rows.append((text(label), *map(text, view.voice.values(feature, values))))
    heads = columns("Median of", *(f"{card.name}#" for card in cards), "All#")
    name = "medians" if number == 1 else f"medians-{number}"
    title = "The median of every feature" if number == 1 else "The median of every feature, continued"
    return table(name, title, heads, rows, "segments.parquet: median_*", filterable=True)
