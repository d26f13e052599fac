"""A message to a webhook: signed JSON, or a body for Slack or Teams."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from segmenter.config.delivery import DeliveryConfig, WebhookConfig
from segmenter.delivery.answers import RefusedError, UnansweredError, UnreachedError
from segmenter.delivery.content import Content
from segmenter.delivery.deadline import within
from segmenter.delivery.outbox import Message, as_document

CHAT_TEXT = 2800  # characters of a chat message's paragraph
CHAT_PARAGRAPHS = 45  # of the 50 blocks that Slack takes


def body(message: Message, what: Content, kind: str) -> bytes:
    """The JSON that a receiver of this kind understands."""
    if kind == "slack":
        blocks = [{"type": "section", "text": {"type": "plain_text", "text": each}} for each in _chat(what)]
        return _json({"text": what.subject, "blocks": blocks})
    if kind == "teams":
        lines = [{"type": "TextBlock", "text": each, "wrap": True} for each in _chat(what)]
        card = {"type": "AdaptiveCard", "version": "1.4", "body": [{**lines[0], "weight": "Bolder"}, *lines[1:]]}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return _json({"type": "message", "attachments": [attachment]})
    figures = {each.label: each.value for each in what.figures}
    alerts = [asdict(each) for each in what.alerts]
    return _json(
        {**as_document(message), "subject": what.subject, "paragraphs": what.text, "figures": figures, "alerts": alerts}
    )


def _chat(what: Content) -> list[str]:
    """The paragraphs of a chat message, cut to what chats accept; the last one says how many are left out."""
    paragraphs = [each[:CHAT_TEXT] for each in (what.subject, *what.text) if each]
    if len(paragraphs) <= CHAT_PARAGRAPHS:
        return paragraphs
    left = what.voice.number(len(paragraphs) - CHAT_PARAGRAPHS + 1)
    more = what.voice("{n} more paragraphs are in the mail and in the run's folder.", n=left)
    return [*paragraphs[: CHAT_PARAGRAPHS - 1], more]


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def send(
    message: Message,
    what: Content,
    hook: WebhookConfig,
    config: DeliveryConfig,
    secrets: tuple[str, str],
    now: datetime,
    hand_over: Callable[[], object],
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
    return post(url, data, headers, config, now, hand_over)


def post(
    url: str, data: bytes, headers: dict[str, str], config: DeliveryConfig, now: datetime,
    hand_over: Callable[[], object] = lambda: None,
) -> str:  # fmt: skip
    """Post `data` to `url` within the time limits of `config`; the answer's status. `hand_over` is called just before.

    Raises
    ------
    RefusedError, UnreachedError, UnansweredError
        The address cannot be used, or the receiver's answer is no success.
    """
    parts = target(url)
    address = _address(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), config)
    connection = _connection(parts.scheme, parts.hostname or "", address, config)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        try:
            connection.connect()
        except OSError as error:
            raise UnreachedError(f"The webhook's server cannot be reached: {error}.") from None
        connection.sock.settimeout(config.command_seconds)
        hand_over()
        try:
            with within(connection.sock, config.command_seconds):
                connection.request("POST", path, body=data, headers={**headers, "Host": parts.netloc})
                answer = connection.getresponse()  # its body is not needed
        except (OSError, http.client.HTTPException) as error:
            raise UnansweredError(f"The webhook gave no answer: {type(error).__name__}.") from None
    finally:
        connection.close()
    return _expect_success(answer, now)


def target(url: str) -> SplitResult:
    """The parts of a webhook's address.

    Raises
    ------
    RefusedError
        It cannot be used; the message does not contain the address, which is a secret.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
        known = known and all(0 < len(label) < 64 for label in str(parts.hostname).rstrip(".").split("."))
    except ValueError:
        known = False
    if not known or not (url.isascii() and url.isprintable()) or " " in url:
        raise RefusedError("The webhook's address is not an http or https address with a host and plain letters.")
    if "@" in parts.netloc:
        raise RefusedError("The webhook's address holds a login, which is not sent; use an address with a key in it.")
    return parts


def _connection(scheme: str, host: str, address: tuple[str, int], config: DeliveryConfig) -> http.client.HTTPConnection:
    """A connection to the resolved `address`, as a second look-up might yield one that was not checked."""
    if scheme == "http":
        return http.client.HTTPConnection(*address, timeout=config.connect_seconds)
    return _PinnedConnection(host, address, config.connect_seconds)


class _PinnedConnection(http.client.HTTPSConnection):
    """HTTPS to a given address, with the certificate verified against the host's name."""

    def __init__(self, host: str, address: tuple[str, int], seconds: float) -> None:
        super().__init__(host, address[1], timeout=seconds, context=ssl.create_default_context())
        self._address, self._seconds = address, seconds

    def connect(self) -> None:
        """Connect to the address by TLS."""
        plain = socket.create_connection(self._address, self._seconds)
        with within(plain, self._seconds):
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


def _expect_success(answer: http.client.HTTPResponse, now: datetime) -> str:
    text = f"{answer.status} {answer.reason}".strip()
    if 200 <= answer.status < 300:
        return text
    if answer.status in {408, 425, 429} or answer.status >= 500:
        error = UnreachedError(f"The webhook asks to wait: {text}.")
        error.retry_after = _retry_after(answer.headers.get("Retry-After", ""), now)
        raise error
    if 300 <= answer.status < 400:
        raise RefusedError(f"The webhook redirects to another address ({text}); name that one.")
    raise RefusedError(f"The webhook does not take the message: {text}.")


def _retry_after(header: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, by a number or a date (RFC 9110, 10.2.3); None where it is neither."""
    if header.isascii() and header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header).astimezone(UTC) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
