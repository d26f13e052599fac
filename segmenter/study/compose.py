"""A study from end to end: the core, the other readings, and the tables of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from segmenter.analysis import kmeans
from segmenter.analysis.allocator import few_arenas, give_back
from segmenter.analysis.cards import build as build_cards
from segmenter.analysis.customers import Format
from segmenter.analysis.explain import Explained, explain
from segmenter.analysis.findings import Findings, SegmentCard, SilhouetteProfile
from segmenter.analysis.lifetime import PastOrders
from segmenter.analysis.lifetime_types import LifetimeFinding
from segmenter.analysis.names import DISSOLVES
from segmenter.analysis.silhouette import silhouette_profiles
from segmenter.analysis.threads import single_threaded, workers
from segmenter.analysis.types import Floats
from segmenter.config import Config
from segmenter.engine.population import Population
from segmenter.features.types import Baskets, FeatureTable
from segmenter.runs.acceptance import Following
from segmenter.runs.history import Continuity
from segmenter.runs.types import Model
from segmenter.study.core import Core, core_of
from segmenter.study.placement import shown_names
from segmenter.study.population import PopulationOf, counted, joined, notes, rule_of
from segmenter.study.readings import Readings, draw_map, read
from segmenter.study.tables import anomalies_table, customers_table, formatter, segments_table

EvidenceOf = Callable[[list[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Inputs:
    """What a study needs beside the feature table.

    `evidence` gives the transactions behind customers in words, by customer id; `period_revenue` (n,) is the customers'
    money in the last days; `following` says whether they are placed by the accepted model. `population`, where the
    feature table is a sample, counts all customers by the study's rule, else None. `past_orders` are what the value to
    come is forecast from; None where it is not forecast.
    """

    baskets: Baskets | None
    evidence: EvidenceOf
    period_revenue: Floats
    following: Following
    population: PopulationOf | None = None
    past_orders: PastOrders | None = None


@dataclass(frozen=True)
class Study:
    """What was found, and the tables and models of a run (see `segmenter.runs.types`)."""

    findings: Findings
    customers: pd.DataFrame
    segments: pd.DataFrame
    anomalies: pd.DataFrame
    model: Model
    challenger: Model | None
    continuity: Continuity | None


@single_threaded
def study(table: FeatureTable, inputs: Inputs, config: Config) -> Study:
    """Segments, anomalies and the other readings of the same customers."""
    few_arenas()
    core, show = core_of(table, inputs.following, config), formatter(config)
    population = inputs.population(rule_of(core)) if inputs.population else None
    with workers(1) as pool:  # a second thread would only wait for the interpreter
        drawing = pool.submit(draw_map, core, config)
        cards, listed = _cards(core, config), core
        if population is not None:
            cards, listed = counted(cards, population, table.names), joined(core, population)
        explained = _explained(core, show)
        all_explained = explained if listed is core else _explained(listed, show)
        evidence = inputs.evidence([str(listed.table.customer_id[row]) for row in all_explained.rows])
        readings = read(core, drawing.result, inputs.baskets, inputs.past_orders, config)
    give_back()
    return Study(
        _findings(core, cards, readings, population, config),
        customers_table(core, cards, explained, readings, inputs.period_revenue, config),
        segments_table(cards),
        anomalies_table(listed, cards, all_explained, evidence, show),
        core.placement.model,
        core.placement.challenger,
        core.placement.continuity,
    )


def _explained(core: Core, show: Format) -> Explained:
    table = core.table
    return explain(table.values, table.features, core.prepared.anomalies, core.anomalies, core.severity, show)


def _cards(core: Core, config: Config) -> tuple[SegmentCard, ...]:
    """A card per segment that has customers, under the segment's lasting number."""
    names = shown_names(core.placement.names, config)
    made = build_cards(core.placement.described, core.segmentation, names, formatter(config), config.engine.seed)
    return tuple(replace(card, label=number) for card, number in zip(made, core.placement.numbers, strict=True))


def _findings(
    core: Core, cards: tuple[SegmentCard, ...], readings: Readings, population: Population | None, config: Config
) -> Findings:
    return Findings(
        preparation=core.placement.preparation,
        choice=core.segmentation.choice,
        silhouettes=_silhouettes(core),
        cards=cards,
        anomalies=core.anomalies.finding,
        hierarchy=readings.hierarchy,
        map=readings.map.finding,
        comparison=readings.comparison,
        rfm=readings.rfm.finding,
        mixture=readings.mixture,
        themes=readings.themes.found,
        themes_fit=(readings.themes.fit, readings.themes.by_chance) if readings.themes.found else None,
        separation=(
            *_separation(core, cards),
            *_misnamed(core, config),
            *([] if population is None else notes(core, population)),
        ),
        centroids=tuple(tuple(float(value) for value in row) for row in core.segmentation.centroids),
        lifetime=_to_come(readings, population),
    )


def _to_come(readings: Readings, population: Population | None) -> LifetimeFinding | None:
    """The value to come, of the drawn customers alone where the study saw a sample."""
    if readings.lifetime is None or population is None:
        return readings.lifetime.finding if readings.lifetime else None
    finding = readings.lifetime.finding
    whose = f"These figures cover the customers in the sample alone, not all {population.n_customers:,}."
    return replace(finding, sentences=(*finding.sentences, whose))


def _silhouettes(core: Core) -> tuple[SilhouetteProfile, ...]:
    profiles = silhouette_profiles(core.segmentation.silhouette, core.segmentation.labels)
    return tuple(replace(profile, label=core.placement.numbers[profile.label]) for profile in profiles)


def _separation(core: Core, cards: tuple[SegmentCard, ...]) -> tuple[str, ...]:
    """How far the segmentation can be trusted, in sentences."""
    choice = core.segmentation.choice
    sentences = [choice.reason]
    shaky = [card.name for card in cards if card.stability is not None and card.stability < DISSOLVES]
    if shaky:
        sentences.append(
            f"Resamples do not find these segments reliably: {', '.join(shaky)}. Treat them as a description only."
        )
    if choice.points and choice.n_silhouette < len(core.table.customer_id):
        sentences.append(
            f"Silhouette, Davies-Bouldin and Calinski-Harabasz were measured on a sample of {choice.n_silhouette:,} customers."
        )
    if choice.points and len(core.table.customer_id) > kmeans.RESAMPLED:
        sentences.append(f"Segment stability was measured on resamples of {kmeans.RESAMPLED:,} customers.")
    return tuple(sentences)


def _misnamed(core: Core, config: Config) -> tuple[str, ...]:
    """A sentence where `kmeans.names` has names that no segment has."""
    unused = [name for name in config.kmeans.names if name not in core.placement.names]
    if not unused:
        return ()
    return (f"No segment of this run is called {', '.join(unused)}, which kmeans.names would rename.",)
