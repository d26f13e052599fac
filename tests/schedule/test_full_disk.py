"""An archive whose disk cannot be written can be looked at, and freed."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from segmenter.errors import RunError
from segmenter.runs import acceptance
from segmenter.runs.archive import list_runs
from segmenter.schedule.journal import open_journal
from tests.kept import kept
from tests.report.made_up import made_up_run
from tests.shell import command

from .conftest import fill, remount

RUNS = ("20260105T080000Z-ab12", "20260112T080000Z-ab12")


@pytest.mark.parametrize("spoil", [fill, remount("ro")], ids=["full", "read-only"])
def test_the_runs_of_a_disk_that_cannot_be_written_are_listed(tmp_path, small_disk, spoil):
    finish_runs(small_disk)
    spoil(small_disk)
    done = command("runs", "list", "--json", "-o", small_disk, cwd=tmp_path)
    alerts = command("alerts", "--json", "-o", small_disk, cwd=tmp_path)
    remount("rw")(small_disk)
    assert done.returncode == 0, done.stderr
    assert [(row["run"], row["accepted"]) for row in json.loads(done.stdout)] == [(RUNS[0], True), (RUNS[1], False)]
    assert b"cannot be opened" not in alerts.stderr


@pytest.mark.parametrize("spoil", [fill, remount("ro")], ids=["full", "read-only"])
def test_a_state_that_cannot_be_written_is_not_told_as_one_that_cannot_be_opened(small_disk, spoil):
    finish_runs(small_disk)
    spoil(small_disk)
    with pytest.raises(
        RunError, match=r"segmenter.sqlite cannot be opened or written: .*Free space, grant write permission"
    ):
        acceptance.accept_first(small_disk, RUNS[1], datetime(2026, 1, 12, tzinfo=UTC))
    remount("rw")(small_disk)


def test_a_full_disk_is_freed_of_old_runs_but_for_the_accepted_one(tmp_path, small_disk, monkeypatch):
    finish_runs(small_disk)
    fill(small_disk)
    monkeypatch.setenv("TMPDIR", str(small_disk))  # often the only disk there is
    done = command("runs", "prune", "--days", "1", "--json", "-o", small_disk, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["removed"] == [RUNS[1]]
    assert [path.name for path in list_runs(small_disk)] == [RUNS[0]]


def test_what_a_full_disk_keeps_out_of_the_services_log_is_told_to_people_line_by_line(small_disk, monkeypatch, capsys):
    log = logging.getLogger("segmenter.service")
    for each, name, value in ((log, "handlers", []), (log, "propagate", True), (logging, "raiseExceptions", True)):
        monkeypatch.setattr(each, name, value)  # so that they are as before afterwards
    open_journal(small_disk)
    fill(small_disk)
    for _ in range(100):
        log.error("tick failed", extra={"cause": "x" * 100})
    told = capsys.readouterr().err.splitlines()
    assert [line.split()[4:6] for line in told] == [["failed", "(cause:"]] * 100


def finish_runs(archive):
    """Two runs, the model of the first accepted."""
    for run_id in RUNS:
        made = made_up_run(n_customers=60)
        kept(replace(made, manifest=replace(made.manifest, run_id=run_id)), archive)
    acceptance.accept_first(archive, RUNS[0], datetime(2026, 1, 5, tzinfo=UTC))
