"""A damaged, cut or foreign file of the archive is named, and never silently used."""

import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial

import duckdb
import pandas as pd
import pytest

from segmenter.errors import RunError
from segmenter.runs import archive, integrity, seal, state, tables
from segmenter.runs.acceptance import _next_number
from segmenter.runs.customers import Earlier
from segmenter.runs.model import read_model, write_model
from segmenter.runs.state import FILE, keep_copy, open_state, read_state, transaction
from segmenter.runs.types import Model
from tests.plain import plain

TABLES = ("run.json", "customers.parquet", "segments.parquet", "anomalies.parquet", "rejected.csv")


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


def test_a_damaged_run_is_passed_over_and_named_and_the_one_before_it_is_taken(shelf):
    for day in range(5, 8):
        shelf.write(f"2026010{day}T080000Z-ab12", as_of=f"2026-01-0{day}")
    newest = shelf.root / "20260107T080000Z-ab12"
    for name in ("run.json", "customers.parquet", "segments.parquet"):  # read first, second and last
        flip(newest / name)
        earlier = Earlier(shelf.root, shelf.made.drawn, date(2026, 1, 8))
        assert earlier.newest().manifest.run_id == "20260106T080000Z-ab12"
        assert earlier.sentences == (f"The earlier run {newest.name} is damaged and was skipped.",)
        flip(newest / name)


def test_a_run_that_is_pruned_while_it_is_looked_for_is_not_there(shelf, monkeypatch):
    for day in (5, 6):
        shelf.write(f"2026010{day}T080000Z-ab12", as_of=f"2026-01-0{day}")
    listed = archive.list_runs(shelf.root)
    monkeypatch.setattr(archive, "list_runs", lambda root: listed)
    shutil.rmtree(listed[-1])
    earlier = Earlier(shelf.root, shelf.made.drawn, date(2026, 1, 8))
    assert earlier.newest().manifest.run_id == "20260105T080000Z-ab12"
    assert earlier.sentences == ()


@pytest.mark.parametrize("name", ["challenger.json", "alerts.parquet"])
def test_of_a_run_that_is_pruned_while_it_is_read_the_half_is_not_taken_for_all(shelf, monkeypatch, name):
    folder = shelf.write(finish=lambda aside: (aside / name).write_text("only some runs have this file"))
    read_table = archive.read_table

    def read_and_prune(path):
        table = read_table(path)
        if path.name == "rejected.csv":  # the last that every run has
            archive.prune(shelf.root, [folder.name])
        return table

    monkeypatch.setattr(archive, "read_table", read_and_prune)
    with pytest.raises(RunError, match=name):
        archive.read(folder)


def test_the_list_of_runs_names_a_damaged_one_and_shows_the_others(shelf, capsys):
    from segmenter.cli import main

    for day in (5, 6):
        shelf.write(f"2026010{day}T080000Z-ab12")
    flip(shelf.root / "20260105T080000Z-ab12" / "run.json")
    assert main(["runs", "list", "--json", "-o", str(shelf.root)]) == 0
    told = capsys.readouterr()
    assert [run["run"] for run in json.loads(told.out)] == ["20260106T080000Z-ab12"]
    assert "20260105T080000Z-ab12/run.json is damaged" in told.err.replace("\n", "")


def test_a_run_of_another_version_is_named_with_both(shelf):
    folder = shelf.write()
    document = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**document, "version": 99}))
    seal.seal(folder)
    with pytest.raises(RunError, match=f"version 99, this program reads {archive.VERSION}"):
        archive.read(folder)


PLAIN = replace(plain("a", "b"), lower=(None, 9.0), transforms=("none", "log1p"))
MODEL = Model(PLAIN, ((10.0, 0.1), (0.0, 1 / 3), (-10.0, 1e-300)), ("Best", "Middle", "Gone"), (0, 2, 5), 6)


@pytest.fixture
def model_file(tmp_path):
    write_model(MODEL, tmp_path / "model.json")
    return tmp_path / "model.json"


def test_a_model_is_read_as_it_was_written(model_file):
    assert read_model(model_file) == MODEL


def test_a_flipped_bit_in_a_model_is_named(model_file):
    flip(model_file)
    with pytest.raises(RunError, match=r"not a usable model .*`segmenter runs accept RUN`"):
        read_model(model_file)


def test_a_damaged_model_of_another_run_gives_no_number_and_stops_nothing(tmp_path):
    for day, name in ((5, "model"), (6, "challenger")):
        (tmp_path / f"2026010{day}T080000Z-ab12").mkdir()
        write_model(MODEL, tmp_path / f"2026010{day}T080000Z-ab12" / f"{name}.json")
    assert _next_number(tmp_path) == MODEL.next_number
    flip(tmp_path / "20260105T080000Z-ab12" / "model.json")
    assert _next_number(tmp_path) == MODEL.next_number
    flip(tmp_path / "20260106T080000Z-ab12" / "challenger.json")
    assert _next_number(tmp_path) == 0


PER_FEATURE = ("fill", "lower", "upper", "lambdas", "center", "scale", "transforms")


def _shortened(part, body):
    """One of what a model holds per feature is one short."""
    body["preparation"][part].pop()


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: body.update(centroids=body["centroids"][:-1]),
        lambda body: body["centroids"][0].pop(),
        lambda body: body["centroids"][0].__setitem__(0, "NaN"),
        lambda body: body["preparation"].update(scale=["Infinity"] * len(body["preparation"]["scale"])),
        lambda body: body.update(numbers=[0] * len(body["numbers"])),
        lambda body: body.update(numbers=[*body["numbers"], body["numbers"][0]]),
        lambda body: body.pop("preparation"),
        *(partial(_shortened, part) for part in PER_FEATURE),
        lambda body: body["preparation"].update(center=[0.0], scale=[1.0]),
        lambda body: body["preparation"].update(donors=[[1.0]]),
        lambda body: body["preparation"].update(scale=[1.0, 0.0]),
        lambda body: body["preparation"].update(scale=[1.0, -1.0]),
        lambda body: body["preparation"].update(fill=["NaN", 0.0]),
        lambda body: body["preparation"].update(upper=["Infinity", None]),
        lambda body: body["preparation"].update(transforms=["none", "exp"]),
        lambda body: body["preparation"].update(transforms=["none", "yeo-johnson"]),
        lambda body: body["preparation"].update({part: [] for part in (*PER_FEATURE, "names")}),
    ],
)
def test_numbers_that_are_no_model_are_refused_even_with_a_right_checksum(model_file, edit):
    from segmenter.runs import model as module

    document = json.loads(model_file.read_text())
    edit(document["model"])
    document["sha256"] = module._checksum(document["model"])
    model_file.write_text(json.dumps(document))
    with pytest.raises(RunError, match="not a usable model"):
        read_model(model_file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"version": 2}',
        "\x00\x01",
        '{"version": 1, "sha256": "", "model": {}}',
        "[" * 200_000,
        '{"a":' * 200_000,
    ],
    ids=["nothing", "no keys", "a list", "no model", "bytes", "an older one", "deep lists", "deep objects"],
)
def test_a_file_that_is_no_model_is_refused(model_file, text):
    model_file.write_text(text)
    with pytest.raises(RunError, match="not a usable model"):
        read_model(model_file)


def accept(root, run_id):
    with open_state(root) as state, transaction(state):
        state.execute("INSERT INTO acceptance (run_id, model, accepted_at) VALUES (?, 'model', 'now')", (run_id,))


def accepted(root):
    with open_state(root) as state:
        return [row["run_id"] for row in state.execute("SELECT run_id FROM acceptance ORDER BY number")]


def repairs(root):
    with open_state(root) as state:
        return [row["cause"] for row in state.execute("SELECT cause FROM repair ORDER BY number")]


def test_a_damaged_ledger_without_a_copy_is_set_aside_begins_anew_and_tells_so(tmp_path, caplog):
    accept(tmp_path, "a")
    (tmp_path / FILE).write_bytes(b"SQLite format 3\x00" + b"\x7f" * 8000)
    assert accepted(tmp_path) == []
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
    assert "There was no copy" in caplog.text
    assert "There was no copy" in repairs(tmp_path)[0]


def test_of_a_damaged_ledger_the_kept_copy_takes_the_place_and_only_what_came_later_is_lost(tmp_path):
    accept(tmp_path, "a")
    keep_copy(tmp_path)
    accept(tmp_path, "b")
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:3000])
    assert accepted(tmp_path) == ["a"]
    assert "what came later is missing" in repairs(tmp_path)[0]
    accept(tmp_path, "c")
    assert accepted(tmp_path) == ["a", "c"]


def test_a_copy_is_private_and_a_damaged_one_is_not_used(tmp_path):
    accept(tmp_path, "a")
    keep_copy(tmp_path)
    copy = tmp_path / integrity.COPY
    assert copy.stat().st_mode & 0o077 == 0
    flip(copy)
    (tmp_path / FILE).write_bytes(b"no ledger")
    assert accepted(tmp_path) == []
    assert "There was no copy" in repairs(tmp_path)[0]


@pytest.mark.parametrize("is_sound", [True, False])
def test_a_ledger_that_is_missing_beside_its_copy_does_not_begin_anew_but_where_the_copy_is_damaged(tmp_path, is_sound):
    accept(tmp_path, "a")
    keep_copy(tmp_path)
    copy = (tmp_path / integrity.COPY).read_bytes()
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / integrity.COPY).write_bytes(copy if is_sound else copy[:3000])
    assert accepted(tmp_path) == (["a"] if is_sound else [])
    assert f"{FILE} is missing. " in repairs(tmp_path)[0]
    keep_copy(tmp_path)
    assert accepted(tmp_path) == (["a"] if is_sound else [])


def test_a_copy_that_is_put_in_the_place_of_the_ledger_is_one(tmp_path):
    accept(tmp_path, "a")
    keep_copy(tmp_path)
    restored = tmp_path / "restored"
    restored.mkdir()
    shutil.copyfile(tmp_path / integrity.COPY, restored / FILE)
    accept(restored, "b")
    assert accepted(restored) == ["a", "b"]
    assert repairs(restored) == []


def test_an_unfinished_copy_of_a_process_that_was_killed_goes_and_one_that_is_being_made_stays(tmp_path):
    accept(tmp_path, "a")
    old, young = (tmp_path / f"{integrity.COPY}-{number}" for number in (1, 2))
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    keep_copy(tmp_path)
    assert sorted(tmp_path.glob(f"{integrity.COPY}*")) == [tmp_path / integrity.COPY, young]


@pytest.fixture(scope="module")
def ledger_files(tmp_path_factory):
    """The files of a ledger with a hundred entries, none of them outside the main file, and its copy."""
    root = tmp_path_factory.mktemp("ledger")
    for number in range(50):
        accept(root, f"{number}")
    keep_copy(root)
    for number in range(50, 100):
        accept(root, f"{number}")
    return {path.name: path.read_bytes() for path in root.iterdir()}


def put(root, files):
    for path in root.iterdir():
        path.unlink()
    for name, raw in files.items():
        (root / name).write_bytes(raw)


def flipped(raw, generator):
    """`raw` with one bit of it turned over."""
    found = bytearray(raw)
    found[generator.randrange(len(found))] ^= 1 << generator.randrange(8)
    return bytes(found)


def test_no_flipped_bit_anywhere_in_a_ledger_gives_a_wrong_entry(tmp_path, ledger_files):
    generator = random.Random(1)
    mended = 0
    for _ in range(60):
        put(tmp_path, {**ledger_files, FILE: flipped(ledger_files[FILE], generator)})
        found, n_repairs = accepted(tmp_path), len(repairs(tmp_path))
        mended += n_repairs
        assert found == [str(number) for number in range(50 if n_repairs else 100)]
    assert mended > 5


def test_a_ledger_cut_anywhere_is_never_taken_for_a_shorter_one(tmp_path, ledger_files):
    generator = random.Random(2)
    for _ in range(20):
        put(tmp_path, {**ledger_files, FILE: ledger_files[FILE][: generator.randrange(len(ledger_files[FILE]))]})
        assert len(accepted(tmp_path)) == 50
        assert len(repairs(tmp_path)) == 1


KILLED = """
import os, sys
from pathlib import Path
from segmenter.runs.state import open_state, transaction
with open_state(Path(sys.argv[1])) as state:
    for number in range(30):
        with transaction(state):
            state.execute("INSERT INTO acceptance (run_id, model, accepted_at) VALUES (?, 'model', 'now')", (number,))
    os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def log_files(tmp_path_factory):
    """The files of a ledger whose process was killed, with thirty entries in the write-ahead log alone."""
    root = tmp_path_factory.mktemp("log")
    subprocess.run([sys.executable, "-c", KILLED, str(root)], check=False)
    assert (root / f"{FILE}-wal").stat().st_size > 30 * 4096
    return {path.name: path.read_bytes() for path in root.iterdir() if not path.name.endswith("-shm")}


def test_a_flipped_bit_in_the_write_ahead_log_loses_no_entry_in_silence(tmp_path, log_files):
    generator, log = random.Random(3), f"{FILE}-wal"
    mended = 0
    for _ in range(40):
        put(tmp_path, {**log_files, log: flipped(log_files[log], generator)})
        found, n_repairs = accepted(tmp_path), len(repairs(tmp_path))
        mended += n_repairs
        assert found == [str(number) for number in range(len(found))]
        assert len(found) == 30 or n_repairs == 1
    assert mended > 20


def test_for_reading_alone_a_damaged_ledger_is_named_and_left_where_it_is(tmp_path):
    accept(tmp_path, "a")
    (tmp_path / FILE).write_bytes(b"no ledger")
    with pytest.raises(RunError, match="cannot be read"), read_state(tmp_path):
        pass
    assert (tmp_path / FILE).read_bytes() == b"no ledger"


def test_reading_writes_nothing_and_an_archive_without_a_ledger_reads_as_empty(tmp_path):
    with read_state(tmp_path / "none") as state:
        assert state.execute("SELECT count(*) FROM slot").fetchone()[0] == 0
    assert not (tmp_path / "none").exists()
    accept(tmp_path, "a")
    before = (tmp_path / FILE).read_bytes()
    with read_state(tmp_path) as state:
        assert state.execute("SELECT run_id FROM acceptance").fetchone()[0] == "a"
    assert (tmp_path / FILE).read_bytes() == before


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path):
    with open_state(tmp_path) as state:
        state.execute("PRAGMA user_version = 99")
        state.execute("UPDATE seal SET n_rows = 99 WHERE name = 'schema'")
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


def test_who_opens_a_new_state_while_another_turns_it_to_its_log_waits_for_it(tmp_path, monkeypatch):
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # SQLite refuses at once whoever would turn the file to its log now
        monkeypatch.setattr("segmenter.runs.state.time.sleep", lambda _: other.rollback())
        with open_state(tmp_path) as state:
            assert state.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def _accept_many(root, number):
    for at in range(25):
        accept(root, f"{number}-{at}")


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    with open_state(tmp_path) as state:
        with pytest.raises(sqlite3.IntegrityError), transaction(state):
            state.executemany(
                "INSERT INTO acceptance (run_id, model, accepted_at) VALUES (?, 'model', 'now')", [("a",), (None,)]
            )
        assert state.execute("SELECT count(*) FROM acceptance").fetchone()[0] == 0


def test_a_state_that_another_process_does_not_let_go_of_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "PATIENCE", 0.1)
    accept(tmp_path, "a")
    waits = pytest.raises(RunError, match=r"in use by another process .* Try again when that one has ended")
    with open_state(tmp_path) as holder, transaction(holder), waits:
        accept(tmp_path, "b")
    accept(tmp_path, "c")
    assert accepted(tmp_path) == ["a", "c"]


def test_a_transaction_that_sqlite_gave_up_itself_is_told_by_its_own_error(tmp_path):
    def given_up(state):
        state.execute("ROLLBACK")
        raise ValueError("the disk is full")

    with open_state(tmp_path) as state, pytest.raises(ValueError, match="is full"), transaction(state):
        given_up(state)


BESIDE = """
import sys
from pathlib import Path
from segmenter.runs.state import open_state
with open_state(Path(sys.argv[1])) as state:
    print(*(row["run_id"] for row in state.execute("SELECT run_id FROM acceptance ORDER BY number")))
"""  # of the last one that closes the file SQLite removes the write-ahead log


def test_of_two_connections_of_a_process_neither_lets_go_of_the_file_for_the_other(tmp_path):
    def seen():
        words = [sys.executable, "-c", BESIDE, str(tmp_path)]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()

    with open_state(tmp_path) as first:
        with open_state(tmp_path):  # as another thread of the service does
            pass
        assert seen() == []
        with transaction(first):
            first.execute("INSERT INTO acceptance (run_id, model, accepted_at) VALUES ('first', 'model', 'now')")
        assert seen() == ["first"]


def test_a_table_for_which_there_is_no_memory_is_not_called_damaged(tmp_path, monkeypatch):
    path = tmp_path / "customers.parquet"
    tables.write_parquet(pd.DataFrame({"customer_id": [str(number) * 50 for number in range(50_000)]}), path)
    seal.seal(tmp_path)
    small = duckdb.connect(config={"threads": 1, "memory_limit": "1MB"})
    monkeypatch.setattr(tables, "_database", lambda: small)
    with pytest.raises(MemoryError, match="Out of Memory Error"):
        tables.read_table(path)
    with pytest.raises(MemoryError):
        tables.read_column(path, "customer_id")
