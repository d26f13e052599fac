"""A few new customers are scored by an earlier run, and read as that run read its own export."""

import json
from dataclasses import replace

import pytest

import segmenter
from segmenter.config import load_config
from segmenter.errors import DataError
from segmenter.intake.undecided import UndecidedError
from segmenter.runs.archive import read_document
from segmenter.runs.seal import seal
from segmenter.scoring import SCORING, score
from tests.end_to_end.conftest import HEAD, QUICK, lines


@pytest.fixture
def few(tmp_path):
    """Two customers whose dates and money can be read in two ways."""
    path = tmp_path / "few.csv"
    path.write_text(
        f"{HEAD}n1;03/04/2025;x1;1.234;EUR\nn1;05/04/2025;x2;2.500;EUR\nn1;06/04/2025;x4;9.000;USD\nn2;07/04/2025;x3;1.050;EUR\n"
    )
    return path


def config_of(in_euros, **more):
    return load_config(None, engine={"archive": str(in_euros.folder.parent)}, **{**QUICK, **more})


def test_two_customers_are_scored_and_read_as_the_runs_own_were(in_euros, few):
    heard = []
    found = score([str(few)], config_of(in_euros), in_euros.folder, tell=heard.append)
    assert found.customers["customer_id"].tolist() == ["n1", "n2"]
    assert heard == [*SCORING]
    dates, numbers = sorted(found.notes, key=lambda note: "numbers" in note)
    assert f"read day first, as in the run {in_euros.folder.name}" in dates
    assert f"read with a decimal comma, as in the run {in_euros.folder.name}" in numbers


def test_the_public_functions_take_a_source_by_itself_and_give_a_run_again_from_its_folder(in_euros, few):
    again = segmenter.read_run(str(in_euros.folder))
    assert again.customers["customer_id"].tolist() == sorted(in_euros.run.customers["customer_id"])
    alone, listed = (segmenter.score(named, config_of(in_euros), str(in_euros.folder)) for named in (few, [str(few)]))
    assert alone.customers.equals(listed.customers)
    with pytest.raises(segmenter.SegmenterError, match=r"no\.csv"):
        segmenter.run("no.csv", config_of(in_euros))


def test_what_the_configuration_settles_is_not_read_as_the_run_was(in_euros, few):
    found = score([str(few)], config_of(in_euros, source={"date_order": "mdy", "decimal": "."}), in_euros.folder)
    assert found.notes == ()


def test_customers_are_not_placed_by_a_model_that_was_made_of_other_money(in_euros, tmp_path):
    path = tmp_path / "dollars.csv"
    path.write_text(f"{HEAD}n1;25/04/2025;x1;12,50;USD\nn2;26/04/2025;x2;13,50;USD\n")
    with pytest.raises(DataError, match=r"is in EUR and the export in USD.*Convert the amounts first"):
        score([str(path)], config_of(in_euros, rules={"currency": "USD"}), in_euros.folder)


def test_an_order_that_the_export_proves_needs_no_run(in_euros, tmp_path):
    path = tmp_path / "proved.csv"
    path.write_text(f"{HEAD}n1;04/25/2025;x1;12,50;EUR\nn2;04/26/2025;x2;13,50;EUR\n")
    assert score([str(path)], config_of(in_euros), in_euros.folder).notes == ()


def test_a_run_of_before_that_was_kept_is_read_and_leaves_open_what_it_does_not_know(in_euros, few, tmp_path):
    document = json.loads((in_euros.folder / "run.json").read_text())
    for reading in document["manifest"]["readings"]:
        assert (reading.pop("date_order"), reading.pop("decimal")) == ("dmy", ",")
    old = tmp_path / "runs" / in_euros.folder.name
    old.mkdir(parents=True)
    for name in ("model.json", "customers.parquet"):
        (old / name).write_bytes((in_euros.folder / name).read_bytes())
    (old / "run.json").write_text(json.dumps(document))
    seal(old)
    manifest = read_document(old)[0]
    assert replace(manifest.readings[0], date_order="dmy", decimal=",") == in_euros.run.manifest.readings[0]
    with pytest.raises(UndecidedError, match="can be read") as refused:
        score([str(few)], config_of(in_euros), old)
    assert [key for doubt in refused.value.doubts for key in doubt.ways[0].settings["source"]] == [
        "decimal",
        "date_order",
    ]


def test_a_part_of_the_history_of_customers_whom_the_run_knows_is_named(in_euros, tmp_path):
    whole = [line for customer in range(30) for line in lines([customer], 300)]
    part = [next(lines([customer], 300)) for customer in range(30)]  # of each customer one line
    for name, rows in (("whole.csv", whole), ("part.csv", part)):
        (tmp_path / name).write_text(HEAD + "".join(rows))
    assert score([str(tmp_path / "whole.csv")], config_of(in_euros), in_euros.folder).notes == ()
    (note,) = score([str(tmp_path / "part.csv")], config_of(in_euros), in_euros.folder).notes
    assert (
        f"30 of these customers are in the run {in_euros.folder.name} already, and 24 of them have fewer orders here"
        in note
    )
