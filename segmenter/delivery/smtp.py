"""One mail to one recipient in one SMTP transaction, and what the server's answer means."""

from __future__ import annotations

import binascii
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from segmenter.config.delivery import DeliveryConfig
from segmenter.delivery.answers import RefusedError, UnansweredError, UnreachedError
from segmenter.delivery.deadline import within


def send(
    mail: EmailMessage, recipient: str, config: DeliveryConfig, password: str, hand_over: Callable[[], object]
) -> str:
    """Send `mail` to `recipient`; the server's answer. `hand_over` is called when only the final dot is left to send.

    Raises
    ------
    RefusedError, UnreachedError, UnansweredError
        The server's answer, in words.
    """
    with _session(config, password) as server:
        _expect(server.mail(config.sender), "the sender")
        _expect(server.rcpt(recipient), "the recipient")
        _expect(server.docmd("DATA"), "the mail", first="3")
        return _transmit(server, mail, config, hand_over)


def _transmit(server: _Server, mail: EmailMessage, config: DeliveryConfig, hand_over: Callable[[], object]) -> str:
    """Send the mail's lines and the final dot; if the connection breaks after the dot, the outcome is not known."""
    body = mail.as_bytes().replace(b"\r\n.", b"\r\n..")
    if server.sock is None:
        raise UnreachedError("The server closed the connection.")
    server.wait(config.accept_seconds)
    with within(server.sock, config.accept_seconds):
        server.sock.sendall(body if body.endswith(b"\r\n") else body + b"\r\n")
    hand_over()
    try:
        server.sock.sendall(b".\r\n")
        answer = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise UnansweredError(f"The connection broke after the mail's last line ({_reason(error)}).") from None
    if answer[0] < 0:
        raise UnansweredError("The server's answer to the mail's last line is not one of a mail server.")
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


class _Server(smtplib.SMTP):
    """A session with a time limit for each whole answer; with `context` it is encrypted from the start."""

    def __init__(self, host: str, seconds: float, context: ssl.SSLContext | None) -> None:
        super().__init__(timeout=seconds)
        self._host = host  # smtplib verifies the certificate against it
        self.context = context

    def wait(self, seconds: float) -> None:
        """Set the time limit of every further step."""
        self.timeout = seconds
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def getreply(self) -> tuple[int, bytes]:
        """The server's answer, with all lines within the time limit."""
        if self.sock is None:
            return super().getreply()
        with within(self.sock, self.timeout):
            return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        if self.context is None:
            return plain
        with within(plain, timeout):
            return self.context.wrap_socket(plain, server_hostname=host)


@contextmanager
def _session(config: DeliveryConfig, password: str) -> Iterator[_Server]:
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
        kind = RefusedError if error.smtp_code >= 500 else UnreachedError
        raise kind(f"The mail server {where} refuses the login of {config.user} ({error.smtp_code}).") from None
    except smtplib.SMTPNotSupportedError as error:
        raise RefusedError(f"The mail server {where} does not offer what is asked for: {error}.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise UnreachedError(f"The connection to {where} broke: {_reason(error)}.") from None
    finally:
        server.close()


def _connected(config: DeliveryConfig) -> _Server:
    context = ssl.create_default_context()
    server = _Server(config.smtp_host, config.connect_seconds, context if config.security == "tls" else None)
    try:
        _expect(server.connect(config.smtp_host, config.smtp_port), "the connection")
        server.wait(config.command_seconds)
        if config.security == "starttls" and server.sock is not None:
            with within(server.sock, config.command_seconds):
                server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def _log_in(server: smtplib.SMTP, config: DeliveryConfig, password: str) -> None:
    server.ehlo_or_helo_if_needed()
    if not config.user:
        return
    try:
        server.login(config.user, password)
    except UnicodeEncodeError:
        raise RefusedError(
            "The login of the mail server holds letters beyond ASCII, which cannot be sent. Use a user and a password of "
            "plain letters, digits and signs."
        ) from None
    except binascii.Error:
        raise UnreachedError("The mail server asks for the login in a way that cannot be read.") from None


def _expect(answer: tuple[int, bytes], step: str, first: str = "2") -> str:
    code, words = answer
    text = f"{code} {words.decode(errors='replace')}".strip()
    if str(code).startswith(first):
        return text
    kind = RefusedError if 500 <= code < 600 else UnreachedError
    raise kind(f"The mail server does not take {step}: {text}")


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
