"""Webhooks and folders."""

import hashlib
import hmac
import itertools
import json
import socket
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from segmenter.config.delivery import WebhookConfig
from segmenter.delivery import check

from .conftest import DUE


@pytest.fixture
def hooked(post, hook, monkeypatch):
    monkeypatch.setenv("HOOK_URL", hook.url)
    monkeypatch.setenv("HOOK_KEY", "signing-key-77")
    hooks = {
        kind: WebhookConfig(kind=kind, url_env="HOOK_URL", secret_env="HOOK_KEY") for kind in ("json", "slack", "teams")
    }
    post.config = post.config.model_copy(update={"webhooks": hooks})
    return post


def test_a_webhook_gets_signed_json_with_a_stable_key(hooked, hook):
    hook.answers = [(503, {})]
    hooked.put(hooked.message("webhook:json"))
    hooked.deliver()
    hooked.deliver(hours=1)
    (_, first, _), (path, headers, body) = hook.requests
    expected = hmac.new(b"signing-key-77", headers["X-Segmenter-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["X-Segmenter-Signature"] == f"sha256={expected.hexdigest()}"
    assert headers["Idempotency-Key"] == first["Idempotency-Key"]
    assert path == "/hook?token=s3cr3t-token"
    document = json.loads(body)
    assert document["run_id"] == hooked.run_id
    assert document["figures"]["customers"] == "600"


@pytest.mark.parametrize("kind", ["slack", "teams"])
def test_chats_get_bodies_that_they_show(hooked, hook, kind):
    hooked.put(hooked.message(f"webhook:{kind}"))
    assert hooked.deliver().n_sent == 1
    document = json.loads(hook.requests[0][2])
    text = document["blocks"] if kind == "slack" else document["attachments"][0]["content"]["body"]
    assert "customers placed" in json.dumps(text)


def test_a_redirection_is_not_followed(hooked, hook):
    hook.answers = [(302, {"Location": "http://127.0.0.1:1/"})]
    hooked.put(hooked.message("webhook:json"))
    (failed,) = hooked.deliver().failed
    assert "another address" in failed.answer
    assert len(hook.requests) == 1


def test_patience_is_kept_as_long_as_it_is_asked_for(hooked, hook):
    hook.answers = [(429, {"Retry-After": "7200"})]
    hooked.put(hooked.message("webhook:json"))
    hooked.deliver()
    hooked.deliver(hours=1)
    assert len(hook.requests) == 1
    hooked.deliver(hours=1, seconds=1)
    assert len(hook.requests) == 2


def test_addresses_inside_the_own_network_are_refused(hooked, hook):
    hooked.config = hooked.config.model_copy(update={"private_addresses": False})
    hooked.put(hooked.message("webhook:json"))
    (failed,) = hooked.deliver().failed
    assert "own network" in failed.answer
    assert hook.requests == []


def test_no_secret_reaches_the_ledger_or_an_outcome(hooked, hook, monkeypatch):
    monkeypatch.setenv("HOOK_URL", "http://127.0.0.1:1/s3cr3t-token")
    hooked.put(hooked.message("webhook:json"))
    hook.answers = [(500, {})]
    hooked.deliver()
    told = hooked.deliver(hours=30)
    everything = (hooked.archive / "segmenter.sqlite").read_bytes() + repr(told).encode()
    for path in hooked.archive.glob("segmenter.sqlite-*"):
        everything += path.read_bytes()
    assert b"s3cr3t-token" not in everything
    assert b"signing-key-77" not in everything


def test_what_a_webhook_lacks_is_said_before(post, monkeypatch):
    monkeypatch.delenv("NOT_SET", raising=False)
    hooks = {"ops": WebhookConfig(url_env="NOT_SET")}
    config = post.config.model_copy(update={"webhooks": hooks})
    assert "NOT_SET" in str(check(["webhook:ops"], config)[0])
    assert "[delivery.webhooks.other]" in str(check(["webhook:other"], config)[0])
    assert "not an e-mail address" in str(check(["somebody"], config)[0])


def test_a_folder_gets_the_files_whole(post, tmp_path):
    post.put(post.message(f"folder:{tmp_path / 'out'}"))
    assert post.deliver().n_sent == 1
    (made,) = (tmp_path / "out").iterdir()
    assert sorted(path.name for path in made.iterdir()) == ["message.html", "report.html"]


def test_a_failure_far_off_in_time_is_no_new_message(post):
    message = post.message("me@shop.example", kind="owner", title="Failed", text=("why",))
    post.put(message)
    post.moment += timedelta(days=1)
    assert post.put(message) == 0


def test_what_goes_wrong_twice_with_one_due_time_is_told_twice(post):
    told = [post.message("me@shop.example", kind="owner", title="Not delivered", text=(who,)) for who in ("a", "b")]
    assert post.put(*told) == 2


def test_two_words_to_an_owner_do_not_replace_each_other_in_a_folder(post, tmp_path):
    to = f"folder:{tmp_path / 'own'}"
    post.put(*(post.message(to, kind="owner", title=title, text=("why",)) for title in ("Failed", "Not delivered")))
    assert post.deliver().n_sent == 2
    bodies = [path.read_text() for path in (tmp_path / "own").glob("*/message.html")]
    assert sorted(title for body in bodies for title in ("Failed", "Not delivered") if title in body) == [
        "Failed",
        "Not delivered",
    ]


def test_a_folder_that_cannot_be_written_is_tried_again_until_it_can(post, tmp_path):
    (tmp_path / "share").write_text("not a folder")
    post.put(post.message(f"folder:{tmp_path / 'share' / 'out'}"))
    assert post.deliver().n_put_off == 1
    (tmp_path / "share").unlink()
    assert post.deliver(hours=2).n_sent == 1


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        ("Mon, 02 Mar 2026 11:00:00 GMT", 3),
        ("99999999999999999", 24),
        ("-5", 0),
        ("soon", 0),
        ("1.5", 0),
        ("Fri, 31 Dec 9999 23:59:59 -1200", 0),
        ("Mon, 02 Mar 99999999999999999 11:00:00 GMT", 0),
    ],
)
def test_patience_is_understood_as_seconds_or_as_a_date_and_never_longer_than_a_day(hooked, hook, asked, hours):
    hook.answers = [(503, {"Retry-After": asked})]
    hooked.put(hooked.message("webhook:json"))
    assert hooked.deliver().n_put_off == 1
    ((wait,),) = hooked.rows("next_at")
    waited = datetime.fromisoformat(wait) - DUE
    assert timedelta(hours=hours) <= waited < timedelta(hours=hours, minutes=2)


def dripping(head):
    """A server that sends its answer letter by letter and never comes to an end; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            connection, _ = server.accept()
            connection.recv(65536)
            for letter in itertools.chain(head, itertools.repeat("x")):
                connection.sendall(letter.encode())
                time.sleep(0.005)

    threading.Thread(target=serve, daemon=True).start()
    return server


def test_an_answer_that_drips_is_broken_off_when_its_time_is_over(hooked, monkeypatch):
    with dripping("HTTP/1.1 200 OK\r\nX: ") as server:
        monkeypatch.setenv("HOOK_URL", f"http://127.0.0.1:{server.getsockname()[1]}/x")
        hooked.config = hooked.config.model_copy(update={"command_seconds": 0.6})
        hooked.put(hooked.message("webhook:json"))
        assert hooked.deliver().n_put_off == 1
    assert "TimeoutError" in hooked.rows("answer")[0][0]


def test_what_follows_a_good_answer_without_end_is_not_waited_for(hooked, monkeypatch):
    with dripping("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n") as server:
        monkeypatch.setenv("HOOK_URL", f"http://127.0.0.1:{server.getsockname()[1]}/x")
        hooked.config = hooked.config.model_copy(update={"command_seconds": 60})
        hooked.put(hooked.message("webhook:json"))
        assert hooked.deliver().n_sent == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:abc/x", "http://[::1/x", f"http://{'a' * 70}.example/x", "ftp://shop.example/x", "nothing",
        "http://shop.example/é", "http://shop.example/a b", "https://user:pw@shop.example/x", "http://:80/x", "http://a..b/x",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_named_before_and_never_told(hooked, hook, monkeypatch, url):
    monkeypatch.setenv("HOOK_URL", url)
    (problem,) = check(["webhook:json"], hooked.config)
    assert "webhook:json" in str(problem)
    assert url not in str(problem)
    hooked.put(hooked.message("webhook:json"))
    (failed,) = hooked.deliver().failed
    assert failed.answer == str(problem)
