"""Somebody is told: of gaps and lateness, of what did not arrive, and of nobody being there to be told."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from segmenter.cli import main
from segmenter.config import load_config
from segmenter.errors import ConfigError, DeliveryError
from segmenter.runs.state import open_state
from segmenter.schedule import coming, conditions, find, refuse_unready, run_now
from segmenter.schedule.readiness import silent_failures

from .conftest import folder_of
from .test_service import FAILS, MONDAY, weekly

NEWS = "'n_customers': 300, 'new_alerts': 2"


def texts(shop):
    """What the reports open with, by recipient."""
    return [(row["recipient"], json.loads(row["body"])["text"]) for row in shop.mail("report")]


def begun(shop, **keys):
    """A service whose first due time failed."""
    good = shop.script
    shop.write(weekly(shop, retries=0, **keys))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment, shop.script = MONDAY, FAILS
    shop.settle(service, ticks=2)
    shop.script = good
    return service


def by_hand(shop, service, *recipients):
    config = service.settings.config
    return run_now(config, find(config, "weekly"), lambda _: shop.command, shop.clock, recipients)


def test_the_next_report_opens_with_the_gap_though_somebody_tried_the_schedule_in_between(shop):
    service = begun(shop)
    shop.clock.advance(hours=2)
    assert by_hand(shop, service, f"folder:{shop.root / 'me'}").state == "done"
    shop.clock.moment = MONDAY + timedelta(days=7)
    shop.settle(service)
    mine, theirs = texts(shop)
    assert mine[0].endswith("me")
    assert "report due before this one was not made" in theirs[1][0]


def test_a_report_by_hand_for_everybody_tells_the_gap_and_the_next_does_not_repeat_it(shop):
    service = begun(shop)
    shop.clock.advance(hours=2)
    by_hand(shop, service)
    shop.clock.moment = MONDAY + timedelta(days=7)
    shop.settle(service)
    first, second = texts(shop)
    assert "report due before this one was not made" in first[1][0]
    assert second[1] == []


def test_one_whom_a_person_names_and_who_cannot_be_served_is_refused_before_a_run_is_made(shop):
    service = begun(shop)
    before = shop.slots()
    with pytest.raises(DeliveryError, match="webhook:nobody is not in the configuration"):
        by_hand(shop, service, "webhook:nobody")
    assert shop.slots() == before


@pytest.mark.parametrize(("recipient", "status"), [("folder:{}/out", 0), ("webhook:nobody", 1)])
def test_a_run_by_hand_ends_well_only_where_everybody_got_it(shop, monkeypatch, recipient, status):
    shop.write(weekly(shop, recipients=[recipient.format(shop.root)]))
    monkeypatch.setattr("segmenter.commands.schedule.command_of", lambda *_, **__: shop.command)
    assert main(["schedule", "run", "weekly", "-c", str(shop.file)]) == status


def test_the_next_report_opens_with_the_gap_though_a_quiet_run_came_in_between(shop):
    service = begun(shop, condition="new anomalies")
    shop.clock.moment = MONDAY + timedelta(days=7)
    shop.settle(service)
    shop.clock.moment = MONDAY + timedelta(days=14)
    shop.script = shop.script.replace("'n_customers': 300", NEWS)
    shop.settle(service)
    assert shop.slots("state") == [("failed",), ("done",), ("done",)]
    ((_, text),) = texts(shop)
    assert "report due before this one was not made" in text[0]


def test_a_run_by_hand_that_fails_bothers_no_recipient(shop):
    service = begun(shop)
    before = shop.mail()
    shop.clock.advance(hours=2)
    shop.script = FAILS
    tried = by_hand(shop, service)
    assert (tried.state, tried.cause) == ("failed", "The export sales.csv is gone. Put it back.")
    assert [row["number"] for row in shop.mail()] == [row["number"] for row in before]


def test_a_report_made_late_says_so_with_the_day_it_shows(shop):
    shop.write(weekly(shop, time_zone="Europe/Berlin"))
    shop.script = shop.script.replace("'n_customers': 300", "'n_customers': 300, 'as_of': '2026-03-01'")
    shop.settle(shop.service())
    shop.clock.moment = MONDAY + timedelta(days=3)
    shop.settle(shop.service(), ticks=2)
    ((_, (text,)),) = texts(shop)
    assert "is late: it was due March 2, 2026, 08:00 (Europe/Berlin) and was started March 5, 2026, 09:00" in text
    assert "as of March 1, 2026" in text


def test_a_report_in_time_says_nothing_of_it(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY + timedelta(minutes=2)
    shop.settle(service)
    assert texts(shop) == [(folder_of(shop.root), [])]


@pytest.mark.parametrize(("days", "number"), [(60, "1,440"), (365 * 174, "more than 10,000")])
def test_after_a_long_absence_one_row_and_one_report_tell_how_many_were_missed(shop, days, number):
    shop.write(weekly(shop, cron="0 * * * *"))
    service = shop.service()
    shop.settle(service)
    shop.clock.advance(days=days, hours=1)
    shop.settle(service, ticks=2)
    assert [state for (state,) in shop.slots("state")] == ["skipped", "done"]
    ((_, text),) = texts(shop)
    assert f"{number} due reports were not made" in text[0]


def test_in_german_the_words_are_german(shop):
    shop.write(weekly(shop), lines=["[report]", 'locale = "de"'])
    shop.settle(shop.service())
    shop.clock.moment = MONDAY + timedelta(days=7, hours=1)
    shop.settle(shop.service(), ticks=2)
    ((_, (late, gap)),) = texts(shop)
    assert "kommt verspätet: Fällig war er am 9. März 2026, 08:00 (UTC)" in late
    assert (
        gap
        == "Vor diesem Bericht brachte ein Termin keinen. Die Ursache: Versäumt, während der Dienst nicht lief; catch_up = latest."
    )


def fail_delivery(shop, number, answer, state="failed"):
    with open_state(shop.archive) as ledger:
        ledger.execute(
            "UPDATE delivery SET state = ?, answer = ?, attempts = 1, next_at = '2099', finished_at = ? WHERE number = ?",
            (state, answer, shop.clock().isoformat(), number),
        )


def people(shop):
    return tuple(f"folder:{shop.root / name}" for name in "ab")


def test_each_recipient_who_got_nothing_is_told_of_though_they_fail_at_different_times(shop):
    shop.write(weekly(shop, recipients=people(shop)))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    for number, answer in ((1, "550 gone"), (2, "552 full")):
        fail_delivery(shop, number, answer)
        shop.settle(service)
        shop.clock.advance(minutes=10)
    assert [
        answer in row["body"] for row, answer in zip(shop.mail("owner"), ("550 gone", "552 full"), strict=True)
    ] == [True] * 2


def test_a_message_that_waits_for_an_hour_is_told_once_and_again_when_it_is_given_up(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    fail_delivery(shop, 1, "It cannot be reached.", state="pending")
    shop.settle(service)
    assert shop.mail("owner") == []
    for _ in range(3):
        shop.clock.advance(minutes=61)
        fail_delivery(shop, 1, "It cannot be reached.", state="pending")
        shop.settle(service)
    fail_delivery(shop, 1, "It cannot be reached.")
    shop.settle(service, ticks=2)
    assert [json.loads(row["body"])["title"] for row in shop.mail("owner")] == [
        "Not delivered yet: weekly",
        "Not delivered to everybody: weekly",
    ]


def test_a_monitor_sees_what_did_not_arrive_until_it_is_sent_again(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service, ticks=2)
    config = service.settings.config
    assert conditions(shop.archive, config, shop.clock())[0].problem == ""
    fail_delivery(shop, 1, "550 gone", state="pending")
    assert conditions(shop.archive, config, shop.clock())[0].problem == ""
    late = shop.clock() + timedelta(minutes=16)
    assert "has not reached" in conditions(shop.archive, config, late)[0].problem
    fail_delivery(shop, 1, "550 gone")
    assert "550 gone" in conditions(shop.archive, config, shop.clock())[0].problem
    from segmenter.schedule import send_again

    assert send_again(config, shop.run_folder.name, (folder_of(shop.root),), shop.clock)[0]["state"] == "sent"
    assert conditions(shop.archive, config, shop.clock())[0].problem == ""


def test_what_is_left_as_being_sent_is_sent_by_the_service_while_it_runs(shop):
    shop.write(weekly(shop))
    service = shop.service()
    shop.settle(service)
    shop.clock.moment = MONDAY
    shop.settle(service)
    with open_state(shop.archive) as state:
        state.execute("UPDATE delivery SET state = 'sending', handed = 1, sender = ?", (service.owner,))
    shop.settle(service, ticks=2)
    assert [(row["state"], row["ambiguous"]) for row in shop.mail("report")] == [("sent", 1)]


def config_of(tmp_path, **keys):
    lines = ["[engine]", f'archive = "{tmp_path / "runs"}"', "[delivery]", 'smtp_host = "127.0.0.1"', "smtp_port = 1",
             'security = "none"', 'sender = "reports@shop.example"', "[[schedule]]", 'name = "weekly"', 'cron = "0 8 * * 1"',
             *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]  # fmt: skip
    path = tmp_path / "config.toml"
    path.write_text("\n".join(lines))
    return load_config(path)


def test_a_mail_server_that_is_down_keeps_no_service_from_starting_but_is_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "segmenter.service"):
        refuse_unready(config_of(tmp_path, recipients=["me@shop.example"]), connect=True)
    assert "cannot be reached" in caplog.records[0].cause


def test_what_will_not_mend_itself_keeps_it_from_starting(tmp_path, monkeypatch):
    monkeypatch.delenv("NOT_SET", raising=False)
    config = config_of(tmp_path, recipients=["webhook:ops"])
    with pytest.raises(ConfigError, match="webhook:ops"):
        refuse_unready(config)
    with pytest.raises(ConfigError, match=r"no \[\[schedule\]\]"):
        refuse_unready(config.model_copy(update={"schedule": ()}))


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ([], "no owner"),
        (["boss@shop.example"], "mail server"),
        (["boss@shop.example", "folder:owner"], None),
        (["folder:owner"], None),
    ],
)
def test_an_owner_who_would_hear_nothing_is_said_at_the_start(tmp_path, owner, said):
    found = [why for _, why in silent_failures(config_of(tmp_path, recipients=["me@shop.example"], owner=owner))]
    assert [said in why for why in found] == ([True] if said else [])


def test_due_times_are_told_on_the_schedules_own_clock_and_in_utc(shop):
    shop.write(weekly(shop, time_zone="Europe/Berlin"))
    (schedule,) = shop.service().settings.config.schedule
    found = coming(schedule, datetime(2026, 3, 20, tzinfo=UTC))
    assert len(found) == 5
    assert found[0] == ("Mon 2026-03-23 08:00 CET", datetime(2026, 3, 23, 7, tzinfo=UTC))
    assert found[1] == ("Mon 2026-03-30 08:00 CEST", datetime(2026, 3, 30, 6, tzinfo=UTC))
