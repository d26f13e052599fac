"""Exports in, runs out: run, inspect, init, sample, demo, score."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter import pipeline
from segmenter.atomic import atomic_write
from segmenter.commands.options import config_of, run_of, sources_of, write_list
from segmenter.commands.shown import (
    intake_document,
    run_document,
    show_account,
    show_doubts,
    show_recognition,
    show_rejects,
    show_run,
)
from segmenter.config import Config, load_config
from segmenter.console import Terminal, print_json
from segmenter.errors import UsageError
from segmenter.runs.drift import DRIFTED
from segmenter.scoring import SCORING
from segmenter.scoring import score as score_of

if TYPE_CHECKING:
    from segmenter.intake.types import Intake
    from segmenter.runs.history import Drift

DECIDE = (
    "Put what you choose, each table once, into the configuration, such as a file columns.toml that is named with "
    "-c columns.toml, or let `segmenter init` write it. More may come to light then."
)
DECIDE_IN = (
    "These lines stand in {config} as comments: remove the # before those that you choose, and see what comes of it: "
    "segmenter inspect -c {config}"
)
IN_SAMPLE = "EUR"  # currency of the fictitious transactions, whose columns name none


def run(options: Namespace) -> None:
    """Segment the customers of an export, find anomalies and write the report."""
    _run(options.sources, config_of(options), options)


def inspect(options: Namespace) -> int:
    """Show how an export would be read, and which rows would be set aside; the status of a run that would refuse it."""
    config = load_config(options.config)
    intake = pipeline.inspect(sources_of(options.sources, config), config)
    terminal = Terminal(options.quiet or options.json)
    show_recognition(terminal, intake)
    if not intake.doubts:
        show_account(terminal, intake.account)
        show_rejects(terminal, intake)
    if options.json:
        print_json(intake_document(intake))
    return show_doubts(intake.doubts, DECIDE)


def init(options: Namespace) -> int:
    """Write a configuration that fits an export, never over an existing one; what is in doubt is left open in it."""
    from segmenter.config.reference import annotated
    from segmenter.intake.recognition import proposals, questions, suggest_config
    from segmenter.intake.sources import as_text

    target = Path(options.to)
    if target.exists():
        raise UsageError(f"{target} exists already; name another file with --to, or remove it.")
    config = load_config(options.config)
    sources = sources_of(options.sources, config)
    intake = pipeline.inspect(sources, config)
    keys: dict[str, Any] = suggest_config(intake, config.source, config.rules)
    if any(as_text(source) != source for source in sources):
        raise UsageError("A file's name is not UTF-8, which no configuration can hold. Rename it and run again.")
    keys["source"]["paths"] = sources
    text = annotated(keys, proposals(intake.doubts), questions(intake.doubts))
    try:
        with atomic_write(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}. Name another file with --to.") from None
    return _show_written(options, intake, target)


def _show_written(options: Namespace, intake: Intake, target: Path) -> int:
    terminal = Terminal(options.quiet or options.json)
    show_recognition(terminal, intake)
    if not intake.doubts:
        show_account(terminal, intake.account)
    terminal.say("")
    terminal.say(f"{target} is written.{'' if intake.doubts else f' Try it: segmenter run -c {target}'}")
    if options.json:
        doubts = [asdict(doubt) for doubt in intake.doubts]
        print_json({"config": str(target), "columns": intake.recognition.columns, "doubts": doubts})
    return show_doubts(intake.doubts, DECIDE_IN.format(config=target))


def sample(options: Namespace) -> None:
    """Write realistic transactions with planted segments and anomalies."""
    from segmenter.sample import generate

    generate(
        Path(options.file),
        n_customers=options.customers,
        seed=options.seed,
        truth=Path(options.truth) if options.truth else None,
    )
    if options.json:
        print_json({"file": options.file, "customers": options.customers, "truth": options.truth})
    else:
        Terminal(options.quiet).say(f"{options.file}: transactions of {options.customers:,} customers")


def demo(options: Namespace) -> None:
    """Write sample transactions, run on them and show where the report is."""
    from segmenter.sample import generate

    folder = Path(options.to)
    folder.mkdir(parents=True, exist_ok=True)
    export = folder / "transactions.csv"
    generate(export, truth=folder / "truth.csv")
    config = load_config(options.config, engine={"archive": str(folder / "runs")})
    shown = config.report.in_currency(IN_SAMPLE)
    _run([str(export)], config.model_copy(update={"report": shown}), options)


def score(options: Namespace) -> None:
    """Put customers into the segments of an earlier run, without refitting."""
    config = config_of(options)
    terminal = Terminal(options.quiet)
    folder = run_of(Path(config.engine.archive), options.model, terminal)
    with terminal.progress(SCORING) as step:
        found = score_of(sources_of(options.sources, config), config, folder, tell=step)
    write_list(found.customers, options.to)
    sizes = found.customers.groupby(["segment", "segment_name"])["segment"].size().droplevel(0)
    if options.json:
        counts = {str(name): int(count) for name, count in sizes.items()}
        drift = {each.feature: {"psi": each.psi, "verdict": each.verdict} for each in found.drift}
        print_json(
            {"file": options.to, "model": folder.name, "customers": counts, "drift": drift, "notes": found.notes}
        )
        return
    terminal.table(("segment", "customers"), [(str(name), f"{count:,}") for name, count in sizes.items()], right=(1,))
    for note in found.notes:
        terminal.say(f"Note: {note}", style="yellow")
    if warning := _drift_warning(found.drift, folder.name, len(found.customers)):
        terminal.say(f"Note: {warning}", style="yellow")
    terminal.say(f"{options.to}: {len(found.customers):,} customers in the segments of {folder.name}", style="bold")


def _drift_warning(drift: Sequence[Drift], model: str, n_customers: int) -> str:
    """A warning where the customers differ from the model's, or are too few to tell; else empty."""
    if any(each.verdict == "too few" for each in drift):
        return (
            f"{n_customers:,} customers and those of {model} are too few to tell whether they differ: each is in the "
            "nearest segment, whether or not it fits."
        )
    drifted = [each.feature for each in drift if each.verdict == "drifted"]
    if not drifted:
        return ""
    return (
        f"These customers differ clearly from those of {model} in {', '.join(drifted)} (population stability index "
        f"{DRIFTED} or more beyond chance). Its segments may not fit them; `segmenter run` finds new ones."
    )


def _run(sources: Sequence[str], config: Config, options: Namespace) -> None:
    terminal = Terminal(options.quiet)
    chosen = sources_of(sources, config)
    with terminal.progress(pipeline.STAGES) as step:
        finished = pipeline.run(chosen, config, tell=step)
    show_run(terminal, finished)
    if options.json:
        print_json(run_document(finished))
