"""What messages say: an alert names its customer in every body, and everything is in the reader's language."""

import ast
import email
import email.policy
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import segmenter
from segmenter.config.delivery import WebhookConfig
from segmenter.config.history import HistoryConfig
from segmenter.config.report import ReportConfig
from segmenter.delivery.content import content
from segmenter.delivery.webhook import CHAT_PARAGRAPHS, body
from segmenter.errors import RunError
from segmenter.report.brief import brief
from segmenter.report.language import Voice
from segmenter.runs import archive
from segmenter.runs.alerts import alerts, count
from tests.kept import kept
from tests.report.moved import moved_run

ME = "me@shop.example"


def new_customer(post):
    run = archive.read(post.archive / post.run_id)
    return str(run.alerts.loc[run.alerts["state"] == "new", "customer_id"].iloc[0])


def mail(post, mailbox, **keys):
    post.put(post.message(ME, **keys))
    assert post.deliver().n_sent == 1
    return email.message_from_bytes(mailbox.mails[-1][1], policy=email.policy.default)


def test_the_mail_of_an_alert_names_the_new_customer_with_reason_and_money_and_counts_in_the_subject(post, mailbox):
    post.report = ReportConfig(currency="EUR")
    found = mail(post, mailbox, kind="alerts")
    row = archive.read(post.archive / post.run_id).alerts.set_index("customer_id").loc[new_customer(post)]
    assert found["Subject"].startswith("Odd customers: 1 new or worse, ")
    for part in ("plain", "html"):
        text = found.get_body((part,)).get_content()
        assert new_customer(post) in text
        assert row["reason"] in text
        assert f"€{abs(row['amount_at_stake']):,.0f} involved" in text


def test_a_mail_tells_money_in_the_runs_currency_where_its_settings_name_none(post):
    run = archive.read(post.archive / post.run_id)
    config = {**run.manifest.config, "report": {**run.manifest.config["report"], "currency": "GBP"}}
    written = replace(run, manifest=replace(run.manifest, config=config))
    folder = kept(written, post.archive / "in_pounds")
    told = content(post.message(ME, kind="alerts"), folder.parent, ReportConfig())
    assert "£526 involved" in "".join(told.text)
    assert "£526" in told.html
    other = content(post.message(ME, kind="alerts"), folder.parent, ReportConfig(currency="EUR"))
    assert "€526 involved" in "".join(other.text)


def test_at_a_first_look_text_and_page_name_the_same_customers(post):
    run = archive.read(post.archive / post.run_id)
    table = alerts(run.anomalies, None, post.run_id, run.manifest.as_of, HistoryConfig(), {})
    counts = count(table, (0, 0), run.manifest.as_of, is_baseline=True)
    first = kept(replace(run, alerts=table, history=replace(run.history, alerts=counts)), post.archive / "first")
    told = content(post.message(ME, kind="alerts"), first.parent, post.report)
    named = [customer for customer in table["customer_id"] if f">{customer}<" in told.html]
    assert named
    assert all(any(paragraph.startswith(f"{customer}, ") for paragraph in told.text) for customer in named)


def test_in_plain_text_a_heading_stands_once_over_its_customers(post):
    told = content(post.message(ME, kind="alerts"), post.archive, post.report).text
    at = told.index("New (not flagged in the previous run):")
    assert told[at + 1].startswith(f"{new_customer(post)}, severity ")
    assert sum("New" in paragraph for paragraph in told[: at + 2]) == 1


def test_the_mail_of_an_alert_is_styled_where_mail_clients_look(post, mailbox):
    page = mail(post, mailbox, kind="alerts").get_body(("html",)).get_content()
    assert "<style" not in page
    assert not re.search(r"\d(rem|em|vw)\b", page)
    assert page.count("style=") > 10


@pytest.mark.parametrize("kind", ["json", "slack", "teams"])
def test_the_body_of_an_alert_for_a_chat_or_a_program_names_the_new_customer(post, kind):
    message = post.message("webhook:ops", kind="alerts")
    document = json.loads(body(message, content(message, post.archive, post.report), kind))
    assert new_customer(post) in json.dumps(document)
    if kind == "json":
        assert [(each["customer_id"], each["state"]) for each in document["alerts"]] == [(new_customer(post), "new")]
        assert document["figures"]["New"] == "1"


@pytest.mark.parametrize("kind", ["json", "slack", "teams"])
def test_where_customers_are_not_to_be_named_no_body_names_one(post, kind):
    message = post.message("webhook:ops", kind="alerts", formats=())
    what = content(message, post.archive, ReportConfig(customer_rows=False))
    assert new_customer(post).encode() not in body(message, what, kind)
    assert new_customer(post) not in what.html
    assert b"1" in body(message, what, kind)


def test_where_customers_are_not_to_be_named_no_file_of_theirs_goes_along(post):
    message = post.message(ME, formats=("csv", "parquet"))
    rows = [content(message, post.archive, ReportConfig(customer_rows=rows)).files for rows in (True, False)]
    assert [{path.name for path in files} for files in rows] == [{"anomalies.csv", "customers.parquet"}, set()]


def test_a_page_that_names_customers_is_not_sent_where_they_are_not_to_be_named(post):
    with pytest.raises(RunError, match="names customers"):
        content(post.message(ME, formats=("html",)), post.archive, ReportConfig(customer_rows=False))


def test_a_chat_message_that_is_too_long_says_how_much_is_left_out(post):
    message = post.message("webhook:ops", kind="notice", title="Many", text=tuple(f"{n}." for n in range(70)))
    blocks = json.loads(body(message, content(message, post.archive, post.report), "slack"))["blocks"]
    assert len(blocks) == CHAT_PARAGRAPHS
    assert "27 more paragraphs" in blocks[-1]["text"]["text"]


GERMAN = ReportConfig(locale="de", currency="EUR")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("report", ["Was zuerst zu tun ist, nach dem Geld, das sich bewegen lässt, als Faustregel:", "Kunden"]),
        ("alerts", ["Neu:", "Ein Kunde ist neu oder stärker auffällig", "es geht um"]),
    ],
)
def test_both_parts_of_a_german_mail_are_german(post, mailbox, kind, words):
    post.report = GERMAN
    found = mail(post, mailbox, kind=kind)
    plain, page = (found.get_body((part,)).get_content() for part in ("plain", "html"))
    assert all(word in plain for word in words)
    assert 'lang="de"' in page
    english = re.compile(r"What (to do|changed)|Odd customers|involved|\bNew\b|The top 10%")
    assert not english.search(plain + page + found["Subject"])


def test_the_note_on_what_does_not_fit_is_in_the_readers_language(post, mailbox):
    post.report = GERMAN
    post.config = post.config.model_copy(update={"attachment_mib": 0.000001})
    found = mail(post, mailbox)
    assert "passten diese nicht mehr" in found.get_body(("plain",)).get_content()


def said():
    """Every text that delivery and schedules say in the reader's language."""
    for room in ("delivery", "schedule"):
        for path in Path(segmenter.__file__).parent.joinpath(room).glob("*.py"):
            calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and node.args]
            spoken = [each for each in calls if ast.unparse(each.func).endswith("voice")]
            yield from (each.args[0].value for each in spoken if isinstance(each.args[0], ast.Constant))


def test_every_text_of_mails_and_notices_is_in_the_german_catalogue():
    texts = set(said())
    assert len(texts) > 25
    assert texts - set(Voice("de").texts) == set()


def test_a_hook_without_a_key_is_posted_unsigned(post, hook, monkeypatch):
    monkeypatch.setenv("HOOK_URL", hook.url)
    post.config = post.config.model_copy(update={"webhooks": {"ops": WebhookConfig(url_env="HOOK_URL")}})
    post.put(post.message("webhook:ops", kind="alerts"))
    assert post.deliver().n_sent == 1
    assert "X-Segmenter-Signature" not in hook.requests[0][1]


def test_in_plain_text_every_sentence_of_the_first_page_is_a_paragraph_as_it_is_in_the_page(post):
    run = moved_run()
    folder = kept(run, post.archive / "moved")
    told = content(replace(post.message(ME), run_id=folder.name), folder.parent, post.report).text
    known = brief(run, post.report)
    assert set(known.sentences) <= set(told)
    at = told.index("What changed since last time:")
    assert known.changed
    assert told[at + 1 : at + 1 + len(known.changed)] == known.changed
