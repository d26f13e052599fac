"""Signs of life: all of them, in their order, and never in the way of the work."""

from segmenter.delivery import Heartbeat
from segmenter.delivery.heartbeat import ATTEMPTS


def test_signs_are_given_in_their_order_and_tried_again_after_growing_pauses(post, hook, monkeypatch):
    monkeypatch.setenv("ALIVE", hook.url.partition("?")[0])
    hook.answers = [(500, {}), (500, {})]
    config, pauses = post.config.model_copy(update={"heartbeat_env": "ALIVE"}), []
    heartbeat = Heartbeat(pauses.append)
    for kind in ("start", "success", "start", "fail"):
        heartbeat.tell(config, kind, "run")
    heartbeat.finish()
    assert [path for path, _, _ in hook.requests] == ["/hook/start"] * 3 + ["/hook", "/hook/start", "/hook/fail"]
    assert pauses == [1, 2]


def test_a_sign_that_cannot_be_given_is_given_up_and_the_next_one_is_told(post, hook, monkeypatch):
    monkeypatch.setenv("ALIVE", hook.url.partition("?")[0])
    hook.answers = [(500, {})] * ATTEMPTS
    config = post.config.model_copy(update={"heartbeat_env": "ALIVE"})
    heartbeat = Heartbeat(lambda _: None)
    heartbeat.tell(config, "start", "run")
    heartbeat.finish()
    heartbeat.tell(config, "success", "run")
    heartbeat.finish()
    assert [path for path, _, _ in hook.requests] == ["/hook/start"] * ATTEMPTS + ["/hook"]


def test_without_an_address_nothing_is_told(post, hook):
    heartbeat = Heartbeat()
    heartbeat.tell(post.config, "start", "run")
    heartbeat.finish()
    assert hook.requests == []
