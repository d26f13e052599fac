"""segmenter: customers, segments and anomalies out of a business's transactions.

>>> from segmenter import load_config, run          # doctest: +SKIP
>>> finished = run(["export.csv"], load_config())   # doctest: +SKIP
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for typing's, whose import would delay the start of every command
if TYPE_CHECKING:
    from segmenter.config import load_config
    from segmenter.pipeline import run

__all__ = ["load_config", "run"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import the public functions when first asked for, so that ``--help`` stays quick."""
    if name == "load_config":
        from segmenter.config import load_config

        return load_config
    if name == "run":
        from segmenter.pipeline import run

        return run
    raise AttributeError(f"module 'segmenter' has no attribute {name!r}")
