"""A message to a webhook: JSON that is signed, or a body that Slack or Teams show."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from segmenter.config.delivery import DeliveryConfig, WebhookConfig
from segmenter.delivery.answers import RefusedError, UnansweredError, UnreachedError
from segmenter.delivery.content import Content
from segmenter.delivery.outbox import Message, as_document

LARGEST_ANSWER = 2000  # bytes of an answer that are read
CHAT_TEXT = 2800  # characters of a chat message's text


def body(message: Message, what: Content, kind: str) -> bytes:
    """The JSON that a receiver of this kind understands."""
    paragraphs = [what.subject, *what.text]
    if kind == "slack":
        blocks = [
            {"type": "section", "text": {"type": "plain_text", "text": each[:CHAT_TEXT]}} for each in paragraphs if each
        ]
        return _json({"text": what.subject, "blocks": blocks[:45]})
    if kind == "teams":
        lines = [{"type": "TextBlock", "text": each[:CHAT_TEXT], "wrap": True} for each in paragraphs if each]
        card = {"type": "AdaptiveCard", "version": "1.4", "body": [{**lines[0], "weight": "Bolder"}, *lines[1:]]}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return _json({"type": "message", "attachments": [attachment]})
    stats = {each.label: each.value for each in what.brief.stats} if what.brief else {}
    return _json({**as_document(message), "subject": what.subject, "paragraphs": what.text, "figures": stats})


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def send(
    message: Message,
    what: Content,
    hook: WebhookConfig,
    config: DeliveryConfig,
    secrets: tuple[str, str],
    now: datetime,
) -> str:
    """Post the message to the address of `secrets`, signed with its key; the answer's status line.

    The signature is HMAC-SHA256 over ``<timestamp>.<body>``; the Idempotency-Key is the same for every attempt.
    Redirections are not followed.

    Raises
    ------
    RefusedError, UnreachedError, UnansweredError
        The receiver's answer, in words; the address is never part of it.
    """
    url, key = secrets
    data = body(message, what, hook.kind)
    stamp = str(int(now.timestamp()))
    headers = {"Content-Type": "application/json", "Idempotency-Key": message.key, "User-Agent": "segmenter"}
    if key:
        signed = hmac.new(key.encode(), stamp.encode() + b"." + data, hashlib.sha256).hexdigest()
        headers |= {"X-Segmenter-Timestamp": stamp, "X-Segmenter-Signature": f"sha256={signed}"}
    return post(url, data, headers, config)


def post(url: str, data: bytes, headers: dict[str, str], config: DeliveryConfig) -> str:
    """Post `data` to `url` within the time limits of `config`; the answer's status.

    Raises
    ------
    RefusedError, UnreachedError, UnansweredError
        The address cannot be used, or the receiver's answer is no success.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RefusedError("The webhook's address is no http or https address.")
    address = _address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), config)
    deadline = time.monotonic() + config.command_seconds
    connection = _connection(parts.scheme, parts.hostname, address, config)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        try:
            connection.connect()
        except OSError as error:
            raise UnreachedError(f"The webhook's server cannot be reached: {error}.") from None
        connection.sock.settimeout(config.command_seconds)
        try:
            connection.request("POST", path, body=data, headers={**headers, "Host": parts.netloc.rpartition("@")[2]})
            answer = connection.getresponse()
            _read(answer, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise UnansweredError(f"The webhook gave no answer: {type(error).__name__}.") from None
    finally:
        connection.close()
    return _judged(answer)


def _read(answer: http.client.HTTPResponse, deadline: float) -> None:
    """Read what is of use of an answer; one that drips on beyond the deadline is broken off."""
    left = LARGEST_ANSWER
    while left > 0 and (piece := answer.read1(left)):
        left -= len(piece)
        if time.monotonic() > deadline:
            raise TimeoutError


def _connection(scheme: str, host: str, address: tuple[str, int], config: DeliveryConfig) -> http.client.HTTPConnection:
    """A connection to the address that was checked, so that a second look-up cannot lead elsewhere."""
    if scheme == "http":
        return http.client.HTTPConnection(*address, timeout=config.connect_seconds)
    return _Checked(host, address, config.connect_seconds)


class _Checked(http.client.HTTPSConnection):
    """HTTPS to a given address, its certificate checked by the host's name."""

    def __init__(self, host: str, address: tuple[str, int], timeout: float) -> None:
        super().__init__(host, address[1], timeout=timeout, context=ssl.create_default_context())
        self._address = address

    def connect(self) -> None:
        """Connect to the address and secure the connection."""
        plain = socket.create_connection(self._address, self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _address(host: str, port: int, config: DeliveryConfig) -> tuple[str, int]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachedError(f"The webhook's host cannot be found: {error.strerror or error}.") from None
    address = str(found[0][4][0])
    if not config.private_addresses and not ipaddress.ip_address(address).is_global:
        raise RefusedError(
            "The webhook's address lies inside the own network; delivery.private_addresses = true permits that."
        )
    return address, port


def _judged(answer: http.client.HTTPResponse) -> str:
    text = f"{answer.status} {answer.reason}".strip()
    if 200 <= answer.status < 300:
        return text
    if answer.status in {408, 425, 429} or answer.status >= 500:
        patience = answer.headers.get("Retry-After", "")
        error = UnreachedError(f"The webhook asks for patience: {text}.")
        error.retry_after = float(patience) if patience.isdigit() else None
        raise error
    if 300 <= answer.status < 400:
        raise RefusedError(f"The webhook sends on to another address ({text}); name that one.")
    raise RefusedError(f"The webhook does not take the message: {text}.")
