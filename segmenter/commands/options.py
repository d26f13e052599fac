"""The words of a command as configuration, sources and archive."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.config import Config, load_config
from segmenter.console import Terminal
from segmenter.errors import UsageError
from segmenter.runs.naming import find, remark

if TYPE_CHECKING:
    import pandas as pd


def root(options: Namespace) -> Path:
    """Folder of the archive: the flag's, else the configuration's."""
    return Path(config_of(options).engine.archive)


def config_of(options: Namespace) -> Config:
    """The configuration file with the command's flags laid over it."""
    flags = vars(options)
    wanted: dict[str, dict[str, Any]] = {
        "engine": {"archive": flags.get("archive"), "seed": flags.get("seed")},
        "features": {"as_of": flags.get("as_of")},
        "kmeans": {"n_clusters": flags.get("k")},
        "report": {
            "formats": flags.get("format"),
            "locale": flags.get("locale"),
            "customer_rows": False if flags.get("no_customer_rows") else None,
        },
    }
    given = {table: {key: value for key, value in keys.items() if value is not None} for table, keys in wanted.items()}
    return load_config(options.config, **{table: keys for table, keys in given.items() if keys})


def run_of(archive: Path, name: str, terminal: Terminal) -> Path:
    """Folder of the run called `name`; the terminal notes where another run might be meant.

    Raises
    ------
    RunError
        There is no such run, or several are meant.
    """
    found = find(archive, name)
    if note := remark(archive, name, found):
        terminal.say(f"Note: {note}", style="yellow")
    return found


def write_list(table: pd.DataFrame, target: str) -> None:
    """Write the list of customers that ``--to`` asks for.

    Raises
    ------
    UsageError
        It cannot be written there.
    """
    from segmenter.runs.tables import write_safe_csv

    try:
        write_safe_csv(table, Path(target))
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written: {error.strerror or error}. Name another file with --to."
        ) from None


def sources_of(named: Sequence[str], config: Config) -> Sequence[str]:
    """The sources of the command, else of the configuration."""
    if named or config.source.paths:
        return named or config.source.paths
    raise UsageError("No source is named. Give a file, folder or glob, or set source.paths in the configuration.")
