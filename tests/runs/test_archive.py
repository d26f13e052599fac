"""A run's folder appears whole or not at all, stays as it was written, and is found again."""

import csv
import ctypes
import gc
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from segmenter.errors import ResourceError, RunError
from segmenter.folders import sweep
from segmenter.runs import archive, removal, tables
from segmenter.runs.removal import HIDDEN
from segmenter.runs.seal import seal
from tests.kept import kept

FIRST, SECOND, THIRD = (f"2026010{day}T080000Z-ab12" for day in (5, 6, 7))


def visible(root):
    return sorted(path.name for path in root.iterdir() if not path.name.startswith("."))


def test_what_is_written_is_read_again(shelf):
    found = archive.read(shelf.write())
    assert found.manifest == shelf.run(FIRST).manifest
    assert found.findings == shelf.made.findings
    expected = shelf.made.customers.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(found.customers, expected, check_dtype=False)


@pytest.mark.parametrize("bom", [True, False])
def test_a_spreadsheet_can_tell_the_encoding_of_the_lists_of_every_run(shelf, bom):
    manifest = replace(shelf.made.manifest, config={"report": {"csv_bom": bom}})
    rejected = pd.DataFrame(
        {"file": ["a.csv"], "line": [2], "column": ["menge"], "reason": ["no number"], "text": ["Grün"]}
    )
    folder = kept(replace(shelf.made, manifest=manifest, rejected=rejected), shelf.root)
    for name in ("anomalies.csv", "rejected.csv"):
        assert (folder / name).read_bytes().startswith(b"\xef\xbb\xbf") == bom
    assert archive.read(folder).rejected["file"].tolist() == ["a.csv"]


def test_two_processes_that_begin_a_run_of_one_export_in_the_same_second_name_it_differently(tmp_path, monkeypatch):
    def name(process):
        monkeypatch.setattr("os.getpid", lambda: process)
        return archive.new_run_id(datetime(2026, 1, 5, 8, tzinfo=UTC), (), tmp_path)

    assert archive.RUN_ID.match(name(1))
    assert name(1) == name(1) != name(2)


def test_ids_that_begin_like_a_formula_or_say_nothing_are_read_back_as_they_were(shelf):
    odd = shelf.made.anomalies
    ids = [["+4910724", "NA", "=1+1", "007", "null"][at % 5] + str(at) * (at >= 5) for at in range(len(odd))]
    shelf.made = replace(shelf.made, anomalies=odd.assign(customer_id=ids))
    folder = shelf.write()
    assert archive.read(folder).anomalies["customer_id"].tolist() == ids
    with (folder / "anomalies.csv").open(encoding="utf-8-sig") as file:
        assert next(row["customer_id"] for row in csv.DictReader(file)) == f"'{ids[0]}"


def test_a_run_of_before_that_tells_more_than_anybody_reads_is_read_as_well(shelf):
    folder = shelf.write()
    document = json.loads((folder / "run.json").read_text())
    document["manifest"]["features"][0]["higher_is_better"] = False
    document["findings"]["preparation"]["explained_variance"] = [0.7, 0.2]
    document["findings"]["map"]["perplexity_asked"] = 60.0
    (folder / "run.json").write_text(json.dumps(document))
    seal(folder)
    assert archive.read(folder).findings == shelf.made.findings


def test_the_files_are_for_their_owner_alone_and_listed_with_their_hashes(shelf):
    folder = shelf.write(finish=lambda aside: (aside / "report.html").write_text("<p>report</p>"))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    told = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "report.html: OK" in told.stdout
    assert len(told.stdout.splitlines()) == len(list(folder.iterdir())) - 1


def test_a_writer_that_fails_leaves_nothing(shelf):
    def full(aside):
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match="No space left"):
        shelf.write(finish=full)
    assert list(shelf.root.iterdir()) == []


@pytest.mark.parametrize("moment", ["before the tables", "before the report", "before the name"])
def test_a_writer_killed_at_any_step_leaves_no_run_and_the_next_one_cleans_up(shelf, moment):
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_die, args=(shelf, moment))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert archive.list_runs(shelf.root) == ()
    assert visible(shelf.root) == []
    assert any(shelf.root.glob(".writing-*"))
    shelf.write(SECOND)
    assert visible(shelf.root) == [SECOND]
    assert not any(shelf.root.glob(".writing-*"))


def _die(shelf, moment):
    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    if moment == "before the tables":
        archive._write_tables = die
    elif moment == "before the name":
        archive.sync = die
        archive.seal = die
    shelf.write(FIRST, finish=die if moment == "before the report" else lambda aside: None)


def test_a_living_writers_folder_is_left_alone(shelf):
    def another_begins(aside):
        assert sweep(shelf.root, HIDDEN) == []
        assert aside.exists()

    shelf.write(finish=another_begins)


@pytest.mark.parametrize("pid", [1, os.getpid(), os.getppid()], ids=["of the first process", "ours", "our parent's"])
def test_what_a_dead_writer_left_goes_whoever_has_its_process_number_now(shelf, pid):
    remnant = shelf.root / f".writing-{pid}-{FIRST}"
    remnant.mkdir(parents=True)
    (remnant / "customers.parquet").write_bytes(b"half of it")
    shelf.write(SECOND)
    assert [path.name for path in shelf.root.iterdir()] == [SECOND]


def test_a_prune_that_was_killed_midway_is_finished_by_the_next_run(shelf):
    folder = shelf.write(FIRST)
    child = multiprocessing.get_context("fork").Process(target=_die_removing, args=(folder,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert visible(shelf.root) == []
    assert any(shelf.root.glob(".writing-*"))
    shelf.write(SECOND)
    assert [path.name for path in shelf.root.iterdir()] == [SECOND]


def _die_removing(folder):
    removal.shutil.rmtree = lambda path: os.kill(os.getpid(), signal.SIGKILL)
    removal.remove(folder)


def test_two_writers_at_once_lose_and_mix_nothing(shelf):
    context = multiprocessing.get_context("fork")
    ids = [f"202601{day:02d}T080000Z-ab12" for day in range(1, 17)]
    children = [context.Process(target=_write_all, args=(shelf, ids[half::2])) for half in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    assert visible(shelf.root) == ids
    assert [archive.read(folder).manifest.run_id for folder in archive.list_runs(shelf.root)] == ids


def _write_all(shelf, ids):
    for run_id in ids:
        shelf.write(run_id)


def test_a_reader_beside_a_prune_sees_whole_runs_or_an_error_that_says_so(shelf):
    for number in range(10, 26):
        shelf.write(f"202601{number}T080000Z-ab12")
    child = multiprocessing.get_context("fork").Process(target=_prune_one_by_one, args=(shelf.root,))
    child.start()
    seen, refused = set(), []
    while child.is_alive():
        for folder in archive.list_runs(shelf.root):
            try:
                seen.add(archive.read(folder).manifest.run_id == folder.name)
            except RunError as error:
                refused.append((str(error), folder.exists()))
    child.join()
    assert seen == {True}
    assert all(("missing" in words or "No such file" in words) and not exists for words, exists in refused)
    assert len(archive.list_runs(shelf.root)) == 1


def test_a_writer_beside_a_prune_loses_no_run_that_was_to_stay(shelf):
    context = multiprocessing.get_context("fork")
    ids = [f"202601{day:02d}T080000Z-ab12" for day in range(1, 17)]
    writer = context.Process(target=_write_all, args=(shelf, ids))
    pruner = context.Process(target=_prune_while_it_grows, args=(shelf.root, ids[-1]))
    for child in (writer, pruner):
        child.start()
    for child in (writer, pruner):
        child.join()
    assert [writer.exitcode, pruner.exitcode] == [0, 0]
    assert visible(shelf.root) == ids[-3:]
    assert [archive.read(folder).manifest.run_id for folder in archive.list_runs(shelf.root)] == ids[-3:]


def _prune_while_it_grows(root, last):
    while not (root / last).exists():
        archive.prune(root, archive.outdated(root, 3, None, (), datetime.now(UTC)))
    archive.prune(root, archive.outdated(root, 3, None, (), datetime.now(UTC)))


def _prune_one_by_one(root):
    for keep in range(15, 0, -1):
        archive.prune(root, archive.outdated(root, keep, None, (), datetime.now(UTC)))
        time.sleep(0.02)


def test_prune_keeps_the_newest_and_the_protected(shelf):
    for run_id in (FIRST, SECOND, THIRD):
        shelf.write(run_id)
    assert archive.prune(
        shelf.root, archive.outdated(shelf.root, 1, None, [FIRST], datetime(2026, 1, 8, tzinfo=UTC))
    ) == (SECOND,)
    assert visible(shelf.root) == [FIRST, THIRD]


def test_prune_by_age_spares_what_is_young(shelf):
    for run_id in (FIRST, SECOND, THIRD):
        shelf.write(run_id)
    archive.prune(shelf.root, archive.outdated(shelf.root, None, 2, (), datetime(2026, 1, 8, 12, tzinfo=UTC)))
    assert visible(shelf.root) == [THIRD]


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library does not tell what it holds")
def test_what_was_read_once_is_not_remembered_for_ever(shelf, tmp_path):
    """A service reads new runs for months; the process that reads them must not grow with each."""
    folder = shelf.write()
    copies = [shutil.copytree(folder, tmp_path / "copies" / str(number) / folder.name) for number in range(120)]
    for copy in copies[:20]:
        tables.read_column(copy / "customers.parquet", "customer_id")
    before = held()
    for copy in copies[20:]:
        tables.read_column(copy / "customers.parquet", "customer_id")
    assert held() - before < 100 * 500


def held():
    """Bytes that the C library has given out."""
    gc.collect()
    names = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]
    fields = type("Fields", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_size_t) for name in names]})
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = fields
    return library.mallinfo2().uordblks
