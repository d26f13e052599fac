"""The queries, which are written for DuckDB, in Spark's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class Translated:
    """A SELECT in Spark's SQL; `table` is what its result is kept as or, `adds`, added to; None for a question."""

    sql: str
    table: str | None
    adds: bool


@lru_cache
def translate(query: str) -> Translated:
    """One SELECT, CREATE TABLE AS or INSERT of a SELECT, of DuckDB's dialect; ``$name`` becomes ``:name``.

    Raises
    ------
    sqlglot.errors.SqlglotError
        The query is no SQL, or Spark has no words for it.
    """
    from sqlglot import ErrorLevel, exp, parse_one

    tree = parse_one(query, read="duckdb")
    keeps = isinstance(tree, exp.Create | exp.Insert)
    select = (tree.expression if keeps else tree).transform(_whole_match).transform(_plain_word)
    sql = select.sql("spark", unsupported_level=ErrorLevel.RAISE, comments=False)
    return Translated(sql, tree.this.name if keeps else None, isinstance(tree, exp.Insert))


def _whole_match(node: exp.Expression) -> exp.Expression:
    """Spark knows only a match of a part, so that the pattern is tied to both ends."""
    from sqlglot import exp

    if not isinstance(node, exp.RegexpFullMatch):
        return node
    pattern = exp.func("concat", exp.Literal.string("^(?:"), node.expression, exp.Literal.string(")$"))
    return exp.RegexpLike(this=node.this, expression=pattern)


def _plain_word(node: exp.Expression) -> exp.Expression:
    """Spark has no types of one's own: a word of such a type is text."""
    from sqlglot import exp

    is_word = isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.USERDEFINED
    return node.this if is_word else node
