"""A damaged, cut or foreign file of the archive is named, and never silently used."""

import json
import multiprocessing
import sqlite3

import pytest

from segmenter.analysis.findings import Preparation
from segmenter.errors import RunError
from segmenter.runs import archive, seal
from segmenter.runs.model import read_model, write_model
from segmenter.runs.state import FILE, open_state, transaction
from segmenter.runs.types import Model

TABLES = ("run.json", "customers.parquet", "segments.parquet", "anomalies.csv", "rejected.csv")


def flip(path, share=0.5):
    raw = bytearray(path.read_bytes())
    raw[int(len(raw) * share)] ^= 0b100
    path.write_bytes(raw)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_flipped_bit_anywhere_in_a_run_is_named(shelf, name, share):
    folder = shelf.write()
    flip(folder / name, share)
    with pytest.raises(RunError, match=name):
        archive.read(folder)


@pytest.mark.parametrize("name", [*TABLES, seal.FILE])
def test_a_cut_or_missing_file_is_named(shelf, name):
    folder = shelf.write()
    (folder / name).write_bytes((folder / name).read_bytes()[:-9])
    with pytest.raises(RunError, match=name if name != seal.FILE else "damaged"):
        archive.read(folder)
    (folder / name).unlink()
    with pytest.raises(RunError, match=name if name != seal.FILE else "SHA256SUMS"):
        archive.read(folder)


def test_a_run_of_another_version_is_named_with_both(shelf):
    folder = shelf.write()
    document = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**document, "version": 99}))
    seal.seal(folder)
    with pytest.raises(RunError, match=f"version 99, this program reads {archive.VERSION}"):
        archive.read(folder)


PLAIN = Preparation(
    ("a", "b"), (0.0, 0.0), (None, 9.0), (None, None), "none", (None, None), (0.0, 0.0), (1.0, 1.0), None, None, (),
    ("none", "log1p"),
)  # fmt: skip
MODEL = Model(PLAIN, ((10.0, 0.1), (0.0, 1 / 3), (-10.0, 1e-300)), ("Best", "Middle", "Gone"), (0, 2, 5), 6)


@pytest.fixture
def model_file(tmp_path):
    write_model(MODEL, tmp_path / "model.json")
    return tmp_path / "model.json"


def test_a_model_is_read_as_it_was_written(model_file):
    assert read_model(model_file) == MODEL


def test_a_flipped_bit_in_a_model_is_named(model_file):
    flip(model_file)
    with pytest.raises(RunError, match="no model that can be used"):
        read_model(model_file)


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: body.update(centroids=body["centroids"][:-1]),
        lambda body: body["centroids"][0].pop(),
        lambda body: body["centroids"][0].__setitem__(0, "NaN"),
        lambda body: body["preparation"].update(scale=["Infinity"] * len(body["preparation"]["scale"])),
        lambda body: body.update(numbers=[0] * len(body["numbers"])),
        lambda body: body.pop("preparation"),
    ],
    ids=["a centroid less", "a feature less", "not a number", "infinite", "numbers twice", "half of it"],
)
def test_numbers_that_are_no_model_are_refused_even_with_a_right_checksum(model_file, edit):
    from segmenter.runs import model as module

    document = json.loads(model_file.read_text())
    edit(document["model"])
    document["sha256"] = module._checksum(document["model"])
    model_file.write_text(json.dumps(document))
    with pytest.raises(RunError, match="no model that can be used"):
        read_model(model_file)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2}', "\x00\x01", '{"version": 1, "sha256": "", "model": {}}']
)
def test_a_file_that_is_no_model_is_refused(model_file, text):
    model_file.write_text(text)
    with pytest.raises(RunError, match="no model that can be used"):
        read_model(model_file)


def test_a_damaged_ledger_is_set_aside_and_the_next_opening_begins_anew(tmp_path):
    with open_state(tmp_path):
        pass
    (tmp_path / FILE).write_bytes(b"SQLite format 3\x00" + b"\x7f" * 8000)
    with pytest.raises(RunError, match=r"damaged.*begin anew"), open_state(tmp_path):
        pass
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
    with open_state(tmp_path) as state:
        assert state.execute("SELECT count(*) FROM acceptance").fetchone()[0] == 0


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path):
    with open_state(tmp_path) as state:
        state.execute("PRAGMA user_version = 99")
    with pytest.raises(RunError, match="version 99"), open_state(tmp_path):
        pass
    assert (tmp_path / FILE).exists()


def test_processes_that_write_at_once_wait_for_each_other(tmp_path):
    children = [
        multiprocessing.get_context("fork").Process(target=_accept_many, args=(tmp_path, number)) for number in range(4)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    with open_state(tmp_path) as state:
        assert state.execute("SELECT count(*), count(DISTINCT run_id) FROM acceptance").fetchone()[:] == (100, 100)


def _accept_many(root, number):
    for at in range(25):
        with open_state(root) as state, transaction(state):
            state.execute(
                "INSERT INTO acceptance (run_id, model, accepted_at) VALUES (?, 'model', 'now')", (f"{number}-{at}",)
            )


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    with open_state(tmp_path) as state:
        with pytest.raises(sqlite3.IntegrityError), transaction(state):
            state.executemany(
                "INSERT INTO acceptance (run_id, model, accepted_at) VALUES (?, 'model', 'now')", [("a",), (None,)]
            )
        assert state.execute("SELECT count(*) FROM acceptance").fetchone()[0] == 0
