"""A report -> people: by e-mail, webhook or folder, through an outbox that survives a crash."""

from segmenter.delivery.answers import UnreachedError
from segmenter.delivery.check import channel_of, check, is_recipient
from segmenter.delivery.gate import gate
from segmenter.delivery.heartbeat import Heartbeat
from segmenter.delivery.mail import preview
from segmenter.delivery.outbox import About, Message, enqueue, forget, history, mark_told, undelivered, untold
from segmenter.delivery.post import Post, deliver_due

__all__ = [
    "About", "Heartbeat", "Message", "Post", "UnreachedError", "channel_of", "check", "deliver_due", "enqueue", "forget", "gate",
    "history", "is_recipient", "mark_told", "preview", "undelivered", "untold",
]  # fmt: skip
