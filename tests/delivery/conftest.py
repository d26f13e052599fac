"""A real mail server and a real web server on this machine, which refuse, stall and drop as they are told."""

import asyncio
import socket
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from segmenter.config.delivery import DeliveryConfig
from segmenter.config.history import HistoryConfig
from segmenter.config.report import ReportConfig
from segmenter.delivery import Message, channel_of, deliver_due, enqueue
from segmenter.runs.alerts import alerts, count
from segmenter.runs.state import open_state, transaction
from tests.kept import kept
from tests.report.made_up import made_up_run

DUE = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Outcome:
    """What became of the messages whose time had come, counted."""

    n_sent: int
    n_put_off: int
    failed: tuple


class Server(Controller):
    """A mail server on a port of its own, which is bound from the beginning, so that nobody else takes it meanwhile."""

    def __init__(self, handler, **more):
        self.bound = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, "127.0.0.1", self.bound.getsockname()[1], ready_timeout=60, **more)

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.bound, ssl=self.ssl_context)


class Mailbox:
    """What the mail server was given, and how it behaves.

    `answers` are given before it accepts; to an address in `stalled` it answers once it has so many mails of others.
    """

    def __init__(self):
        self.mails, self.answers, self.refused, self.stalled = [], [], {}, {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        while len(self.mails) < self.stalled.get(envelope.rcpt_tos[0], 0):
            await asyncio.sleep(0.02)
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer == "drop with the mail taken":
            self.mails.append((envelope.rcpt_tos[0], envelope.content))
        elif answer.startswith("2"):
            self.mails.append((envelope.rcpt_tos[0], envelope.content))
            return answer
        if answer.startswith("drop"):
            server.transport.abort()
            return "250 never heard"
        return answer


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def smtp(mailbox):
    def authenticate(server, session, envelope, mechanism, data):
        if data.password == b"not now":
            return AuthResult(success=False, handled=False, message="454 4.7.0 Temporary authentication failure")
        return AuthResult(success=data.password == b"right horse", handled=False)

    controller = Server(mailbox, authenticator=authenticate, auth_require_tls=False)
    controller.start()
    yield controller.port
    controller.stop()


class Hook:
    """What the web server was given, and the answers to give."""

    def __init__(self):
        self.requests, self.answers = [], []


@pytest.fixture
def hook():
    seen = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.requests.append((self.path, dict(self.headers), body))
            status, headers = seen.answers.pop(0) if seen.answers else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(
        target=server.serve_forever, args=(0.01,), daemon=True
    ).start()  # seconds until it ends when told to
    seen.url = f"http://127.0.0.1:{server.server_port}/hook?token=s3cr3t-token"
    yield seen
    server.shutdown()
    server.server_close()


class Post:
    """An archive with a run, a clock, and the outbox."""

    def __init__(self, root, run_id, port):
        self.archive, self.run_id, self.moment, self.report = root, run_id, DUE, ReportConfig()
        self.config = DeliveryConfig(smtp_host="127.0.0.1", smtp_port=port, security="none", sender="reports@shop.example",
                                     command_seconds=2, accept_seconds=2, connect_seconds=2, private_addresses=True)  # fmt: skip

    def message(self, recipient, kind="report", **keys):
        run_id = self.run_id if kind in {"report", "alerts"} else None
        values = {"title": "", "text": (), "formats": ("html",), **keys}
        return Message("weekly", DUE, run_id, kind, channel_of(recipient), recipient, **values)

    def put(self, *messages):
        with open_state(self.archive) as state, transaction(state):
            return enqueue(state, messages, self.moment)

    def deliver(self, **later):
        self.moment += timedelta(**later)
        found = deliver_due(self.archive, self.config, self.report, lambda: self.moment)
        states = [sent.outcome for sent in found]
        failed = tuple(sent for sent in found if sent.outcome == "failed")
        return Outcome(states.count("sent"), states.count("put off"), failed)

    def rows(self, *columns):
        with open_state(self.archive) as state:
            found = state.execute("SELECT * FROM delivery ORDER BY number").fetchall()
        return [tuple(row[column] for column in columns or ("recipient", "state")) for row in found]


def with_alerts(run, n_new=1):
    """`run` with its first `n_new` odd customers new, and the others known from before."""
    manifest, config = run.manifest, HistoryConfig()
    before = alerts(run.anomalies.iloc[n_new:], None, "20101201T080000Z-7f3a", manifest.as_of, config, {})
    table = alerts(run.anomalies, before, manifest.run_id, manifest.as_of, config, {})
    counts = count(table, (0, 0), manifest.as_of, is_baseline=False)
    return replace(run, alerts=table, history=replace(run.history, alerts=counts))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    def finish(aside):
        (aside / "report.html").write_text("<p>report</p>")

    return kept(with_alerts(made_up_run()), tmp_path_factory.mktemp("made") / "runs", finish)


@pytest.fixture
def post(run_folder, tmp_path, smtp):
    import shutil

    shutil.copytree(run_folder, tmp_path / run_folder.name)
    return Post(tmp_path, run_folder.name, smtp)
