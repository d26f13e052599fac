"""Real runs in real processes: what goes wrong is told with its cause, and mends itself."""

import os
import subprocess
import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta

import pytest

from segmenter.commands.schedule import command_of
from segmenter.sample import generate
from segmenter.schedule import Service, Settings

from .conftest import Clock, Shop

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
LINES = "[views]\ntsne_sample = 60\nhierarchy_sample = 60\n[kmeans]\nbootstraps = 0\n"


class RealShop(Shop):
    """A shop whose reports are made by the program itself."""

    def __init__(self, root, archive):
        self.root, self.archive, self.file = root, archive, root / "config.toml"
        self.clock = Clock(datetime(2026, 3, 1, tzinfo=UTC))
        self.services = []
        self.write(
            {
                "name": "weekly", "cron": "0 8 * * 1", "retries": 0, "formats": ("html",), "sources": (str(root / "sales.csv"),),
                "recipients": (f"folder:{root / 'out'}",), "owner": (f"folder:{root / 'owner'}",),
            },
            lines=LINES.splitlines(),
        )  # fmt: skip

    def service(self):
        options = Namespace(config=str(self.file))
        made = Service(Settings(self.file), lambda config: command_of(options, config), self.clock)
        self.services.append(made)
        return made

    def week(self, number):
        self.clock.moment = MONDAY + timedelta(days=7 * number)
        self.settle(self.services[-1], ticks=2)


@pytest.fixture
def shop(tmp_path):
    made = RealShop(tmp_path, tmp_path / "runs")
    yield made
    for service in made.services:
        service.finish()


def test_a_deleted_source_is_told_by_its_name_and_when_it_is_back_all_is_well(shop):
    shop.settle(shop.service())
    shop.week(0)
    assert "sales.csv" in shop.slots("cause")[0][0]
    assert "sales.csv" in shop.mail("owner")[0]["body"]
    assert "Traceback" not in shop.slots("cause")[0][0]
    generate(shop.root / "sales.csv", 120, seed=2)
    shop.week(1)
    assert shop.slots("state") == [("failed",), ("done",)]
    assert [row["kind"] for row in shop.mail()] == ["notice", "owner", "report", "owner"]
    (made,) = (shop.root / "out").glob("*-weekly")
    assert {path.name for path in made.iterdir()} == {"message.html", "report.html"}


def test_a_source_that_is_no_export_is_told_in_words(shop):
    (shop.root / "sales.csv").write_text("hello\n")
    shop.settle(shop.service())
    shop.week(0)
    ((state, cause),) = shop.slots("state", "cause")
    assert state == "failed"
    assert "sales.csv" in cause


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_on_a_full_disk_no_half_run_appears_and_space_mends_it(tmp_path):
    archive = tmp_path / "runs"
    archive.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(archive)], check=False)
    if done.returncode:
        pytest.skip("this machine permits no mounts")
    try:
        shop = RealShop(tmp_path, archive)
        shop.file.write_text(shop.file.read_text().replace("[views]", "[service]\nmin_free_mib = 0\n[views]"))
        generate(tmp_path / "sales.csv", 120, seed=2)
        shop.settle(shop.service())
        (archive / "ballast").write_bytes(b"x" * 3_000_000)
        shop.week(0)
        assert shop.slots("state") == [("failed",)]
        assert "space" in shop.slots("cause")[0][0].lower()
        assert [path.name for path in archive.iterdir() if path.is_dir()] == []
        (archive / "ballast").unlink()
        shop.week(1)
        assert shop.slots("state")[-1] == ("done",)
        shop.services[-1].finish()
    finally:
        subprocess.run(["umount", "-l", str(archive)], check=True)


def test_deliver_sends_a_run_by_hand(shop):
    generate(shop.root / "sales.csv", 120, seed=2)
    words = [sys.executable, "-m", "segmenter"]
    run = subprocess.run(
        [*words, "schedule", "run", "weekly", "-c", str(shop.file), "--json"], capture_output=True, check=True
    )
    assert b'"state": "done"' in run.stdout
    to = f"folder:{shop.root / 'again'}"
    subprocess.run([*words, "deliver", "latest", "--to", to, "-c", str(shop.file)], check=True)
    assert list((shop.root / "again").glob("*/report.html"))
    wrong = subprocess.run(
        [*words, "deliver", "latest", "--to", "nobody", "-c", str(shop.file)], capture_output=True, check=False
    )
    assert wrong.returncode == 1
    assert b"no e-mail address" in wrong.stderr
