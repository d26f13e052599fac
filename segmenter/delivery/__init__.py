"""A report -> people: by e-mail, webhook or folder, through an outbox that survives a crash."""

from segmenter.delivery.check import channel_of, check
from segmenter.delivery.gate import gate
from segmenter.delivery.heartbeat import ping
from segmenter.delivery.mail import preview
from segmenter.delivery.outbox import CHANNELS, Channel, Message, enqueue, history, recover
from segmenter.delivery.post import deliver_due

__all__ = [
    "CHANNELS", "Channel", "Message", "channel_of", "check", "deliver_due", "enqueue", "gate", "history", "ping", "preview", "recover",
]  # fmt: skip
