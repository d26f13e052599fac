"""The queries, which are written for DuckDB, in Spark's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class Translated:
    """A SELECT in Spark's SQL; its result becomes the table `target`, or is added to it (`is_insert`), None for a query."""

    sql: str
    target: str | None
    is_insert: bool


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
    has_target = isinstance(tree, exp.Create | exp.Insert)
    select = (
        _with_ctes_inlined(tree.expression if has_target else tree).transform(_full_match).transform(_without_enum_cast)
    )
    sql = select.sql("spark", unsupported_level=ErrorLevel.RAISE, comments=False)
    return Translated(sql, tree.this.name if has_target else None, isinstance(tree, exp.Insert))


def expression(sql: str) -> str:
    """An expression of DuckDB's dialect in Spark's SQL; raises what `translate` does."""
    return translate(f"SELECT {sql}").sql.removeprefix("SELECT ")


def _with_ctes_inlined(tree: exp.Expr) -> exp.Expr:
    """The query with each part that WITH names written out in the places where the name stands.

    Spark recognises what it keeps by the shape of a plan, and a WITH within another gives a plan another shape: kept
    tables would be computed anew, from the first row, for each query that names its parts.
    """
    from sqlglot import exp

    for named in reversed(list(tree.find_all(exp.With))):  # the innermost first: its names hide those further out
        query = named.parent
        if query is None or named.recursive:
            continue
        named.pop()
        for part in reversed(named.expressions):  # a part sees only those before it
            for table in [table for table in query.find_all(exp.Table) if table.name == part.alias and not table.db]:
                table.replace(exp.Subquery(this=part.this.copy(), alias=_alias(table, part)))
    return tree


def _alias(table: exp.Table, part: exp.CTE) -> exp.TableAlias:
    """How the rest of the query calls `part` where it stands as `table`."""
    alias: exp.TableAlias = (table.args.get("alias") or part.args["alias"]).copy()
    if not alias.columns:
        alias.set("columns", [column.copy() for column in part.args["alias"].columns])
    return alias


def _full_match(node: exp.Expr) -> exp.Expr:
    """Spark knows only a match of a part, so that the pattern is tied to both ends."""
    from sqlglot import exp

    if not isinstance(node, exp.RegexpFullMatch):
        return node
    pattern = exp.func("concat", exp.Literal.string("^(?:"), node.expression, exp.Literal.string(")$"))
    return exp.RegexpLike(this=node.this, expression=pattern)


def _without_enum_cast(node: exp.Expr) -> exp.Expr:
    """Spark has no types of one's own: a word of such a type is text."""
    from sqlglot import exp

    is_word = isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.USERDEFINED
    return node.this if is_word else node
