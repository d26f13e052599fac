"""A doubt carries its settings: as TOML that can be pasted, and as comments in a configuration that is written."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.config.load import parse_config
from segmenter.config.reference import annotated
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.intake import open_connection, recognised
from segmenter.intake.recognition import proposals, questions
from segmenter.intake.undecided import Doubt, UndecidedError, Way, naming
from tests.intake.conftest import written

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=90)


def tables(settings):
    """Settings by table as the nested tables of a configuration."""
    found = {}
    for table, keys in settings.items():
        *outer, last = table.split(".")
        place = found
        for name in outer:
            place = place.setdefault(name, {})
        place.setdefault(last, {}).update(keys)
    return found


def uncommented(lines):
    return "\n".join(line.removeprefix("# ") for line in lines)


@given(NAMES, NAMES, NAMES)
def test_what_decides_a_doubt_is_toml_whatever_the_columns_and_their_words_are_called(column, word, other):
    first = Way({"source.columns": {"kind": column}, "rules": {"kinds": [word, other]}}, f"to keep {word} alone")
    doubt = Doubt("x.csv: rows repeat.", (first, naming("if they are sales", ignore=[column, other])))
    assert tomllib.loads(doubt.remedy) == tables(first.settings)
    other_way = doubt.remedy.splitlines()[-2:]
    assert tomllib.loads(uncommented(other_way)) == tables(doubt.ways[1].settings)
    assert all(line.isprintable() for line in doubt.remedy.split("\n"))


@given(NAMES, NAMES)
def test_a_written_configuration_decides_nothing_until_the_lines_of_a_mark_are_taken_in(column, word):
    doubts = [
        Doubt(f"{word}.csv: rows repeat.", (naming(f"if {column}", ignore=[column]), naming("else", amount=word))),
        Doubt(
            "x.csv: rows pay others.", (Way({"source.columns": {"kind": column}, "rules": {"kinds": [word]}}, "only"),)
        ),
    ]
    text = annotated({"source": {"date_order": "dmy"}}, proposals(doubts), questions(doubts))
    config = parse_config(text, "config.toml")
    assert (config.source.columns.kind, config.source.columns.ignore, config.rules.kinds) == (None, (), ())
    chosen = [uncommented([line]) if line.endswith(("  # 1a", "  # 2a")) else line for line in text.split("\n")]
    config = parse_config("\n".join(chosen), "config.toml")
    assert (config.source.columns.ignore, config.source.columns.amount) == ((column,), None)
    assert (config.source.columns.kind, config.rules.kinds, config.source.date_order) == (column, (word,), "dmy")


def test_doubts_that_do_not_hang_on_each_other_are_told_together_and_the_message_is_the_first(export):
    def row(n):
        return f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, 2 * (n % 10 == 9), "Void" if n % 7 == 3 else "Paid"

    header = ("customer", "date", "amount", "Refund Paid", "Event Type")
    with pytest.raises(UndecidedError) as refused:
        export.read(written(header, map(row, range(40))))
    assert [list(doubt.ways[0].settings["source.columns"]) for doubt in refused.value.doubts] == [
        ["status"],
        ["refunded"],
    ]
    assert "'Void' in 'Event Type'" in str(refused.value)
    assert "Refund Paid" not in "".join([str(refused.value), *refused.value.__notes__])


def test_a_dismissal_keeps_what_is_dismissed_already(export):
    rows = [(f"c{n % 5}", f"2024-01-{n % 15 + 13}", n + 1, n, "Void" if n % 7 == 3 else "Paid") for n in range(40)]
    with pytest.raises(UndecidedError) as refused:
        export.read(written(("customer", "date", "amount", "total", "Event Type"), rows), columns={"ignore": ["total"]})
    assert refused.value.doubts[0].ways[1].settings == {"source.columns": {"ignore": ["total", "Event Type"]}}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_recognised_is_known_whatever_is_in_doubt_and_what_two_files_leave_open_is_told_once(export, kind):
    rows = "".join(f"c{n},2024-01-{n + 13},{n},{n + 1}\n" for n in range(9))
    paths = [export.write(f"customer,date,Total,Subtotal\n{rows}", f"{name}.csv") for name in ("a", "b")]
    connection = open_connection("1GiB", 2, export.folder)
    export.connections.append(connection)
    if kind == "parquet":
        for path in paths:
            connection.execute(
                f"COPY (FROM '{path}' WHERE Total > {len(path.stem)}) TO '{path.with_suffix('.parquet')}'"
            )
        paths = [path.with_suffix(".parquet") for path in paths]
    found = recognised(connection, paths, SourceConfig(), RulesConfig())
    assert found.recognition.columns == {"customer": "customer", "time": "date"}
    n_rows = 9 if kind == "csv" else 7
    assert [(reading.name, reading.n_rows) for reading in found.readings] == [(path.name, n_rows) for path in paths]
    ((total, subtotal),) = (doubt.ways for doubt in found.doubts)
    assert [way.settings["source.columns"] for way in (total, subtotal)] == [
        {"amount": "Total"},
        {"amount": "Subtotal"},
    ]
