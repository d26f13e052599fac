"""One service holds an archive: the rest stand by, and take over when it dies."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from segmenter.errors import HeldError
from segmenter.schedule import serving
from segmenter.schedule.holder import hold

HOLD = """
import sys
from pathlib import Path
from segmenter.schedule.holder import hold
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
    segmenter = [sys.executable, "-m", "segmenter", "schedule"]
    more = {"cwd": tmp_path, "text": True, "capture_output": True}
    listed = subprocess.run([*segmenter, "next", "-c", "config.toml", "--json"], check=True, **more)
    assert len(json.loads(listed.stdout)) == 5
    service = subprocess.Popen(
        [*segmenter, "start", "-c", "config.toml"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        assert "serves" in service.stderr.readline()
        second = subprocess.run([*segmenter, "start", "-c", "config.toml", "--no-wait"], check=False, **more)
        assert second.returncode == 75
        assert str(service.pid) in second.stderr
        status = subprocess.run([*segmenter, "status", "-c", "config.toml", "--json"], check=False, **more)
        assert json.loads(status.stdout)["service"] == service.pid
    finally:
        service.terminate()
    assert service.wait(timeout=60) == 0
    events = [json.loads(line)["event"] for line in (tmp_path / "runs" / "service.jsonl").read_text().splitlines()]
    assert "serves" in events


def test_what_a_dead_service_started_dies_with_it(tmp_path):
    mark = tmp_path / "alive"
    child = f"import time, pathlib\nwhile True:\n    pathlib.Path({str(mark)!r}).write_text(str(time.time())); time.sleep(0.05)"
    service = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys; from segmenter.schedule import child; child.run([sys.executable, '-c', {child!r}], 60)",
        ]
    )
    while not mark.exists():
        time.sleep(0.05)
    service.kill()
    service.wait()
    time.sleep(1)
    last = mark.read_text()
    time.sleep(0.5)
    assert mark.read_text() == last
