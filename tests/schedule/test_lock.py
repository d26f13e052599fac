"""One service holds an archive: the rest stand by, and take over when it dies."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segmenter.errors import HeldError
from segmenter.schedule import child, serving
from segmenter.schedule.lock import hold
from tests.delivery.conftest import mailbox, smtp
from tests.shell import command

__all__ = ["mailbox", "smtp"]  # fixtures

HOLD = """
import sys
from pathlib import Path
from segmenter.schedule.lock import hold
from segmenter.errors import HeldError
try:
    with hold(Path(sys.argv[1]), wait=False, pause=lambda: None):
        print("holds", flush=True); sys.stdin.read()
except HeldError as error:
    print(error, flush=True); sys.exit(error.exit_status)
"""


def start(archive):
    """A process that tries to hold the archive, and if it does, until its standard input ends."""
    words = [sys.executable, "-c", HOLD, str(archive)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_second_service_is_refused_with_the_holders_number(tmp_path):
    first = start(tmp_path)
    assert first.stdout.readline() == "holds\n"
    assert serving(tmp_path) == first.pid
    with pytest.raises(HeldError, match=str(first.pid)) as refused, hold(tmp_path, wait=False, pause=lambda: None):
        pass
    assert refused.value.exit_status == 75
    first.kill()
    first.wait()
    assert serving(tmp_path) is None
    with hold(tmp_path, wait=False, pause=lambda: None):
        assert serving(tmp_path) == os.getpid()


def test_a_stand_by_takes_over_when_the_holder_dies(tmp_path):
    first = start(tmp_path)
    first.stdout.readline()
    pauses = []

    def pause():
        pauses.append(1)
        first.send_signal(signal.SIGKILL)
        first.wait()

    with hold(tmp_path, wait=True, pause=pause):
        assert len(pauses) == 1


@pytest.mark.slow
def test_of_fifty_services_started_at_once_exactly_one_holds(tmp_path):
    started = [start(tmp_path) for _ in range(50)]
    told = [each.stdout.readline() for each in started]
    for each in started:
        each.stdin.close()
    assert told.count("holds\n") == 1
    assert [each.wait() for each in started].count(75) == 49


CONFIG = """
[engine]
archive = "runs"
[[schedule]]
name = "often"
cron = "* * * * *"
recipients = ["folder:out"]
"""


def test_the_command_line_serves_lists_and_ends_at_a_signal(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)

    def segmenter(*words):
        return command("schedule", *words, "-c", "config.toml", cwd=tmp_path)

    listed = segmenter("next", "--json")
    (often,) = json.loads(listed.stdout)
    assert often["when"] == "Every minute (UTC)"
    assert len(often["next"]) == 5
    service = subprocess.Popen(
        [sys.executable, "-m", "segmenter", "schedule", "start", "-c", "config.toml"],
        cwd=tmp_path,
        text=True,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 - the tests may be under nohup
    )
    try:
        assert "It has no owner" in service.stderr.readline()
        assert "serves" in service.stderr.readline()
        second = segmenter("start", "--no-wait")
        assert second.returncode == 75
        assert str(service.pid) in second.stderr.decode()
        status = segmenter("status", "--json")
        assert json.loads(status.stdout)["service"] == service.pid
    finally:
        service.send_signal(signal.SIGHUP)  # as a terminal does that is closed
        try:
            assert service.wait(timeout=60) == 0
        finally:
            service.kill()
    events = [json.loads(line)["event"] for line in (tmp_path / "runs" / "service.jsonl").read_text().splitlines()]
    assert "serves" in events
    assert events[-1] == "ends"


def test_who_is_refused_asks_no_mail_server_first(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        mail = (
            f'[delivery]\nsmtp_host = "127.0.0.1"\nsmtp_port = {port}\nsecurity = "none"\nsender = "r@shop.example"\n'
        )
        (tmp_path / "config.toml").write_text(mail + CONFIG.replace("folder:out", "me@shop.example"))
        holder = start(tmp_path / "runs")
        assert holder.stdout.readline() == "holds\n"
        refused = command("schedule", "start", "-c", "config.toml", "--no-wait", cwd=tmp_path)
        holder.kill()
        assert refused.returncode == 75
        assert str(holder.pid) in refused.stderr.decode()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_wrong_password_ends_the_service_with_the_status_that_keeps_systemd_from_starting_it_again(tmp_path, smtp):
    mail = f'[delivery]\nsmtp_host = "127.0.0.1"\nsmtp_port = {smtp}\nsecurity = "none"\nsender = "r@shop.example"\n'
    mail += 'user = "shop"\npassword_env = "SHOP_PASSWORD"\n'
    (tmp_path / "config.toml").write_text(mail + CONFIG.replace("folder:out", "me@shop.example"))
    environment = os.environ | {"SHOP_PASSWORD": "wrong horse"}
    ended = command("schedule", "start", "-c", "config.toml", cwd=tmp_path, env=environment)
    assert ended.returncode == 2
    assert "refuses the login" in ended.stderr.decode()
    assert "RestartPreventExitStatus=2" in Path("deploy/segmenter.service").read_text()


def test_a_run_that_takes_too_much_memory_is_stopped_with_all_that_it_started(tmp_path):
    greedy = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; hoard = bytearray(400 << 20); time.sleep(60)'])"
    outcome = child.run([sys.executable, "-c", greedy], 60, 200)
    assert "more than 200 MiB of memory" in outcome.cause


def test_a_run_within_its_memory_is_left_alone():
    frugal = "import json, time; hoard = bytearray(20 << 20); time.sleep(1.2); print(json.dumps({'run': 'a', 'folder': 'b'}))"
    assert child.run([sys.executable, "-c", frugal], 60, 400).made.run_id == "a"


OUTLIVING = """
import fcntl, sys, time
with open(sys.argv[1], "w") as mark:
    fcntl.flock(mark, fcntl.LOCK_EX)
    print("begun", file=mark, flush=True); time.sleep(60); print("outlived it", file=mark, flush=True)
"""


def test_what_a_dead_service_started_dies_with_it(tmp_path):
    mark = tmp_path / "mark"
    words = [sys.executable, "-c", OUTLIVING, str(mark)]
    code = f"from segmenter.schedule import child; child.run({words!r}, 600, 0)"
    service = subprocess.Popen([sys.executable, "-c", code])
    while not mark.exists() or not mark.read_text():
        time.sleep(0.05)
    service.kill()
    service.wait()
    with mark.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # is given when whoever has it is gone
        assert lock.read() == "begun\n"
