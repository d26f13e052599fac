"""What each command does: build the configuration, call one function below, show the result."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter import pipeline
from segmenter.config import Config, load_config
from segmenter.console import Terminal, print_json, shown
from segmenter.errors import UsageError
from segmenter.report.paper import pdf_problem
from segmenter.runs.archive import find, list_runs, prune, read, summary
from segmenter.runs.tables import write_safe_csv

if TYPE_CHECKING:
    from segmenter.intake.types import Intake, RowAccount
    from segmenter.pipeline import Finished


def run(options: Namespace) -> None:
    """Segments, anomalies and a report out of an export."""
    config = _config(options)
    finished = _run(options.sources, config, options)
    if options.json:
        print_json(_run_document(finished))


def inspect(options: Namespace) -> None:
    """Show what would be read, as what, and what would be set aside."""
    intake = pipeline.inspect(_sources(options.sources, load_config(options.config)), load_config(options.config))
    if options.json:
        print_json(_intake_document(intake))
        return
    terminal = Terminal(options.quiet)
    _show_recognition(terminal, intake)
    _show_account(terminal, intake.account)


def init(options: Namespace) -> None:
    """Write a configuration that fits an export, never over an existing one."""
    from segmenter.config.reference import annotated
    from segmenter.intake import suggest_config

    target = Path(options.to)
    if target.exists():
        raise UsageError(f"{target} exists already; name another file with --to, or remove it.")
    intake = pipeline.inspect(_sources(options.sources, Config()), load_config(options.config))
    keys: dict[str, Any] = suggest_config(intake)
    keys.setdefault("source", {})["paths"] = options.sources
    target.write_text(annotated(keys), encoding="utf-8")
    if options.json:
        print_json({"config": str(target), "columns": intake.recognition.columns})
        return
    terminal = Terminal(options.quiet)
    _show_recognition(terminal, intake)
    terminal.say(f"\n{target} is written. Try it: segmenter run -c {target}")


def sample(options: Namespace) -> None:
    """Write realistic transactions with planted segments and anomalies."""
    from segmenter.sample import generate

    generate(Path(options.file), n_customers=options.customers, seed=options.seed, truth=_path(options.truth))
    if options.json:
        print_json({"file": options.file, "customers": options.customers, "truth": options.truth})
    else:
        Terminal(options.quiet).say(f"{options.file}: transactions of {options.customers:,} customers")


def demo(options: Namespace) -> None:
    """Sample transactions, a run on them, and where its report is."""
    from segmenter.sample import generate

    folder = Path(options.to)
    folder.mkdir(parents=True, exist_ok=True)
    export = folder / "transactions.csv"
    generate(export, truth=folder / "truth.csv")
    config = load_config(options.config, engine={"archive": str(folder / "runs")})
    finished = _run([str(export)], config, options)
    if options.json:
        print_json(_run_document(finished))


def score(options: Namespace) -> None:
    """Put customers into the segments of an earlier run, without refitting."""
    config = _config(options)
    folder = find(Path(config.engine.archive), options.model)
    scored = pipeline.score(_sources(options.sources, config), config, folder)
    write_safe_csv(scored, Path(options.to))
    sizes = scored["segment_name"].value_counts(sort=False)
    if options.json:
        print_json({"file": options.to, "model": folder.name, "customers": {str(k): int(v) for k, v in sizes.items()}})
        return
    terminal = Terminal(options.quiet)
    terminal.table(("segment", "customers"), [(str(name), f"{count:,}") for name, count in sizes.items()], right=(1,))
    terminal.say(f"{options.to}: {len(scored):,} customers in the segments of {folder.name}", style="bold")


def runs_list(options: Namespace) -> None:
    """The runs of an archive."""
    found = [summary(folder) for folder in list_runs(_root(options))]
    if options.json:
        print_json(found)
        return
    rows = [
        (
            each["run"],
            str(each["as_of"]),
            *(f"{each[key]:,.0f}" for key in ("customers", "segments", "anomalies", "revenue")),
        )
        for each in found
    ]
    headings = ("run", "as of", "customers", "segments", "odd", "revenue")
    Terminal(options.quiet).table(headings, rows, right=(2, 3, 4, 5))


def runs_show(options: Namespace) -> None:
    """One run: its segments, why so many, and its row account."""
    folder = find(_root(options), options.run)
    shown_run = read(folder)
    if options.json:
        print_json(_run_document(pipeline.Finished(shown_run, folder, _pages(folder))))
        return
    terminal = Terminal(options.quiet)
    terminal.say(f"{folder.name}, as of {shown_run.manifest.as_of}", style="bold")
    rows = [
        (card.name, f"{card.customers:,}", f"{card.revenue_share:.0%}", f"{card.n_anomalies:,}", card.action)
        for card in shown_run.findings.cards
    ]
    terminal.table(("segment", "customers", "of revenue", "odd", "what to do"), rows, right=(1, 2, 3))
    terminal.say(f"\n{shown_run.findings.choice.reason}")
    _show_account(terminal, shown_run.manifest.account)
    for page in _pages(folder):
        terminal.say(shown(page), style="bold")


def runs_prune(options: Namespace) -> None:
    """Remove old runs by number or age."""
    if options.keep is None and options.days is None:
        raise UsageError("Say what to keep: --keep N for the newest N runs, or --days N for those younger than N days.")
    gone = prune(_root(options), options.keep, options.days, (), datetime.now(UTC))
    if options.json:
        print_json({"removed": gone})
    else:
        Terminal(options.quiet).say(f"{len(gone)} run(s) removed" + "".join(f"\n  {name}" for name in gone))


def _root(options: Namespace) -> Path:
    """Folder of the archive: the flag's, else the configuration's."""
    return Path(_config(options).engine.archive)


def _pages(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name for name in ("report.html", "report.pdf") if (folder / name).is_file())


def _path(name: str | None) -> Path | None:
    return Path(name) if name else None


def _config(options: Namespace) -> Config:
    """The configuration file with the command's flags laid over it."""
    flags = vars(options)
    wanted: dict[str, dict[str, Any]] = {
        "engine": {"archive": flags.get("archive"), "seed": flags.get("seed")},
        "features": {"as_of": flags.get("as_of")},
        "kmeans": {"n_clusters": flags.get("k")},
        "report": {"formats": flags.get("format"), "customer_rows": False if flags.get("no_customer_rows") else None},
    }
    given = {table: {key: value for key, value in keys.items() if value is not None} for table, keys in wanted.items()}
    return load_config(options.config, **{table: keys for table, keys in given.items() if keys})


def _sources(named: Sequence[str], config: Config) -> Sequence[str]:
    """The sources of the command, else of the configuration."""
    if named or config.source.paths:
        return named or config.source.paths
    raise UsageError("No source is named. Give a file, folder or glob, or set source.paths in the configuration.")


def _run(sources: Sequence[str], config: Config, options: Namespace) -> Finished:
    terminal = Terminal(options.quiet)
    chosen = _sources(sources, config)
    with terminal.progress(pipeline.STAGES) as step:
        finished = pipeline.run(chosen, config, tell=step)
    _show_run(terminal, finished)
    return finished


def _show_recognition(terminal: Terminal, intake: Intake) -> None:
    recognition = intake.recognition
    rows = [(role, column, recognition.reasons.get(role, "")) for role, column in recognition.columns.items()]
    terminal.table(("role", "column", "why"), rows)
    readings = {reading.dialect for reading in intake.readings}
    size = sum(reading.n_rows for reading in intake.readings)
    terminal.say(f"\n{len(intake.readings)} file(s), {size:,} rows: {'; '.join(sorted(readings))}")


def _show_account(terminal: Terminal, account: RowAccount) -> None:
    rows = [
        (line.label, f"{line.rows:,}", "" if line.amount is None else f"{line.amount:,.2f}") for line in account.lines
    ]
    total = ("rows read", f"{account.rows_read:,}", f"{account.amount_read:,.2f}")
    terminal.say("")
    terminal.table(("row account", "rows", "money"), [*rows, total], right=(1, 2))
    for warning in account.warnings:
        terminal.say(f"Note: {warning}", style="yellow")


def _show_run(terminal: Terminal, finished: Finished) -> None:
    run = finished.run
    for card in run.findings.cards:
        terminal.say(f"  {card.name}: {card.customers:,} customers, {card.revenue_share:.0%} of revenue")
    flagged = int(run.customers["is_anomaly"].sum())
    terminal.say(f"  {flagged:,} of {len(run.customers):,} customers behave like nobody else")
    for warning in run.manifest.account.warnings:
        terminal.say(f"Note: {warning}", style="yellow")
    if "pdf" in run.manifest.config["report"]["formats"] and (problem := pdf_problem()):
        terminal.say(problem, style="yellow")
    for file in finished.files:
        terminal.say(shown(file), style="bold")


def _run_document(finished: Finished) -> dict[str, Any]:
    run, account = finished.run, finished.run.manifest.account
    return {
        "run": run.manifest.run_id,
        "folder": str(finished.folder),
        "as_of": run.manifest.as_of,
        "n_customers": len(run.customers),
        "n_anomalies": int(run.customers["is_anomaly"].sum()),
        "n_clusters": run.findings.choice.n_clusters,
        "segments": [{"name": card.name, "customers": card.customers} for card in run.findings.cards],
        "rows_read": account.rows_read,
        "rows_used": account.rows_used,
        "warnings": account.warnings,
        "files": [str(file) for file in finished.files],
    }


def _intake_document(intake: Intake) -> dict[str, Any]:
    account = intake.account
    return {
        "columns": intake.recognition.columns,
        "reasons": intake.recognition.reasons,
        "readings": [vars(reading) for reading in intake.readings],
        "rows_read": account.rows_read,
        "rows_used": account.rows_used,
        "amount_read": account.amount_read,
        "account": [vars(line) for line in account.lines],
        "warnings": account.warnings,
    }
