"""The queries, which are written for DuckDB, in Spark's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class Translated:
    """A SELECT in Spark's SQL; `table` is what its result is kept as, None for a question."""

    sql: str
    table: str | None


@lru_cache
def translate(query: str) -> Translated:
    """One SELECT, or one CREATE TABLE AS, of DuckDB's dialect; ``$name`` becomes ``:name``.

    Raises
    ------
    sqlglot.errors.SqlglotError
        The query is no SQL, or Spark has no words for it.
    """
    from sqlglot import ErrorLevel, exp, parse_one

    tree = parse_one(query, read="duckdb")
    table = tree.this.name if isinstance(tree, exp.Create) else None
    select = tree.expression if isinstance(tree, exp.Create) else tree
    return Translated(select.transform(_whole_match).sql("spark", unsupported_level=ErrorLevel.RAISE), table)


def _whole_match(node: exp.Expression) -> exp.Expression:
    """Spark knows only a match of a part, so that the pattern is tied to both ends."""
    from sqlglot import exp

    if not isinstance(node, exp.RegexpFullMatch):
        return node
    pattern = exp.func("concat", exp.Literal.string("^(?:"), node.expression, exp.Literal.string(")$"))
    return exp.RegexpLike(this=node.this, expression=pattern)
