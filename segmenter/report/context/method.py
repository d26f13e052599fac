"""How it was done: method, parameters, versions, timings and the source of every figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segmenter.analysis.findings import LEAST_CONTRAST
from segmenter.config import Config
from segmenter.config.toml import in_toml
from segmenter.report.context import lifetime
from segmenter.report.context.readings import LINKAGES, METRICS
from segmenter.report.context.view import View, code, columns, parts, table, text
from segmenter.report.sources import source_of
from segmenter.report.types import Figure, Part, Section, Table

SET = "run.json: config"
SEVERAL = 3  # files of one kind that are named together


def method(view: View, items: Sequence[Figure | Table]) -> Section:
    """The appendix; it names the sources of `items`, the charts and tables before it, and of its own tables."""
    findings = view.run.findings
    own = (
        Part("Steps", _steps(view)),
        Part("Preparation", findings.preparation.notes),
        Part("Features", (), (), (_features(view),)),
        _parameters(view),
        Part("Versions and timings", (), (), (_versions(view), _timings(view))),
    )
    tables = (table for part in own for table in part.tables)
    return Section(
        "method",
        "How was it done?",
        "For analysts: the exact terms, parameters and versions needed to reproduce every figure.",
        parts(*own, _origins(view, (*items, *tables))),
    )


def _steps(view: View) -> tuple[str, ...]:
    return (_step_segments(view), *_step_anomalies(view), *_step_views(view), *lifetime.models(view))


def _step_segments(view: View) -> str:
    findings = view.run.findings
    if not findings.choice.points:
        return view.voice("Segments: not searched for; the customers are too few or too similar.")
    if len(findings.cards) < 2:
        return view.voice(
            "Segments: one, as no division of the customers held up; seed {seed}.", seed=view.run.manifest.seed
        )
    return view.voice(
        "Segments: K-Means with k-means++ on {features} features, K = {k}; silhouette, Davies-Bouldin and Calinski-Harabasz "
        "measured on {sample} customers; seed {seed}.",
        features=len(findings.preparation.names),
        k=findings.choice.n_clusters,
        sample=view.voice.number(findings.choice.n_silhouette),
        seed=view.run.manifest.seed,
    )


def _step_anomalies(view: View) -> tuple[str, ...]:
    dbscan, voice = view.run.findings.anomalies, view.voice
    if not dbscan.k_distances:
        return (voice("Anomalies: not searched for; the customers are too few or too similar."),)
    found = voice(
        "Anomalies: DBSCAN on {features} features, eps = {eps} ({eps_reason}), min_samples = {min_samples} "
        "({min_samples_reason}): {core} core, {border} border, {noise} noise and {rare} in rare groups.",
        features=len(dbscan.names),
        eps=voice.number(dbscan.eps, 3),
        eps_reason=dbscan.eps_reason,
        min_samples=dbscan.min_samples,
        min_samples_reason=dbscan.min_samples_reason,
        core=voice.number(dbscan.n_core),
        border=voice.number(dbscan.n_border),
        noise=voice.number(dbscan.n_noise),
        rare=voice.number(dbscan.n_rare),
    )
    if dbscan.contrast is None:
        return (found,)
    contrast = voice(
        "Contrast of the distances in these features: between {n} customers, the long ones (95th percentile) are "
        "{times} times the short ones (5th); below {least}, near and far would mean little.",
        n=voice.number(dbscan.n_contrast),
        times=voice.number(dbscan.contrast, 1),
        least=voice.number(LEAST_CONTRAST, 1),
    )
    return found, contrast


def _step_views(view: View) -> tuple[str, ...]:
    hierarchy, mapped, voice = view.run.findings.hierarchy, view.run.findings.map, view.voice
    steps = []
    if hierarchy.tree:
        steps.append(
            voice(
                "Hierarchy: {linkage} linkage, {metric} distance, on {sample} customers.",
                linkage=voice(LINKAGES.get(hierarchy.linkage, hierarchy.linkage)),
                metric=voice(METRICS.get(hierarchy.metric, hierarchy.metric)),
                sample=voice.number(hierarchy.n_sample),
            )
        )
    if "map-tsne" in view.charts:
        steps.append(
            voice(
                "Map: t-SNE on {sample} customers, perplexity {perplexity}, KL divergence {divergence}.",
                sample=voice.number(mapped.n_sample),
                perplexity=voice.number(mapped.perplexity, 0),
                divergence=voice.number(mapped.kl_divergence, 2),
            )
        )
    return tuple(steps)


def _features(view: View) -> Table:
    rows = [
        (
            code(feature.name),
            text(feature.label),
            text(view.voice(feature.unit or feature.kind)),
            text(view.voice(_use(feature.name, view))),
            text(feature.missing),
        )
        for feature in view.run.manifest.features
    ]
    heads = columns("Feature", "Meaning", "Unit", "Used for", "Empty where")
    return table("features", "What is known of each customer", heads, rows, "queries/features_*.sql")


def _use(name: str, view: View) -> str:
    """What a feature decides; one that decides nothing is only shown."""
    decided = {"segments": view.run.findings.preparation.names, "anomalies": view.run.findings.anomalies.names}
    return ", ".join(use for use, names in decided.items() if name in names) or "shown"


def _parameters(view: View) -> Part:
    """The keys of the configuration that are set otherwise than by default: all that a reader needs to repeat the run."""
    defaults = Config().model_dump(mode="json")
    changed = {
        section: [
            f"{key} = {_shown(value)}" for key, value in keys.items() if value != defaults.get(section, {}).get(key)
        ]
        for section, keys in view.run.manifest.config.items()
        if isinstance(keys, dict) and section not in {"delivery", "service"}
    }
    rows = [(code(section), code("; ".join(keys))) for section, keys in changed.items() if keys]
    if not rows:
        return Part("Parameters", ("All settings are the defaults; run.json holds every one.",))
    listed = table("parameters", "Settings that differ from the defaults", columns("Section", "Keys"), rows, SET)
    return Part("Parameters", ("All other settings are the defaults; run.json holds every one.",), (), (listed,))


def _shown(value: Any) -> str:
    """A value as in the configuration file; a key without one is unset."""
    return "unset" if value is None else in_toml(value)


def _versions(view: View) -> Table:
    rows = [(code(name), code(version)) for name, version in view.run.manifest.versions.items()]
    return table("versions", "Versions", columns("Program", "Version"), rows, "run.json: versions")


def _timings(view: View) -> Table:
    manifest = view.run.manifest
    rows = [
        (text(stage), view.number(seconds, 1), view.number(manifest.peaks.get(stage)))
        for stage, seconds in manifest.timings.items()
    ]
    heads = columns("Stage", "Seconds#", "Most memory in MiB#")
    return table("timings", "Seconds and memory per stage, up to this report", heads, rows, "run.json: timings, peaks")


def _origins(view: View, items: Sequence[Figure | Table]) -> Part:
    return Part(
        "Where each figure comes from",
        ("This command prints the numbers behind any figure as a table, with their source.",),
        (),
        (_sources(view, items),),
        f"segmenter runs show {view.run.manifest.run_id} --figure NAME",
    )


def _files(queries: Sequence[str]) -> list[str]:
    """The files of `queries`; those of features under one name, where there are several."""
    names = [query.removeprefix("queries/") for query in queries]
    of_features = [name for name in names if name.startswith("features_")]
    if len(of_features) < SEVERAL:
        return names
    return ["features_*.sql", *(name for name in names if name not in of_features)]


def _sources(view: View, items: Sequence[Figure | Table]) -> Table:
    rows = [
        (
            code(source.id),
            text(view.voice(source.title)),
            code(", ".join(_files(source.queries))),
            view.number(source.rows),
            code(source.stored),
        )
        for source in (source_of(view.run, item) for item in items)
    ]
    title = view.voice("Sources in run {run}", run=view.run.manifest.run_id)
    heads = columns("Name", "Figure or table", "SQL", "Rows#", "Stored in")
    return table("sources", title, heads, rows, "")
