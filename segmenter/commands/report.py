"""The report of a finished run, made again in another language or form."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from segmenter.commands.options import config_of, run_of
from segmenter.console import Terminal, print_json, shown
from segmenter.report import pdf_problem
from segmenter.report.again import Again, make


def report(options: Namespace) -> None:
    """Make the report of a run again in a folder of its own; the export is not read, and the run stays as it is."""
    config, terminal = config_of(options), Terminal(options.quiet)
    folder = run_of(Path(config.engine.archive), options.run, terminal)
    with terminal.working("writing the report"):
        again = make(folder, Path(options.to), config)
    _show(terminal, again)
    if options.json:
        print_json(_document(again))


def _show(terminal: Terminal, again: Again) -> None:
    """Show which run the report is of, what of the settings was not used, and the files to open."""
    manifest = again.run.manifest
    terminal.say(f"{manifest.run_id}, as of {manifest.as_of}", style="bold")
    for note in again.notes:
        terminal.say(f"Note: {note}", style="yellow")
    if "pdf" in again.config.formats and (problem := pdf_problem()):
        terminal.say(problem, style="yellow")
    for file in again.files:
        terminal.say(shown(file), style="bold")
    if not again.config.customer_rows:
        terminal.say("These files name no customer and may be shared.")


def _document(again: Again) -> dict[str, object]:
    manifest, config = again.run.manifest, again.config
    return {
        "run": manifest.run_id,
        "folder": str(again.folder),
        "as_of": manifest.as_of,
        "locale": config.locale,
        "currency": config.currency,
        "customer_rows": config.customer_rows,
        "notes": again.notes,
        "files": [str(file) for file in again.files],
    }
