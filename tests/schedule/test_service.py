"""The service: each due time once, whatever the clock, the configuration or the run does."""

import json
import logging
import socket
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from segmenter import load_config
from segmenter.runs.state import open_state
from segmenter.schedule import Service, conditions, ledger, refuse_unready, try_out
from segmenter.schedule.settings import Settings
from segmenter.schedule.work import MOST_CRASHES

from .conftest import folder_of

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def weekly(shop, **keys):
    return {
        "name": "weekly",
        "cron": "0 8 * * 1",
        "recipients": (folder_of(shop.root),),
        "owner": ("folder:" + str(shop.root / "owner"),),
        **keys,
    }


def test_a_due_time_brings_its_report_to_its_recipient_once(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    assert shop.slots() == []
    shop.clock.moment = MONDAY
    shop.settle(service, ticks=3)
    assert shop.slots("schedule", "due", "state", "run_id") == [
        ("weekly", MONDAY.isoformat(), "done", shop.run_folder.name)
    ]
    assert [(row["kind"], row["state"]) for row in shop.mail()] == [("report", "sent")]
    assert (shop.root / "out" / "20260302T080000Z-weekly" / "message.html").is_file()


@pytest.mark.slow
def test_a_simulated_week_of_ten_schedules_in_ten_zones_misses_and_repeats_nothing(shop):
    zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Tokyo",
             "America/Sao_Paulo", "Africa/Cairo", "Pacific/Auckland", "America/Los_Angeles"]  # fmt: skip
    shop.write(*({"name": f"daily-{at}", "cron": "30 2 * * *", "time_zone": zone} for at, zone in enumerate(zones)))
    shop.clock.moment = datetime(2026, 3, 5, tzinfo=UTC)  # New York's and Los Angeles' clocks change on the 8th
    service = shop.service()
    shop.settle(service)
    for _ in range(7 * 12):
        shop.clock.advance(hours=2)
        shop.settle(service)
    done = shop.slots("schedule", "state")
    assert {state for _, state in done} == {"done"}
    assert all(sum(name == f"daily-{at}" for name, _ in done) == 7 for at in range(10))


@pytest.mark.parametrize(
    ("policy", "states"),
    [("latest", [("skipped", 2), ("done", 1)]), ("skip", [("skipped", 3)]), ("all", [("done", 1)] * 3)],
)
def test_due_times_missed_while_nobody_served_follow_the_policy_and_are_on_record(shop, policy, states):
    shop.write(weekly(shop, catch_up=policy))
    shop.settle(shop.service())
    shop.clock.moment = MONDAY + timedelta(days=15)
    shop.settle(shop.service(), ticks=2)
    assert shop.slots("state", "n_due") == states


def test_the_report_after_a_gap_opens_with_the_gap(shop):
    shop.write(weekly(shop))
    shop.settle(shop.service())
    shop.clock.moment = MONDAY + timedelta(days=7)
    shop.settle(shop.service())
    (row,) = shop.mail("report")
    assert "report due before this one was not made" in json.loads(row["body"])["text"][0]


def test_a_clock_set_back_repeats_nothing_and_one_that_ran_ahead_leaves_no_hole(shop):
    shop.write({"name": "hourly", "cron": "0 * * * *"})
    service = shop.service()
    shop.settle(service)
    shop.clock.advance(hours=2)
    shop.settle(service, ticks=2)
    before = shop.slots()
    shop.clock.advance(hours=-1)
    shop.settle(service, ticks=2)
    assert shop.slots() == before
    shop.clock.moment = datetime(2200, 1, 1, 0, 30, tzinfo=UTC)
    shop.settle(service)
    shop.clock.moment = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    shop.settle(service)
    assert ("hourly", "2026-03-01T03:00:00+00:00", "done") in shop.slots()


def test_a_claim_of_a_service_that_died_is_taken_over_and_run_once(shop):
    shop.write(weekly(shop))
    shop.settle(shop.service())
    shop.clock.moment = MONDAY
    dead = shop.service()
    dead._begin = lambda slot: None  # dies between the claim and the work
    dead.tick()
    assert [state for *_, state in shop.slots()] == ["claimed"]
    shop.settle(shop.service(), ticks=2)
    assert shop.slots("state", "attempt") == [("done", 1)]
    assert len(shop.mail("report")) == 1


def crash(shop, times=1):
    """A service that begins the work of a due time and dies in it."""
    for _ in range(times):
        dead = shop.service()
        dead.tick()
        for key in list(dead._working):
            dead._working.pop(key).result()


def dies(*_):
    """Work that a SIGKILL cuts short: it was begun, and nothing is written of its end."""


def test_a_service_that_is_stopped_ends_the_run_under_way_and_leaves_those_that_wait_for_it_to_the_next_one(shop):
    shop.write(weekly(shop), weekly(shop, name="second"), weekly(shop, name="third"))
    shop.settle(shop.service())
    shop.clock.moment = MONDAY
    stopped, quick = shop.service(), shop.script
    shop.script = f"import time; time.sleep(1); {quick}"
    stopped.tick()
    while ("weekly", 1) not in shop.slots("schedule", "begun"):
        time.sleep(0.01)
    stopped.finish()
    assert {*shop.slots("schedule", "state")} == {("weekly", "done"), ("second", "claimed"), ("third", "claimed")}
    shop.script = quick
    shop.settle(shop.service())
    assert {row[1:] for row in shop.slots("schedule", "state", "attempt", "crashes")} == {("done", 1, 0)}


def test_a_crash_is_no_failure_and_uses_up_no_retry(shop, monkeypatch):
    shop.write(weekly(shop, retries=0))
    shop.settle(shop.service())
    shop.clock.moment = MONDAY
    monkeypatch.setattr("segmenter.schedule.work._succeed", dies)
    crash(shop, times=3)
    monkeypatch.undo()
    shop.settle(shop.service(), ticks=2)
    assert shop.slots("state", "attempt", "crashes") == [("done", 4, 3)]
    assert [row["kind"] for row in shop.mail()] == ["report"]


def test_work_that_takes_the_service_down_again_and_again_is_given_up_and_told(shop, monkeypatch):
    shop.write(weekly(shop, retries=0))
    shop.settle(shop.service())
    shop.clock.moment = MONDAY
    monkeypatch.setattr("segmenter.schedule.work._succeed", dies)
    crash(shop, times=MOST_CRASHES + 1)
    monkeypatch.undo()
    shop.settle(shop.service(), ticks=2)
    ((state, cause),) = shop.slots("state", "cause")
    assert state == "failed"
    assert f"interrupted {MOST_CRASHES + 1} times" in cause
    assert [row["kind"] for row in shop.mail()] == ["notice", "owner"]


def test_a_service_that_lost_its_claim_publishes_nothing(shop):
    shop.write(weekly(shop))
    slow, quick = shop.service(), shop.service()
    shop.settle(slow)
    shop.clock.moment = MONDAY
    slow._begin = lambda slot: setattr(shop, "held", slot)
    slow.tick()
    shop.settle(quick)
    from segmenter.schedule.work import make

    make(slow._worker(), slow.settings.config.schedule[0], shop.held)
    assert len(shop.mail("report")) == 1


FAILS = "import sys; sys.exit('segmenter: The export sales.csv is gone. Put it back.')"


def test_a_failure_is_tried_again_then_told_to_recipients_and_owner_and_recovery_too(shop):
    good = shop.script
    shop.write(weekly(shop, retries=2))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment, shop.script = MONDAY, FAILS
    shop.settle(service)
    assert shop.slots("state", "attempt") == [("waiting", 1)]
    assert shop.mail() == []
    for minutes in (1, 2, 2):
        shop.clock.advance(minutes=minutes)
        shop.settle(service)
    assert shop.slots("state", "attempt", "cause") == [("failed", 3, "The export sales.csv is gone. Put it back.")]
    assert [row["kind"] for row in shop.mail()] == ["notice", "owner"]
    assert "sales.csv is gone" in shop.mail("owner")[0]["body"]
    shop.clock.moment, shop.script = MONDAY + timedelta(days=7), good
    shop.settle(service)
    assert [row["kind"] for row in shop.mail()[2:]] == ["report", "owner"]
    assert "again" in shop.mail("owner")[1]["body"]


def test_while_it_goes_on_failing_the_owner_hears_once_a_day(shop):
    shop.write(weekly(shop, cron="0 * * * *", retries=0))
    service = shop.service()
    shop.settle(service)
    shop.script = FAILS
    for _ in range(26):
        shop.clock.advance(hours=1)
        shop.settle(service)
    assert len(shop.mail("notice")) == 26
    assert len(shop.mail("owner")) == 2


def test_a_run_that_hangs_is_stopped_at_its_limit(shop, monkeypatch):
    shop.write(weekly(shop, retries=0))
    service = shop.service()
    shop.settle(service)
    monkeypatch.setattr("segmenter.schedule.work.child.run", _hurried(service))
    shop.clock.moment, shop.script = MONDAY, "import time; time.sleep(600)"
    shop.settle(service)
    ((state, cause),) = shop.slots("state", "cause")
    assert state == "failed"
    assert "limit" in cause


def _hurried(service):
    from segmenter.schedule import child

    real = child.run
    return lambda command, *_: real(command, 0.3, 0)


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("print('{}')", "without naming its run"),
        ("print('nothing')", "without naming its run"),
        ("import os; os.kill(os.getpid(), 9)", "signal 9"),
        ("import json; print(json.dumps({'run': 'x', 'folder': '/nowhere', 'n_customers': 5}))", "missing or damaged"),
    ],
)
def test_a_run_that_ends_oddly_is_a_failure_with_a_cause(shop, script, cause):
    shop.write(weekly(shop, retries=0))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment, shop.script = MONDAY, script
    shop.settle(service)
    assert [state for *_, state in shop.slots()] == ["failed"]
    assert cause in shop.slots("cause")[0][0]


def test_too_few_customers_are_no_success(shop):
    shop.write(weekly(shop, min_customers=301))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    assert "300 customers" in shop.slots("cause")[0][0]
    assert shop.mail("report") == []


def test_a_dry_run_judges_a_report_as_the_service_does(shop):
    shop.write(weekly(shop, min_customers=301))
    config = Settings(shop.file).config
    tried = try_out(config, config.schedule[0], lambda _: shop.command, shop.clock, shop.root / "mails")
    assert tried.state == "failed"
    assert "300 customers; min_customers asks for 301" in tried.cause


def test_a_full_disk_is_told_and_mends_itself(shop):
    shop.write(weekly(shop, retries=0), lines=["[service]", f"min_free_mib = {2**40}"])
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    assert "MiB left" in shop.slots("cause")[0][0]
    assert len(shop.mail("owner")) == 1
    shop.write(weekly(shop, retries=0))
    shop.clock.advance(days=7)
    shop.settle(service)
    assert shop.slots("state")[-1] == ("done",)


@pytest.mark.parametrize(
    ("condition", "document", "sent"),
    [
        ("always", {}, True),
        ("new anomalies", {"new_alerts": 0}, False),
        ("new anomalies", {"new_alerts": 2}, True),
        ("changed", {"changed": False}, False),
        ("changed", {"changed": True}, True),
        ("above", {"new_alerts": 4}, False),
        ("above", {"new_alerts": 5}, True),
    ],
)
def test_a_report_is_sent_when_its_condition_holds_and_else_the_reason_is_on_record(shop, condition, document, sent):
    shop.write(weekly(shop, condition=condition, threshold=5))
    shop.script = shop.script.replace("'n_customers': 300", f"'n_customers': 300, **{document}")
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    assert bool(shop.mail("report")) == sent
    ((state, cause),) = shop.slots("state", "cause")
    assert state == "done"
    assert bool(cause) != sent


def test_an_edited_configuration_is_used_and_a_broken_edit_is_not_but_told(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.write(weekly(shop), {"name": "daily", "cron": "0 9 * * *"})
    shop.settle(service)
    assert [each.name for each in service.settings.config.schedule] == ["weekly", "daily"]
    shop.file.write_text("[[schedule]]\nname = 'weekly'\ncron = 'never'\n")
    shop.settle(service, ticks=3)
    assert [each.name for each in service.settings.config.schedule] == ["weekly", "daily"]
    (row,) = shop.mail("owner")
    assert "cron = 'never'" in row["body"]


def test_a_configuration_that_cannot_be_read_holds_up_no_due_time_and_is_told_once(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    text = shop.file.read_text()
    shop.file.unlink()
    shop.file.mkdir()
    shop.clock.moment = MONDAY
    shop.settle(service, ticks=3)
    assert shop.slots("state") == [("done",)]
    (told,) = shop.mail("owner")
    assert "cannot be read" in told["body"]
    shop.file.rmdir()
    shop.file.write_text(text)
    shop.settle(service)
    assert len(shop.mail("owner")) == 1


def test_an_edit_with_a_recipient_who_cannot_be_served_is_not_used_but_told(shop):
    shop.write(weekly(shop))
    service = Service(Settings(shop.file, check=refuse_unready), lambda *_: shop.command, shop.clock)
    shop.services.append(service)
    shop.settle(service)
    shop.write(weekly(shop, recipients=("webhook:nobody",)))
    shop.settle(service, ticks=2)
    assert service.settings.config.schedule[0].recipients == (folder_of(shop.root),)
    assert "webhook:nobody is not in the configuration" in shop.mail("owner")[0]["body"]


def test_a_schedule_that_was_taken_out_is_not_run_again(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment, shop.script = MONDAY, FAILS
    shop.settle(service)
    shop.write({"name": "other", "cron": "0 9 * * *"})
    shop.clock.advance(minutes=5)
    shop.settle(service)
    assert shop.slots("state", "cause")[0] == ("failed", "The schedule is no longer in the configuration.")


@pytest.mark.parametrize("edited", [{"cron": "0 9 * * *"}, {"time_zone": "Asia/Tokyo"}], ids=str)
def test_a_new_cron_or_time_zone_counts_from_its_edit_and_makes_up_for_nothing(shop, edited):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    shop.clock.moment = MONDAY + timedelta(days=14, hours=-1)  # the service was away for a Monday
    shop.write({**weekly(shop), **edited})
    assert "has not started" not in conditions(shop.archive, load_config(shop.file), shop.clock())[0].problem
    shop.settle(service, ticks=2)
    assert shop.slots("state") == [("done",)]
    shop.clock.advance(days=7)
    shop.settle(service)
    assert shop.slots("state")[-1] == ("done",)


def test_a_schedule_that_was_taken_out_and_put_back_has_missed_nothing_meanwhile(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.write({"name": "other", "cron": "0 0 1 1 *"})
    shop.settle(service)
    shop.clock.moment = MONDAY + timedelta(days=60)
    shop.write(weekly(shop))
    shop.settle(service, ticks=2)
    assert shop.slots() == []


def test_a_monitor_learns_of_lateness_failure_and_health(shop):
    shop.write(weekly(shop, retries=0))
    service = shop.service()
    shop.settle(service)
    config = service.settings.config
    assert [each.problem for each in conditions(shop.archive, config, MONDAY)] == [""]
    late = MONDAY + timedelta(hours=2)
    assert "has not started" in conditions(shop.archive, config, late)[0].problem
    shop.clock.moment, shop.script = MONDAY, FAILS
    shop.settle(service)
    assert "sales.csv is gone" in conditions(shop.archive, config, late)[0].problem


def test_the_configuration_may_be_none(tmp_path):
    assert Settings(None, str(tmp_path)).config.schedule == ()


def test_what_breaks_off_inside_is_logged_and_tried_again(shop, caplog, monkeypatch):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)

    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segmenter.schedule.service.make", broken)
    shop.clock.moment = MONDAY
    with caplog.at_level(logging.ERROR, "segmenter.service"):
        service.tick()
        for future in list(service._working.values()):
            future.exception()
        service._collect()
    assert shop.slots("state") == [("waiting",)]
    monkeypatch.undo()
    shop.clock.advance(minutes=2)
    shop.settle(service)
    assert shop.slots("state") == [("done",)]


@pytest.mark.parametrize("damage", [b"SQLite format 3\0" + b"\xff" * 5000, b""])
def test_after_damage_to_the_ledger_no_due_time_is_lost_and_the_owner_is_told(shop, damage):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service, ticks=3)
    (shop.archive / "segmenter.sqlite").write_bytes(damage)
    shop.clock.advance(days=7, minutes=2)
    shop.settle(service, ticks=2)
    assert shop.slots("state") == [("done",), ("done",)]
    (told,) = shop.mail("owner")
    assert "is damaged" in told["body"]
    assert "its place" in told["body"]
    assert list(shop.archive.glob("*.damaged-*"))


def test_a_schedule_first_seen_under_a_clock_that_ran_ahead_is_looked_after_when_it_is_right_again(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.clock.moment = datetime(2200, 1, 1, tzinfo=UTC)
    shop.settle(service)
    shop.clock.moment = MONDAY - timedelta(hours=1)
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    assert shop.slots() == [("weekly", MONDAY.isoformat(), "done")]


def test_an_attempt_put_off_under_a_clock_that_ran_ahead_is_made_and_a_monitor_sees_the_present(shop):
    good = shop.script
    shop.write(weekly(shop))
    service = shop.service()
    shop.clock.moment = datetime(2200, 1, 1, tzinfo=UTC)
    shop.settle(service)
    shop.clock.advance(days=7)
    shop.script = FAILS
    shop.settle(service)
    assert shop.slots("state") == [("waiting",)]
    shop.clock.moment, shop.script = MONDAY - timedelta(hours=1), good
    shop.settle(service)
    assert shop.slots("state") == [("done",)]
    (found,) = conditions(shop.archive, service.settings.config, shop.clock())
    assert found.state == "never due yet"


def test_a_claim_whose_tick_broke_off_is_worked_on_at_the_next(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    begin, service._begin = service._begin, no_space
    shop.clock.moment = MONDAY
    service._tick_safely()
    assert shop.slots("state") == [("claimed",)]
    service._begin = begin
    shop.settle(service)
    assert shop.slots("state", "attempt") == [("done", 1)]


def no_space(*_):
    raise sqlite3.OperationalError("database or disk is full")


def test_what_the_ledger_cannot_take_now_does_not_end_the_service(shop, caplog, monkeypatch):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    monkeypatch.setattr("segmenter.schedule.service.ledger.claim", no_space)
    shop.clock.moment = MONDAY
    with caplog.at_level(logging.ERROR, "segmenter.service"):
        service._tick_safely()
        monkeypatch.undo()
        monkeypatch.setattr("segmenter.delivery.post.outbox.take", no_space)
        for _ in range(2):
            service._tick_safely()
            for future in list(service._working.values()):
                future.result()
    assert [record.message for record in caplog.records] == ["tick failed"] * 3
    monkeypatch.undo()
    shop.settle(service, ticks=2)
    assert [row["state"] for row in shop.mail("report")] == ["sent"]


def test_pauses_between_attempts_end_at_an_hour(shop):
    shop.write(weekly(shop, retries=20))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment, shop.script = MONDAY, FAILS
    for _ in range(9):
        shop.settle(service)
        shop.clock.advance(hours=1)
    assert shop.slots("state", "attempt") == [("waiting", 9)]


def test_a_due_time_that_nobody_claimed_is_late_after_its_grace(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    config = service.settings.config
    assert conditions(shop.archive, config, MONDAY + timedelta(minutes=14))[0].problem == ""
    assert "has not started" in conditions(shop.archive, config, MONDAY + timedelta(minutes=16))[0].problem


def test_an_edit_moves_no_service_to_an_archive_that_it_does_not_hold(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.file.write_text(shop.file.read_text().replace(str(shop.archive), str(shop.root / "elsewhere")) + "\n")
    shop.settle(service)
    assert service.settings.config.engine.archive == str(shop.archive)


def test_a_mail_server_that_stalls_holds_up_no_folder(shop):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = (
            f'smtp_host = "127.0.0.1"\nsmtp_port = {silent.getsockname()[1]}\nsecurity = "none"\nconnect_seconds = 600'
        )
        lines = ["[delivery]", 'sender = "reports@shop.example"', *server.split("\n")]
        shop.write(weekly(shop, recipients=("me@shop.example", folder_of(shop.root))), lines=lines)
        service = shop.service()
        shop.settle(service)
        shop.clock.moment = MONDAY
        service.tick()
        for future in list(service._working.values()):
            future.result()
        service.tick()
        while {row["channel"]: row["state"] for row in shop.mail()}["folder"] != "sent":
            time.sleep(0.02)
        assert {row["channel"]: row["state"] for row in shop.mail()} == {"email": "sending", "folder": "sent"}
        silent.accept()[0].close()
    service.post.wait()


def test_a_run_by_hand_that_was_killed_is_no_schedule_that_is_late(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service, ticks=2)
    with open_state(shop.archive) as state:
        ledger.claim(state, "weekly", MONDAY + timedelta(hours=1), f"{ledger.BY_HAND}dead", MONDAY)
    shop.clock.advance(hours=30)
    (found,) = conditions(shop.archive, Settings(shop.file).config, shop.clock())
    assert (found.state, found.problem) == ("done", "")
