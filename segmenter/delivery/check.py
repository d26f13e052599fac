"""Whether a recipient can be served, said before anything relies on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from segmenter.config.delivery import DeliveryConfig
from segmenter.delivery.outbox import Channel
from segmenter.delivery.secrets import secret
from segmenter.errors import DeliveryError, SegmenterError

ADDRESS = re.compile(r"^[^@\s<>(),;:\"\[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$")


def channel_of(recipient: str) -> Channel:
    """How a recipient is reached: webhook:NAME, folder:PATH, else by e-mail."""
    kind = recipient.partition(":")[0]
    return "webhook" if kind == "webhook" else "folder" if kind == "folder" else "email"


def check(recipients: Iterable[str], config: DeliveryConfig, *, connect: bool = False) -> tuple[str, ...]:
    """What keeps recipients from being served, a sentence each; with `connect` the mail server is asked, too."""
    chosen = list(dict.fromkeys(recipients))
    problems = [problem for each in chosen for problem in [_problem(each, config)] if problem]
    if any(channel_of(each) == "email" for each in chosen):
        problems += _mail_problems(config, connect)
    return tuple(problems)


def _problem(recipient: str, config: DeliveryConfig) -> str:
    rest = recipient.partition(":")[2]
    return {"email": _address, "webhook": _webhook, "folder": _folder}[channel_of(recipient)](
        recipient if channel_of(recipient) == "email" else rest, config
    )


def _address(address: str, config: DeliveryConfig) -> str:
    if not ADDRESS.match(address):
        return f"{address} is no e-mail address, webhook:NAME or folder:PATH."
    domain = address.rpartition("@")[2].lower()
    if config.allowed_domains and domain not in {each.lower() for each in config.allowed_domains}:
        return f"{address} is outside delivery.allowed_domains ({', '.join(config.allowed_domains)}); nothing is sent there."
    return ""


def _webhook(name: str, config: DeliveryConfig) -> str:
    hook = config.webhooks.get(name)
    if hook is None:
        return f"webhook:{name} is not in the configuration; add a table [delivery.webhooks.{name}] with url_env."
    try:
        secret(hook.url_env, hook.url_file, f"the address of webhook {name}")
        secret(hook.secret_env, hook.secret_file, f"the key of webhook {name}")
    except DeliveryError as error:
        return str(error)
    return ""


def _folder(path: str, _: DeliveryConfig) -> str:
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".segmenter-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return f"The folder {folder} cannot be written to: {error.strerror}. Permit it or name another one."
    return ""


def _mail_problems(config: DeliveryConfig, connect: bool) -> list[str]:
    missing = [key for key in ("smtp_host", "sender") if not getattr(config, key)]
    if missing:
        return [f"Mail cannot be sent: delivery.{missing[0]} is not set."]
    from segmenter.delivery.smtp import greet

    try:
        password = secret(config.password_env, config.password_file, "the password of the mail server")
        if connect:
            greet(config, password)
    except SegmenterError as error:
        return [str(error)]
    return []
