"""How it was done: method, parameters, versions, timings and the source of every figure."""

from __future__ import annotations

from typing import Any

from segmenter.report.context import lifetime
from segmenter.report.context.view import View, columns, parts, table, text
from segmenter.report.sources import sources
from segmenter.report.types import Part, Section, Table


def method(view: View, chapters: tuple[Section, ...]) -> Section:
    """The appendix; `chapters` are those whose figures and tables it names the source of."""
    findings = view.run.findings
    told = (
        Part("Steps", _steps(view)),
        Part("Preparation", findings.preparation.notes),
        Part("Features", (), (), (_features(view),)),
        Part("Parameters", (), (), (_parameters(view),)),
        Part("Versions and timings", (), (), (_versions(view), _timings(view))),
    )
    everything = (*chapters, Section("method", "", "", told))
    return Section(
        "method",
        "How was it done?",
        "For analysts: the exact terms, parameters and versions, enough to repeat every figure.",
        parts(*told, Part("Where each figure comes from", _how_to_ask(view), (), (_sources(view, everything),))),
    )


def _steps(view: View) -> tuple[str, ...]:
    findings, voice = view.run.findings, view.voice
    choice, dbscan, mapped = findings.choice, findings.anomalies, findings.map
    return (
        f"Segments: K-Means with k-means++ on {len(findings.preparation.names)} features, K = {choice.n_clusters}; "
        f"silhouettes measured on {voice.number(choice.n_silhouette)} customers; seed {view.run.manifest.seed}.",
        f"Anomalies: DBSCAN on {len(dbscan.names)} features, eps = {voice.number(dbscan.eps, 3)} ({dbscan.eps_reason}), "
        f"min_samples = {dbscan.min_samples} ({dbscan.min_samples_reason}): {voice.number(dbscan.n_core)} core, "
        f"{voice.number(dbscan.n_border)} border, {voice.number(dbscan.n_noise)} noise and "
        f"{voice.number(dbscan.n_rare)} in rare groups.",
        f"Hierarchy: {findings.hierarchy.linkage} linkage, {findings.hierarchy.metric} distance, "
        f"on {voice.number(findings.hierarchy.n_sample)} customers.",
        f"Map: t-SNE on {voice.number(mapped.n_sample)} customers, perplexity {voice.number(mapped.perplexity, 0)}, "
        f"KL divergence {voice.number(mapped.kl_divergence, 2)}.",
        *lifetime.models(view),
    )


def _features(view: View) -> Table:
    used, searched = view.run.findings.preparation.names, view.run.findings.anomalies.names
    rows = [
        (
            text(feature.name),
            text(feature.label),
            text(feature.unit or feature.kind),
            text(
                "segments, anomalies" if feature.name in used and feature.name in searched else _use(feature.name, view)
            ),
            text(feature.missing),
        )
        for feature in view.run.manifest.features
    ]
    heads = columns("Feature", "Meaning", "Unit", "Used for", "Empty where")
    return table("features", "What is known of each customer", heads, rows, "queries/features_*.sql")


def _use(name: str, view: View) -> str:
    if name in view.run.findings.preparation.names:
        return "segments"
    return "anomalies" if name in view.run.findings.anomalies.names else "shown"


def _parameters(view: View) -> Table:
    rows = [
        (text(section), text("; ".join(f"{key} = {_shown(value)}" for key, value in keys.items())))
        for section, keys in view.run.manifest.config.items()
        if isinstance(keys, dict) and keys and section not in {"delivery", "report", "service"}
    ]
    return table("parameters", "The configuration of this run", columns("Section", "Keys"), rows, "run.json: config")


def _shown(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item}" for key, item in value.items()) or "none"
    return str(value)


def _versions(view: View) -> Table:
    rows = [(text(name), text(version)) for name, version in view.run.manifest.versions.items()]
    return table("versions", "Versions", columns("Program", "Version"), rows, "run.json: versions")


def _timings(view: View) -> Table:
    rows = [(text(stage), view.number(seconds, 1)) for stage, seconds in view.run.manifest.timings.items()]
    return table("timings", "Seconds per stage", columns("Stage", "Seconds#"), rows, "run.json: timings")


def _how_to_ask(view: View) -> tuple[str, ...]:
    return (
        "Every figure answers back: its numbers, as a table with their source, are printed by "
        f"segmenter runs show {view.run.manifest.run_id} --figure NAME.",
    )


def _sources(view: View, chapters: tuple[Section, ...]) -> Table:
    rows = [
        (
            text(source.id),
            text(source.title),
            text(", ".join(source.queries)),
            view.number(source.rows),
            text(source.stored),
        )
        for source in sources(view, chapters, view.figures("shares") if not view.run.history.movement else ())
    ]
    title = f"Sources in run {view.run.manifest.run_id}"
    heads = columns("Name", "Figure or table", "SQL", "Rows#", "Stored in")
    return table("sources", title, heads, rows, "")
