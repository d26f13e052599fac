"""segmenter: customers, segments and anomalies out of a business's transactions.

>>> from segmenter import run          # doctest: +SKIP
>>> finished = run("export.csv")       # doctest: +SKIP
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for typing's, whose import would delay the start of every command
if TYPE_CHECKING:
    from segmenter.config import load_config
    from segmenter.errors import SegmenterError
    from segmenter.pipeline import run
    from segmenter.report.again import report_again
    from segmenter.runs.archive import read as read_run
    from segmenter.scoring import score

__all__ = ["SegmenterError", "load_config", "read_run", "report_again", "run", "score"]
__version__ = "0.1.0"
PLACES = {
    "SegmenterError": ("errors", "SegmenterError"),
    "load_config": ("config", "load_config"),
    "read_run": ("runs.archive", "read"),
    "report_again": ("report.again", "report_again"),
    "run": ("pipeline", "run"),
    "score": ("scoring", "score"),
}


def __getattr__(name: str) -> object:
    """Import the public functions when first asked for, so that ``--help`` stays quick."""
    from importlib import import_module

    if name not in PLACES:
        raise AttributeError(f"module 'segmenter' has no attribute {name!r}")
    module, own_name = PLACES[name]
    return getattr(import_module(f"segmenter.{module}"), own_name)
