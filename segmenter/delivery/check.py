"""Checks beforehand whether recipients can be served."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from segmenter.config.delivery import DeliveryConfig
from segmenter.delivery.answers import RefusedError, UnreachedError
from segmenter.delivery.outbox import Channel
from segmenter.delivery.secrets import secret
from segmenter.errors import DeliveryError

ADDRESS = re.compile(r"^[^@\s<>(),;:\"\[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$")


def channel_of(recipient: str) -> Channel:
    """How a recipient is reached: webhook:NAME, folder:PATH, else by e-mail."""
    kind = recipient.partition(":")[0]
    return "webhook" if kind == "webhook" else "folder" if kind == "folder" else "email"


def is_recipient(text: str) -> bool:
    """Whether `text` has the form of a recipient."""
    return channel_of(text) != "email" or ADDRESS.match(text) is not None


def check(recipients: Iterable[str], config: DeliveryConfig, *, connect: bool = False) -> tuple[DeliveryError, ...]:
    """Why recipients cannot be served, empty where they can; with `connect` the mail server is tried, too.

    An `UnreachedError` may pass by itself; anything else has to be corrected first.
    """
    chosen = list(dict.fromkeys(recipients))
    problems = [problem for each in chosen for problem in _problems(each, config)]
    if any(channel_of(each) == "email" for each in chosen):
        problems += _mail_problems(config, connect=connect)
    return tuple(problems)


def _problems(recipient: str, config: DeliveryConfig) -> list[DeliveryError]:
    channel, rest = channel_of(recipient), recipient.partition(":")[2]
    try:
        if channel == "email":
            _check_address(recipient, config)
        elif channel == "webhook":
            _check_webhook(rest, config)
        else:
            _check_folder(Path(rest))
    except DeliveryError as error:
        return [error]
    return []


def _check_address(address: str, config: DeliveryConfig) -> None:
    if not is_recipient(address):
        raise RefusedError(f"{address} is not an e-mail address, webhook:NAME or folder:PATH.")
    if not address.isascii():
        raise RefusedError(f"{address} has letters before the @ that few mail servers accept; name another address.")
    domain = address.rpartition("@")[2].lower()
    if config.allowed_domains and domain not in {each.lower() for each in config.allowed_domains}:
        raise RefusedError(
            f"{address} is outside delivery.allowed_domains ({', '.join(config.allowed_domains)}); nothing is sent there."
        )


def _check_webhook(name: str, config: DeliveryConfig) -> None:
    from segmenter.delivery.webhook import target

    hook = config.webhooks.get(name)
    if hook is None:
        raise RefusedError(
            f"webhook:{name} is not in the configuration; add a table [delivery.webhooks.{name}] with url_env."
        )
    url = secret(hook.url_env, hook.url_file, f"the address of webhook {name}")
    secret(hook.secret_env, hook.secret_file, f"the key of webhook {name}")
    try:
        target(url)
    except RefusedError as error:
        raise RefusedError(f"webhook:{name}: {error}") from None


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # nameless, as other messages may be written there just now
            pass
    except OSError as error:
        raise UnreachedError(
            f"The folder {folder} cannot be written to: {error.strerror}. Grant write permission or name another one."
        ) from None


def _mail_problems(config: DeliveryConfig, *, connect: bool) -> list[DeliveryError]:
    missing = [key for key in ("smtp_host", "sender") if not getattr(config, key)]
    if missing:
        return [RefusedError(f"Mail cannot be sent: delivery.{missing[0]} is not set.")]
    from segmenter.delivery.smtp import greet

    try:
        password = secret(config.password_env, config.password_file, "the password of the mail server")
        if connect:
            greet(config, password)
    except DeliveryError as error:
        return [error]
    return []
