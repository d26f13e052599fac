"""One mail to one recipient in one SMTP transaction, and what the server's answer means."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from segmenter.config.delivery import DeliveryConfig
from segmenter.delivery.answers import RefusedError, UnansweredError, UnreachedError


def send(mail: EmailMessage, recipient: str, config: DeliveryConfig, password: str) -> str:
    """Send `mail` to `recipient`; the server's answer.

    Raises
    ------
    RefusedError, UnreachedError, UnansweredError
        The server's answer, in words.
    """
    with _session(config, password) as server:
        _expect(server.mail(config.sender), "the sender")
        _expect(server.rcpt(recipient), "the recipient")
        _expect(server.docmd("DATA"), "the mail", first="3")
        return _transmit(server, mail, config)


def _transmit(server: smtplib.SMTP, mail: EmailMessage, config: DeliveryConfig) -> str:
    """The mail's lines and the final dot; only then is it open whether the server has it."""
    body = mail.as_bytes().replace(b"\r\n.", b"\r\n..")
    if server.sock is None:
        raise UnreachedError("The server closed the connection.")
    server.sock.sendall(body if body.endswith(b"\r\n") else body + b"\r\n")
    try:
        server.sock.settimeout(config.accept_seconds)
        server.sock.sendall(b".\r\n")
        answer = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise UnansweredError(f"The connection broke after the mail's last line ({_reason(error)}).") from None
    return _expect(answer, "the mail")


def greet(config: DeliveryConfig, password: str) -> None:
    """Connect, secure the connection and log in, without sending anything.

    Raises
    ------
    RefusedError, UnreachedError
        The server cannot be used, in words.
    """
    with _session(config, password):
        return


@contextmanager
def _session(config: DeliveryConfig, password: str) -> Iterator[smtplib.SMTP]:
    where = f"{config.smtp_host}:{config.smtp_port}"
    try:
        server = _connected(config)
    except smtplib.SMTPNotSupportedError as error:
        raise RefusedError(
            f"The mail server {where} does not offer what delivery.security asks for: {error}."
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise UnreachedError(f"The mail server {where} cannot be reached: {_reason(error)}.") from None
    try:
        _log_in(server, config, password)
        yield server
    except smtplib.SMTPAuthenticationError as error:
        raise RefusedError(f"The mail server {where} refuses the login of {config.user} ({error.smtp_code}).") from None
    except smtplib.SMTPNotSupportedError as error:
        raise RefusedError(f"The mail server {where} does not offer what is asked for: {error}.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise UnreachedError(f"The connection to {where} broke: {_reason(error)}.") from None
    finally:
        server.close()


def _connected(config: DeliveryConfig) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if config.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=config.connect_seconds, context=context)
        server._host = config.smtp_host  # type: ignore[attr-defined]  # noqa: SLF001 - smtplib checks the certificate by it
    else:
        server = smtplib.SMTP(timeout=config.connect_seconds)
        server._host = config.smtp_host  # type: ignore[attr-defined]  # noqa: SLF001
    _expect(server.connect(config.smtp_host, config.smtp_port), "the connection")
    if server.sock is not None:
        server.sock.settimeout(config.command_seconds)
    if config.security == "starttls":
        server.starttls(context=context)
    return server


def _log_in(server: smtplib.SMTP, config: DeliveryConfig, password: str) -> None:
    server.ehlo_or_helo_if_needed()
    if config.user:
        server.login(config.user, password)


def _expect(answer: tuple[int, bytes], step: str, first: str = "2") -> str:
    code, words = answer
    text = f"{code} {words.decode(errors='replace')}".strip()
    if str(code).startswith(first):
        return text
    kind = RefusedError if 500 <= code < 600 else UnreachedError
    raise kind(f"The mail server does not take {step}: {text}")


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
