"""Webhooks, folders, the gate and the sign of life."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from segmenter.config.delivery import WebhookConfig
from segmenter.delivery import check, gate, ping


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
    assert "another address" in failed.cause
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
    assert "own network" in failed.cause
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
    assert "NOT_SET" in check(["webhook:ops"], config)[0]
    assert "[delivery.webhooks.other]" in check(["webhook:other"], config)[0]
    assert "no e-mail address" in check(["somebody"], config)[0]


def test_a_folder_gets_the_files_whole(post, tmp_path):
    post.put(post.message(f"folder:{tmp_path / 'out'}"))
    assert post.deliver().n_sent == 1
    (made,) = (tmp_path / "out").iterdir()
    assert sorted(path.name for path in made.iterdir()) == ["message.html", "report.html"]


def test_the_gate_lets_a_good_run_through_and_names_what_is_wrong_with_a_bad_one(post):
    folder = post.archive / post.run_id
    assert gate(folder) == ()
    page = folder / "report.html"
    page.write_text('<table><tr><td>None</td><td class="number">nan</td><td class="number">12</td></tr></table>')
    (folder / "charts").mkdir()
    (folder / "charts" / "profile.svg").write_text("<svg></svg>")
    found = gate(folder)
    assert len(found) == 2
    assert "'nan'" in " ".join(found)
    assert "profile" in " ".join(found)
    (folder / "run.json").write_text("{")
    assert "damaged" in gate(folder)[0]


def test_a_sign_of_life_is_given_beside_the_work_and_tried_again(post, hook, monkeypatch):
    monkeypatch.setenv("ALIVE", hook.url.partition("?")[0])
    hook.answers = [(500, {}), (500, {})]
    config = post.config.model_copy(update={"heartbeat_env": "ALIVE"})
    for kind in ("start", "success", "fail"):
        ping(config, kind, "run").join()
    assert [path for path, _, _ in hook.requests] == ["/hook/start"] * 3 + ["/hook", "/hook/fail"]
    assert ping(post.config, "start", "run") is None


def test_a_failure_far_off_in_time_is_no_new_message(post):
    message = post.message("me@shop.example", kind="owner", title="Failed", text=("why",))
    post.put(message)
    post.moment += timedelta(days=1)
    assert post.put(message) == 0
