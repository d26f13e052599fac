"""Mail over a real server: it arrives once, or somebody learns why not."""

import email
import email.policy
import os
import socket
import sqlite3
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest

from segmenter.config.delivery import DeliveryConfig
from segmenter.config.report import ReportConfig
from segmenter.delivery import Post, check, outbox, preview
from segmenter.delivery.mail import compose
from segmenter.delivery.outbox import recover
from segmenter.runs.state import open_state, transaction

from .conftest import DUE

ME = "me@shop.example"


def read(content):
    return email.message_from_bytes(content, policy=email.policy.default)


def test_a_report_arrives_with_html_text_and_its_file(post, mailbox):
    post.put(post.message(ME, text=("The report due before this one was not made.",)))
    assert post.deliver().n_sent == 1
    ((to, content),) = mailbox.mails
    mail = read(content)
    assert to == mail["To"] == ME
    assert "customers placed" in mail.get_body(("plain",)).get_content()
    assert "report due before this one was not made" in mail.get_body(("html",)).get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["report.html"]
    for name in ("Date", "Message-ID", "List-Unsubscribe", "Auto-Submitted"):
        assert mail[name]


def test_what_is_put_in_twice_is_sent_once(post, mailbox):
    assert post.put(post.message(ME)) == 1
    assert post.put(post.message(ME)) == 0
    post.deliver()
    post.put(post.message(ME))
    post.deliver(hours=1)
    assert len(mailbox.mails) == 1


def test_a_mail_that_the_server_puts_off_is_tried_again_under_the_same_id(post, mailbox):
    mailbox.answers = ["451 try later", "421 busy", "452 full"]
    post.put(post.message(ME))
    for _ in range(4):
        post.deliver(hours=1)
    assert post.rows("state", "attempts") == [("sent", 4)]
    assert len(mailbox.mails) == 1


def test_between_attempts_there_is_a_pause_that_grows(post, mailbox):
    mailbox.answers = ["451 later"] * 3
    post.put(post.message(ME))
    post.deliver()
    assert post.deliver(seconds=30).n_sent == 0
    assert post.rows("attempts") == [(1,)]
    post.deliver(seconds=40)
    post.deliver(seconds=70)
    assert post.rows("attempts") == [(2,)]


@pytest.mark.parametrize("answer", ["550 no such user", "552 too big", "554 no"])
def test_a_refusal_for_good_is_told_and_not_tried_again(post, mailbox, answer):
    mailbox.answers = [answer]
    post.put(post.message(ME))
    outcome = post.deliver()
    assert [failed.row.message.recipient for failed in outcome.failed] == [ME]
    assert answer in outcome.failed[0].answer
    post.deliver(hours=5)
    assert mailbox.mails == []


def test_one_refused_recipient_holds_up_nobody_else(post, mailbox):
    mailbox.refused = {"gone@shop.example": "550 unknown"}
    post.put(*(post.message(each) for each in ("gone@shop.example", ME, "you@shop.example")))
    outcome = post.deliver()
    assert (outcome.n_sent, len(outcome.failed)) == (2, 1)
    assert sorted(to for to, _ in mailbox.mails) == [ME, "you@shop.example"]


def test_a_connection_cut_in_mid_mail_is_tried_again(post, mailbox):
    mailbox.answers = ["drop"]
    post.put(post.message(ME))
    post.deliver()
    assert post.rows("state") == [("pending",)]
    post.deliver(hours=1)
    assert len(mailbox.mails) == 1


def test_where_the_answer_got_lost_there_is_one_more_copy_at_most_with_the_same_id(post, mailbox):
    mailbox.answers = ["drop with the mail taken"] * 2
    post.put(post.message(ME))
    for _ in range(4):
        post.deliver(hours=1)
    assert len({read(content)["Message-ID"] for _, content in mailbox.mails}) == 1
    assert len(mailbox.mails) == 2
    assert post.rows("state", "ambiguous") == [("failed", 1)]


def test_a_last_answer_that_is_nonsense_leaves_open_whether_the_mail_was_taken(post, mailbox):
    mailbox.answers = ["<html>"]
    post.put(post.message(ME))
    assert post.deliver().n_put_off == 1
    assert post.rows("ambiguous") == [(1,)]


def test_what_a_crash_left_half_sent_is_flagged_and_sent_once_more(post, mailbox):
    post.put(post.message(ME))
    with open_state(post.archive) as state:
        state.execute("UPDATE delivery SET state = 'sending', attempts = 1, handed = 1")
        with transaction(state):
            assert recover(state, (), DUE) == 1
    post.deliver()
    assert post.rows("state", "ambiguous") == [("sent", 1)]
    assert len(mailbox.mails) == 1


def test_a_server_that_says_nothing_holds_nobody_for_ever(post):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        post.config = post.config.model_copy(update={"smtp_port": silent.getsockname()[1], "connect_seconds": 0.5})
        post.put(post.message(ME))
        assert post.deliver().n_put_off == 1
    assert post.rows("state") == [("pending",)]


def test_a_server_that_is_not_there_is_tried_for_a_day_and_then_given_up(post):
    post.config = post.config.model_copy(update={"smtp_port": 1})
    post.put(post.message(ME))
    outcomes = [post.deliver(hours=2) for _ in range(14)]
    assert sum(len(each.failed) for each in outcomes) == 1
    assert "cannot be reached" in next(each.failed[0].answer for each in outcomes if each.failed)


def test_a_login_that_the_server_puts_off_is_tried_again(post, mailbox, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "not now")
    post.config = post.config.model_copy(update={"user": "shop", "password_env": "SHOP_PASSWORD"})
    post.put(post.message(ME))
    assert post.deliver().n_put_off == 1
    assert "454" in post.rows("answer")[0][0]
    monkeypatch.setenv("SHOP_PASSWORD", "right horse")
    assert post.deliver(hours=1).n_sent == 1


def test_a_server_that_drips_its_greeting_is_left_when_its_time_is_over(post):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            with suppress(OSError):
                connection, _ = server.accept()
                while True:
                    connection.sendall(b"220-wait\r\n")
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        post.config = post.config.model_copy(update={"smtp_port": server.getsockname()[1], "connect_seconds": 0.6})
        post.put(post.message(ME))
        assert post.deliver().n_put_off == 1
    assert "longer than 0.6 seconds" in post.rows("answer")[0][0]


def test_an_address_with_letters_that_few_servers_take_is_refused_before(post):
    (problem,) = check(["müller@shop.example"], post.config)
    assert "letters before the @" in str(problem)
    post.put(post.message("müller@shop.example", kind="notice", title="Hello", text=("There",)), post.message(ME))
    outcome = post.deliver()
    assert (outcome.n_sent, len(outcome.failed)) == (1, 1)


def test_a_wrong_password_is_told_without_the_password(post, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "wrong horse")
    post.config = post.config.model_copy(update={"user": "shop", "password_env": "SHOP_PASSWORD"})
    post.put(post.message(ME))
    (failed,) = post.deliver().failed
    assert "login" in failed.answer
    assert "wrong horse" not in failed.answer


def test_a_password_that_cannot_be_sent_is_told_as_that_before_and_when_a_mail_is_sent(post, mailbox, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "rößliches Pferd")
    post.config = post.config.model_copy(update={"user": "shop", "password_env": "SHOP_PASSWORD"})
    (problem,) = check([ME], post.config, connect=True)
    post.put(post.message(ME))
    (failed,) = post.deliver().failed
    assert str(problem) == failed.answer
    assert "letters beyond ASCII" in failed.answer


def test_a_server_whose_question_for_the_password_is_nonsense_is_tried_again(post, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "right horse")
    answers = (b"220 hello\r\n", b"250-shop\r\n250 AUTH CRAM-MD5\r\n", b"334 a\r\n")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as asked:
                for each in answers:
                    connection.sendall(each)
                    asked.readline()

        threading.Thread(target=answer, daemon=True).start()
        post.config = post.config.model_copy(
            update={"smtp_port": server.getsockname()[1], "user": "shop", "password_env": "SHOP_PASSWORD"}
        )
        post.put(post.message(ME))
        assert post.deliver().n_put_off == 1
    assert "cannot be read" in post.rows("answer")[0][0]


def test_the_right_password_opens(post, mailbox, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "right horse")
    post.config = post.config.model_copy(update={"user": "shop", "password_env": "SHOP_PASSWORD"})
    assert check([ME], post.config, connect=True) == ()
    post.put(post.message(ME))
    assert post.deliver().n_sent == 1


def test_a_server_without_tls_gets_no_mail_where_tls_is_asked_for(post, mailbox):
    post.config = post.config.model_copy(update={"security": "starttls"})
    post.put(post.message(ME))
    assert len(post.deliver().failed) == 1
    assert mailbox.mails == []


def test_what_is_too_large_is_named_instead(post, mailbox):
    (post.archive / post.run_id / "report.html").write_bytes(b"x" * 300_000)
    post.config = post.config.model_copy(update={"attachment_mib": 0.1})
    post.put(post.message(ME))
    post.deliver()
    mail = read(mailbox.mails[0][1])
    assert list(mail.iter_attachments()) == []
    for part in ("plain", "html"):
        assert "report.html (0.4 MiB)" in mail.get_body((part,)).get_content()


def test_the_budget_holds_for_the_mail_as_it_is_sent(post, mailbox):
    folder = post.archive / post.run_id
    (folder / "report.html").write_bytes(os.urandom(700_000))
    (folder / "report.pdf").write_bytes(os.urandom(80_000))
    (folder / "report.xlsx").write_bytes(os.urandom(20_000))
    post.config = post.config.model_copy(update={"attachment_mib": 1})
    post.put(post.message(ME, formats=("html", "pdf", "xlsx")))
    post.deliver()
    ((_, content),) = mailbox.mails
    assert [part.get_filename() for part in read(content).iter_attachments()] == ["report.html", "report.xlsx"]
    assert len(content) < 1.05 * 2**20
    assert "did not fit into a mail" in read(content).get_body(("plain",)).get_content()


def test_line_breaks_in_a_title_forge_no_header(post, mailbox):
    post.put(post.message(ME, kind="notice", title="No report\r\nBcc: spy@evil.example\r\n\r\nhello", text=("Why",)))
    post.deliver()
    mail = read(mailbox.mails[0][1])
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


def test_a_line_that_is_one_dot_ends_nothing(post, mailbox):
    post.put(post.message(ME, kind="notice", title="Dots", text=("first\n.\nlast",)))
    post.deliver()
    text = read(mailbox.mails[0][1]).get_body(("plain",)).get_content()
    assert text.split() == ["first", ".", "last"]


def test_nothing_is_sent_outside_the_allowed_domains(post, mailbox):
    post.config = post.config.model_copy(update={"allowed_domains": ("shop.example",)})
    post.put(post.message("spy@evil.example"), post.message("me@SHOP.example"))
    (failed,) = post.deliver().failed
    assert "allowed_domains" in failed.answer
    assert len(mailbox.mails) == 1


def test_a_preview_is_the_mail(post):
    mail = read(preview(post.message(ME), post.archive, post.config, ReportConfig()))
    assert mail["To"] == ME
    assert mail.get_body(("html",)) is not None


def test_a_run_that_is_gone_is_told(post):
    post.put(post.message(ME))
    for path in (post.archive / post.run_id).iterdir():
        path.unlink()
    (failed,) = post.deliver().failed
    assert "run.json" in failed.answer


@pytest.mark.parametrize("key", ["password", "secret"])
def test_a_secret_in_the_configuration_is_refused_with_the_place_where_it_belongs(key):
    with pytest.raises(ValueError, match=f"{key}_env"):
        DeliveryConfig(**{key: "hunter2"})


def test_a_password_file_that_others_can_read_is_refused(post, tmp_path):
    path = tmp_path / "password"
    path.write_text("right horse\n")
    path.chmod(0o644)
    config = post.config.model_copy(update={"user": "shop", "password_file": str(path)})
    assert "chmod 600" in str(check([ME], config)[0])
    path.chmod(0o600)
    assert check([ME], config, connect=True) == ()


@pytest.mark.slow
def test_in_a_storm_of_faults_every_mail_arrives_or_is_told_and_no_id_is_doubled(post, mailbox):
    faults = ["250 ok", "451 later", "421 busy", "550 no", "552 big", "drop", "drop with the mail taken", "454 wait"]
    mailbox.answers = faults * 12
    people = [f"p{number}@shop.example" for number in range(60)]
    post.put(*(post.message(each, kind="notice", title="Hello", text=("There",)) for each in people))
    failed = [one for _ in range(30) for one in post.deliver(hours=1).failed]
    arrived = {to for to, _ in mailbox.mails}
    assert arrived | {each.row.message.recipient for each in failed} == set(people)
    ids = {}
    for to, content in mailbox.mails:
        ids.setdefault(to, set()).add(read(content)["Message-ID"])
    assert all(len(each) == 1 for each in ids.values())
    assert {state for (state,) in post.rows("state")} == {"sent", "failed"}


def test_two_who_deliver_at_once_send_everything_once(post, mailbox):
    post.put(
        *(post.message(f"p{number}@shop.example", kind="notice", title="Hello", text=("x",)) for number in range(20))
    )
    both = [threading.Thread(target=post.deliver) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(to for to, _ in mailbox.mails) == sorted(f"p{number}@shop.example" for number in range(20))


def test_a_mail_put_off_under_a_clock_that_ran_ahead_is_sent_when_it_is_right_again(post, mailbox):
    mailbox.answers = ["451 later"]
    post.moment += timedelta(days=365 * 100)
    post.put(post.message(ME))
    post.deliver()
    assert post.rows("state") == [("pending",)]
    post.deliver(days=-365 * 100)
    assert post.rows("state") == [("sent",)]
    assert len(mailbox.mails) == 1


def test_what_goes_wrong_in_a_way_nobody_thought_of_fails_that_message_alone_and_is_told(post, mailbox, monkeypatch):
    def vanished(message, *rest):
        if message.recipient == ME:
            raise FileNotFoundError(2, "No such file", "report.html")
        return compose(message, *rest)

    monkeypatch.setattr("segmenter.delivery.post.mail.compose", vanished)
    post.put(post.message(ME), post.message("you@shop.example"))
    outcome = post.deliver()
    assert outcome.n_sent == 1
    assert "FileNotFoundError" in outcome.failed[0].answer
    assert post.rows("recipient", "state") == [(ME, "failed"), ("you@shop.example", "sent")]


def test_an_answer_that_could_not_be_written_down_is_told_and_written_down_when_it_can_be_and_nothing_is_sent_twice(
    post, mailbox, monkeypatch
):
    settle = outbox.settle

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    post.put(post.message(ME))
    office = Post(post.archive, lambda: post.moment, "service")
    monkeypatch.setattr("segmenter.delivery.post.outbox.settle", full)
    office.send_due(post.config, post.report)
    office.wait()
    assert [sent.outcome for sent in office.collect()] == ["sent"]
    assert not office.is_idle
    assert office.recover() == 0
    monkeypatch.setattr("segmenter.delivery.post.outbox.settle", settle)
    assert office.collect() == ()
    assert office.is_idle
    office.finish()
    assert post.rows("state", "ambiguous") == [("sent", 0)]
    assert len(mailbox.mails) == 1


def test_a_message_left_by_a_service_that_died_is_recovered_and_one_in_a_persons_hands_is_not(post, mailbox):
    post.put(post.message(ME), post.message("you@shop.example"))
    with open_state(post.archive) as state:
        for sender, who in (("dead", ME), ("hand-1", "you@shop.example")):
            state.execute(
                "UPDATE delivery SET state = 'sending', sender = ?, taken_at = ? WHERE recipient = ?",
                (sender, DUE.isoformat(), who),
            )
    office = Post(post.archive, lambda: post.moment, "service")
    assert office.recover() == 1
    assert post.rows("state") == [("pending",), ("sending",)]
    post.moment += timedelta(hours=2)
    assert office.recover() == 1
    office.finish()


def test_a_recipient_who_stalls_holds_up_nobody_else(post, mailbox):
    post.config = post.config.model_copy(update={"accept_seconds": 60})  # however busy the machine is
    mailbox.stalled = {"slow@shop.example": 6}
    post.put(post.message("slow@shop.example"), *(post.message(f"p{number}@shop.example") for number in range(6)))
    post.deliver()
    assert mailbox.mails[-1][0] == "slow@shop.example"
    assert len(mailbox.mails) == 7


def test_a_mail_cut_short_before_its_last_word_is_sent_as_if_nothing_had_been(post, mailbox):
    post.put(post.message(ME))
    for _ in range(3):
        with open_state(post.archive) as state:
            state.execute("UPDATE delivery SET state = 'sending'")
            with transaction(state):
                assert recover(state, (), DUE) == 1
    post.deliver()
    assert post.rows("state", "ambiguous") == [("sent", 0)]


def test_a_mail_whose_last_word_cannot_be_noted_is_not_sent(post, mailbox, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("segmenter.delivery.post.outbox.hand_over", full)
    post.put(post.message(ME))
    assert post.deliver().n_put_off == 1
    assert mailbox.mails == []
