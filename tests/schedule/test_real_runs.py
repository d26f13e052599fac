"""Real runs in real processes: what goes wrong is told with its cause, and mends itself."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from segmenter.commands.schedule import command_of
from segmenter.privacy import SECRET
from segmenter.sample import generate
from segmenter.schedule import Service, Settings, by_hand, refuse_unready
from tests.shell import command

from .conftest import Clock, Shop, fill, remount

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
        made = Service(Settings(self.file, check=refuse_unready), command_of, self.clock)
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


@pytest.mark.slow
def test_a_deleted_source_is_told_by_its_name_and_when_it_is_back_all_is_well(shop):
    shop.settle(shop.service())
    shop.week(0)
    assert "sales.csv" in shop.slots("cause")[0][0]
    assert "sales.csv" in shop.mail("owner")[0]["body"]
    assert "Traceback" not in shop.slots("cause")[0][0]
    generate(shop.root / "sales.csv", 120, seed=2)
    shop.week(1)
    assert shop.slots("state") == [("failed",), ("done",)]
    assert [row["kind"] for row in shop.mail()] == [
        "notice",
        "owner",
        "report",
        "owner",
        "owner",
    ]  # the sample is old, too
    (made,) = (shop.root / "out").glob("*-weekly")
    assert {path.name for path in made.iterdir()} == {"message.html", "report.html"}


@pytest.mark.slow
def test_a_configuration_that_was_broken_while_the_service_runs_spoils_no_due_time(shop):
    generate(shop.root / "sales.csv", 120, seed=2)
    shop.settle(shop.service())
    shop.file.write_text("[[schedule]\nname = ")
    shop.week(0)
    assert shop.slots("state", "cause") == [("done", "")]
    assert sorted(row["kind"] for row in shop.mail()) == ["owner", "owner", "report"]  # the sample is old, too
    assert shop.services[0].settings.file().stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_source_that_is_being_written_is_told_as_such(shop):
    source = shop.root / "sales.csv"
    generate(source, 120, seed=2)
    line = source.read_text().splitlines()[-1] + "\n"
    ended = threading.Event()

    def write():
        while not ended.is_set():
            with source.open("a") as file:
                file.write(line * 50)
            time.sleep(0.002)

    shop.settle(shop.service())
    writer = threading.Thread(target=write)
    writer.start()
    shop.week(0)
    ended.set()
    writer.join()
    ((state, cause),) = shop.slots("state", "cause")
    assert state == "failed"
    assert "still being written" in cause
    shop.week(1)
    assert shop.slots("state")[-1] == ("done",)


@pytest.mark.slow
def test_a_dry_run_writes_report_and_mails_aside_and_leaves_the_archive_as_it_is(shop):
    generate(shop.root / "sales.csv", 120, seed=2)
    shop.write(
        {"name": "weekly", "cron": "0 8 * * 1", "sources": (str(shop.root / "sales.csv"),), "formats": ("html",),
         "recipients": ("me@shop.example", f"folder:{shop.root / 'out'}")},
        lines=LINES.splitlines(),
    )  # fmt: skip
    words = ("schedule", "run", "weekly", "--dry-run", "-c", shop.file, "--mails", shop.root / "mails")
    assert command(*words, cwd=shop.root).returncode == 0
    assert not shop.archive.exists()
    assert (shop.root / "mails" / "weekly-1.eml").read_bytes().count(b"Message-ID") == 1
    runs = [path for path in (shop.root / "mails").iterdir() if (path / "report.html").is_file()]
    assert len(runs) == 1
    assert not (shop.root / "out").exists()


def test_a_dry_run_knows_the_pseudonyms_of_the_archive_and_writes_into_no_cache_of_its(shop):
    shop.archive.mkdir(exist_ok=True)
    (shop.archive / SECRET).write_bytes(b"key")
    (shop.archive / ".cache").mkdir()
    with by_hand._shadow(shop.archive) as shadow:
        (shadow / ".cache").mkdir()
        (shadow / ".cache" / "piece").touch()
        assert (shadow / SECRET).read_bytes() == b"key"
    assert [*(shop.archive / ".cache").iterdir()] == []


def test_a_source_that_is_no_export_is_told_in_words(shop):
    (shop.root / "sales.csv").write_text("hello\n")
    shop.settle(shop.service())
    shop.week(0)
    ((state, cause),) = shop.slots("state", "cause")
    assert state == "failed"
    assert "sales.csv" in cause


@pytest.mark.slow
def test_on_a_full_disk_no_half_run_appears_and_space_mends_it(tmp_path, small_disk):
    shop = RealShop(tmp_path, small_disk)
    shop.file.write_text(shop.file.read_text().replace("[views]", "[service]\nmin_free_mib = 0\n[views]"))
    generate(tmp_path / "sales.csv", 120, seed=2)
    shop.settle(shop.service())
    (small_disk / "ballast").write_bytes(b"x" * 3_000_000)
    shop.week(0)
    assert shop.slots("state") == [("failed",)]
    assert "space" in shop.slots("cause")[0][0].lower()
    assert [path.name for path in small_disk.iterdir() if path.is_dir()] == []
    (small_disk / "ballast").unlink()
    shop.week(1)
    assert shop.slots("state")[-1] == ("done",)
    shop.services[-1].finish()


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [(fill, lambda disk: (disk / "ballast").unlink()), (remount("ro"), remount("rw"))],
    ids=["full", "read-only"],
)
def test_a_ledger_that_cannot_be_written_ends_no_service_and_the_due_time_is_made_up_for(
    tmp_path, small_disk, caplog, spoil, mend
):
    shop = RealShop(tmp_path, small_disk)
    service = shop.service()
    shop.command = lambda each: [sys.executable, "-c", "raise SystemExit('segmenter: The export is gone.')"]
    service.command = lambda *_: shop.command
    shop.settle(service)
    spoil(small_disk)
    shop.clock.moment = MONDAY
    with caplog.at_level("ERROR", "segmenter.service"):
        service._tick_safely()
        shop.clock.advance(minutes=1)
        service._tick_safely()
    assert [record.message for record in caplog.records] == ["tick failed", "tick failed"]
    mend(small_disk)
    shop.clock.advance(minutes=1)
    shop.settle(service, ticks=2)
    assert shop.slots("due", "state") == [(MONDAY.isoformat(), "failed")]
    assert [row["kind"] for row in shop.mail()] == ["notice", "owner"]


@pytest.mark.parametrize("spoil", [fill, remount("ro")], ids=["full", "read-only"])
def test_a_monitor_can_look_at_a_disk_that_cannot_be_written(tmp_path, small_disk, spoil):
    shop = RealShop(tmp_path, small_disk)
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service, ticks=2)
    spoil(small_disk)
    done = command("schedule", "status", "--json", "-c", shop.file, cwd=shop.root)
    remount("rw")(small_disk)
    assert done.returncode == 1, done.stderr
    (found,) = json.loads(done.stdout)["schedules"]
    assert found["state"] == "failed"
    assert "MiB left" in found["problem"]


def test_a_report_by_hand_that_fails_says_so_once_with_its_cause(shop):
    done = command("schedule", "run", "weekly", "-c", shop.file, cwd=shop.root)
    assert done.returncode == 1
    (said,) = done.stderr.decode().splitlines()
    assert said.startswith("failed: no run. There is no file")


@pytest.mark.slow
def test_deliver_sends_a_run_by_hand(shop):
    generate(shop.root / "sales.csv", 120, seed=2)

    def segmenter(*words):
        return command(*words, "-c", shop.file, cwd=shop.root)

    assert b'"state": "done"' in segmenter("schedule", "run", "weekly", "--json").stdout
    assert segmenter("deliver", "latest", "--to", f"folder:{shop.root / 'again'}").returncode == 0
    assert list((shop.root / "again").glob("*/report.html"))
    assert segmenter("deliver", "latest", "--alerts", "--to", f"folder:{shop.root / 'alerts'}").returncode == 0
    (body,) = (shop.root / "alerts").glob("*/message.html")
    assert "This is the first run" in body.read_text()
    wrong = segmenter("deliver", "latest", "--to", "nobody")
    assert wrong.returncode == 2
    assert b"not an e-mail address" in wrong.stderr


def told(shop):
    """Ids of the customers that the alerts in the folder name as new, a set per message."""
    bodies = [path.read_text() for path in sorted((shop.root / "out").glob("*/message.html"))]
    news = [body.partition(">New <")[2].partition("<h2")[0] for body in bodies]
    return [set(re.findall(r"<b>([^<]+)</b>", part)) for part in news]


@pytest.mark.slow
def test_an_alert_schedule_tells_what_is_new_to_its_recipients_once_whatever_runs_lie_between(shop):
    generate(shop.root / "sales.csv", 150, seed=2)
    alerts = {"name": "odd", "cron": "0 8 * * 1", "kind": "alerts", "condition": "new anomalies", "formats": ("html",),
              "sources": (str(shop.root / "sales.csv"),), "recipients": (f"folder:{shop.root / 'out'}",)}  # fmt: skip

    def on(day):
        shop.write(alerts, lines=[*LINES.splitlines(), "[features]", f"as_of = {day}"])

    on("2025-03-31")
    shop.settle(shop.service())
    shop.week(0)
    assert shop.slots("state", "cause") == [("done", "No customer is newly odd.")]
    on("2025-05-31")
    looked = command("run", "-c", shop.file, shop.root / "sales.csv", "--quiet", cwd=shop.root)
    assert looked.returncode == 0  # somebody looked; the team is still to hear of what is new
    shop.week(1)
    (first,) = told(shop)
    assert first
    assert "Odd customers, May 31, 2025" in next((shop.root / "out").glob("*/message.html")).read_text()
    shop.week(2)  # the same export once more
    assert shop.slots("cause")[-1] == ("No customer is newly odd.",)
    assert told(shop) == [first]


SECRETS = {"SHOP_PASSWORD": "horse-battery-staple", "SHOP_HOOK": "http://127.0.0.1:1/hook?token=t0ken-of-the-shop",
           "SHOP_KEY": "key-that-signs"}  # fmt: skip


def test_no_planted_secret_is_left_in_any_file_or_line(shop):
    generate(shop.root / "sales.csv", 120, seed=2)
    delivery = ["[delivery]", 'smtp_host = "127.0.0.1"', "smtp_port = 1", 'user = "shop"', 'password_env = "SHOP_PASSWORD"',
                'security = "none"', 'sender = "reports@shop.example"', "private_addresses = true",
                "[delivery.webhooks.ops]", 'url_env = "SHOP_HOOK"', 'secret_env = "SHOP_KEY"']  # fmt: skip
    shop.write(
        {"name": "weekly", "cron": "0 8 * * 1", "sources": (str(shop.root / "sales.csv"),), "formats": ("html",),
         "recipients": ("me@shop.example", "webhook:ops", f"folder:{shop.root / 'out'}")},
        lines=[*LINES.splitlines(), *delivery],
    )  # fmt: skip
    said = b""
    words = [sys.executable, "-m", "segmenter", "schedule"]
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "env": os.environ | SECRETS}
    for asked in (["run", "weekly"], ["history"]):
        done = command("schedule", *asked, "-c", shop.file, "--debug", cwd=shop.root, env=os.environ | SECRETS)
        said += done.stdout + done.stderr
    service = subprocess.Popen([*words, "start", "-c", str(shop.file), "--debug"], **more)
    while b"serves" not in (line := service.stdout.readline()):
        said += line
    service.terminate()
    said += service.communicate()[0]
    assert b"cannot be reached" in said
    written = b"".join(path.read_bytes() for path in shop.root.rglob("*") if path.is_file())
    leaked = [secret for secret in (*SECRETS.values(), "t0ken-of-the-shop") if secret.encode() in said + written]
    assert leaked == []
