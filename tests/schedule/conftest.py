"""A shop with schedules: a clock that is set by hand, a run that exists, and a command that names it."""

import contextlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from segmenter.config.schedule import ScheduleConfig
from segmenter.runs.state import open_state
from segmenter.schedule import Service, Settings
from tests.kept import kept
from tests.report.made_up import made_up_run

NAMES_THE_RUN = "import json, sys; print(json.dumps({'run': sys.argv[1], 'folder': sys.argv[2], 'n_customers': 300}))"


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self, moment):
        self.moment = moment

    def __call__(self):
        return self.moment

    def advance(self, **units):
        self.moment += timedelta(**units)


class Shop:
    """An archive with one run, a configuration with schedules, and the services that are started on it."""

    def __init__(self, root, run_folder):
        self.root, self.archive, self.file = root, root / "runs", root / "config.toml"
        self.run_folder = Path(shutil.copytree(run_folder, self.archive / run_folder.name))
        self.clock = Clock(datetime(2026, 3, 1, tzinfo=UTC))
        self.script = NAMES_THE_RUN
        self.services = []
        self.write()

    def write(self, *schedules, **more):
        """Write the configuration with these schedules, each a dictionary of keys."""
        lines = ["[engine]", f'archive = "{self.archive}"', *more.get("lines", ())]
        for keys in schedules:
            lines += ["[[schedule]]", *(f"{key} = {value!r}" for key, value in keys.items())]
        self.file.write_text("\n".join(lines).replace("(", "[").replace(")", "]"))

    def service(self):
        """Another service, as after a restart."""
        made = Service(Settings(self.file), lambda *_: self.command, self.clock)
        self.services.append(made)
        return made

    def command(self, schedule):
        python = [sys.executable, "-I", "-S", "-c"]  # what the scripts need is in the standard library
        return [*python, self.script, self.run_folder.name, str(self.run_folder), schedule.name]

    def settle(self, service, ticks=1):
        """Tick and wait for what it began."""
        for _ in range(ticks):
            service.tick()
            for future in list(service._working.values()):
                future.exception()
            wait([future for _, future in service.post._sending.values()])
        service._collect()

    def slots(self, *columns):
        columns = columns or ("schedule", "due", "state")
        with open_state(self.archive) as state:
            rows = state.execute("SELECT * FROM slot ORDER BY due, schedule").fetchall()
        return [tuple(row[column] for column in columns) for row in rows]

    def mail(self, kind=None):
        with open_state(self.archive) as state:
            rows = state.execute("SELECT * FROM delivery ORDER BY number").fetchall()
        return [dict(row) for row in rows if kind in {None, row["kind"]}]


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    def finish(aside):
        (aside / "report.html").write_text(f"<h1>Customers</h1><p>{'What we know of them. ' * 20}</p>")
        (aside / "report.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")

    return kept(made_up_run(), tmp_path_factory.mktemp("made") / "runs", finish)


@pytest.fixture
def shop(tmp_path, run_folder):
    made = Shop(tmp_path, run_folder)
    yield made
    for service in made.services:
        service.finish()


def schedule(**keys):
    return ScheduleConfig(**{"name": "weekly", "cron": "0 8 * * 1", **keys})


def folder_of(root):
    return f"folder:{Path(root) / 'out'}"


@pytest.fixture
def small_disk(tmp_path):
    """An archive on a disk of its own, of 4 MB."""
    archive = tmp_path / "runs"
    archive.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", archive], check=False).returncode
    ):
        pytest.skip("only where root may mount a small disk")
    yield archive
    subprocess.run(["umount", "-l", archive], check=True)


def fill(disk):
    """Leave no byte free."""
    with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
        while ballast.write(b"x" * 512):
            continue


def remount(how):
    return lambda disk: subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)
