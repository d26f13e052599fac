"""Encrypted sessions with a real server and real certificates: trusted ones are used, all others get nothing."""

import socket
import ssl

import pytest
import trustme
from aiosmtpd.smtp import AuthResult

from segmenter.delivery import check

from .conftest import Server

ME = "me@shop.example"


class Encrypted(Server):
    """Looks whether it has started without speaking to itself, as it trusts no certificate of ours."""

    def _trigger_server(self):
        socket.create_connection((self.hostname, self.port)).close()


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate authority that this machine trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


@pytest.fixture
def serve(mailbox, post):
    """Start the mail server with a certificate: `serve(security, authority, name)`."""
    controllers = []

    def serve(security, authority, name="localhost"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        keys = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
        controllers.append(Encrypted(mailbox, authenticator=right_horse, auth_require_tls=False, **keys))
        update = {"smtp_host": "localhost", "smtp_port": controllers[-1].port, "security": security}
        post.config = post.config.model_copy(update=update)
        controllers[-1].start()

    yield serve
    for controller in controllers:
        controller.stop()


def right_horse(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == b"right horse", handled=False)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_goes_through_an_encrypted_session_with_a_login(post, mailbox, authority, serve, security, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "right horse")
    serve(security, authority)
    post.config = post.config.model_copy(update={"user": "shop", "password_env": "SHOP_PASSWORD"})
    assert check([ME], post.config, connect=True) == ()
    post.put(post.message(ME))
    assert post.deliver().n_sent == 1
    assert [to for to, _ in mailbox.mails] == [ME]


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("fault", ["an authority nobody knows", "another name"])
def test_a_certificate_that_proves_nothing_gets_no_mail_and_no_password(
    post, mailbox, authority, serve, security, fault, monkeypatch
):
    monkeypatch.setenv("SHOP_PASSWORD", "right horse")
    serve(
        security,
        trustme.CA() if "authority" in fault else authority,
        "localhost" if "authority" in fault else "other.example",
    )
    post.config = post.config.model_copy(update={"user": "shop", "password_env": "SHOP_PASSWORD"})
    (problem,) = check([ME], post.config, connect=True)
    assert "certificate" in str(problem)
    post.put(post.message(ME))
    assert post.deliver().n_sent == 0
    assert "certificate" in post.rows("answer")[0][0]
    assert mailbox.mails == []
