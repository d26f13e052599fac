"""Where exports are read and aggregated: DuckDB in bounded memory, spilling into a temporary folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from segmenter.config import Config
from segmenter.errors import ResourceError
from segmenter.folders import telling_where_no_space_is, temporary_folder

if TYPE_CHECKING:
    import duckdb


@contextmanager
def workspace(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection within `config.engine.memory_limit`; its spill folder lies in TMPDIR.

    Raises
    ------
    ResourceError
        The memory or the disk space was not enough for the queries inside.
    """
    import duckdb

    from segmenter.intake import open_connection

    try:
        with (
            telling_where_no_space_is(),
            temporary_folder() as folder,
            closing(open_connection(config.engine.memory_limit, config.engine.threads, folder)) as connection,
        ):
            yield connection
    except duckdb.OutOfMemoryException as error:
        raise ResourceError(
            f"engine.memory_limit = {config.engine.memory_limit} is not enough for this export: {_first_line(error)} Raise it, "
            f"free space in {tempfile.gettempdir()} for what spills, or set engine.threads = 1."
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(". ") + "."
