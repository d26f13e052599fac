"""Translates queries from DuckDB's dialect to Spark's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class Translated:
    """A SELECT in Spark's SQL; its result becomes the table `target` or is inserted into it, None for a plain query."""

    sql: str
    target: str | None
    is_insert: bool


@lru_cache
def translate(query: str) -> Translated:
    """Translate one SELECT, CREATE TABLE AS or INSERT of a SELECT; ``$name`` becomes ``:name``.

    Raises
    ------
    sqlglot.errors.SqlglotError
        The query is not valid, or cannot be expressed in Spark's SQL.
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
    """Translate an expression; raises what `translate` does."""
    return translate(f"SELECT {sql}").sql.removeprefix("SELECT ")


def _with_ctes_inlined(tree: exp.Expr) -> exp.Expr:
    """The query with its common table expressions inlined.

    Spark recognises persisted frames by the shape of the plan, which nested WITH clauses change: each query that has them
    would compute the persisted tables again, from the first row.
    """
    from sqlglot import exp

    for with_ in reversed(list(tree.find_all(exp.With))):  # the innermost first: its names hide outer ones
        query = with_.parent
        if query is None or with_.recursive:
            continue
        with_.pop()
        for cte in reversed(with_.expressions):  # a CTE sees only those before it
            for table in [table for table in query.find_all(exp.Table) if table.name == cte.alias and not table.db]:
                table.replace(exp.Subquery(this=cte.this.copy(), alias=_alias(table, cte)))
    return tree


def _alias(table: exp.Table, cte: exp.CTE) -> exp.TableAlias:
    """The alias under which the rest of the query refers to `cte` in the place of `table`."""
    alias: exp.TableAlias = (table.args.get("alias") or cte.args["alias"]).copy()
    if not alias.columns:
        alias.set("columns", [column.copy() for column in cte.args["alias"].columns])
    return alias


def _full_match(node: exp.Expr) -> exp.Expr:
    """A full match as a partial match with an anchored pattern, as Spark has no full match."""
    from sqlglot import exp

    if not isinstance(node, exp.RegexpFullMatch):
        return node
    pattern = exp.func("concat", exp.Literal.string("^(?:"), node.expression, exp.Literal.string(")$"))
    return exp.RegexpLike(this=node.this, expression=pattern)


def _without_enum_cast(node: exp.Expr) -> exp.Expr:
    """A cast to an enum as plain text, as Spark has no user-defined types."""
    from sqlglot import exp

    is_enum = isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.USERDEFINED
    return node.this if is_enum else node
