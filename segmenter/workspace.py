"""Where exports are read and aggregated: DuckDB in bounded memory, spilling into a folder that is gone afterwards."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from segmenter.config import Config
from segmenter.errors import ResourceError
from segmenter.folders import temporary_folder

if TYPE_CHECKING:
    import duckdb

FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def workspace(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection within `config.engine.memory_limit`; its spill folder lies in TMPDIR.

    Raises
    ------
    ResourceError
        The memory or the space did not suffice for what was asked inside.
    """
    import duckdb

    from segmenter.intake import open_connection

    try:
        with (
            temporary_folder() as folder,
            closing(open_connection(config.engine.memory_limit, config.engine.threads, folder)) as connection,
        ):
            yield connection
    except duckdb.OutOfMemoryException as error:
        raise ResourceError(
            f"engine.memory_limit = {config.engine.memory_limit} is not enough for this export: {_first_line(error)} Raise it, "
            f"free space in {_folder()} for what spills, or set engine.threads = 1."
        ) from None
    except OSError as error:
        if error.errno not in FULL and "temporary directory" not in str(error):
            raise
        raise ResourceError(
            f"There is no space for temporary files in {_folder()}: {error.strerror or error}. Free space, or name a folder "
            "with more of it in the environment variable TMPDIR."
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(". ") + "."


def _folder() -> str:
    """The folder for temporary files, as far as there is one."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return "the folder for temporary files"
