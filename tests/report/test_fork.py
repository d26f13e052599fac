"""What two processes make is what one would make, whatever becomes of the helper."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segmenter.errors import ReportError
from segmenter.report.fork import drawn_by_two, forked


def in_the_helper(act):
    """A drawing that acts where it is drawn by the helper, and draws nothing special where it is not."""
    parent = os.getpid()
    return lambda: act() if os.getpid() != parent else "drawn here"


@pytest.mark.parametrize("n_charts", [0, 1, 2, 7])
def test_charts_keep_their_order(n_charts):
    assert drawn_by_two([lambda name=name: name for name in range(n_charts)]) == list(range(n_charts))


def test_the_helper_draws_every_second_chart():
    charts = [os.getpid] * 6
    found = drawn_by_two(charts)
    assert found[::2] == [os.getpid()] * 3
    assert len({*found[1::2]}) == 1
    assert found[1] != os.getpid()


@pytest.mark.parametrize("end", [lambda: os._exit(9), lambda: 1 / 0])
def test_a_helper_that_dies_costs_time_and_no_chart(end):
    assert drawn_by_two([lambda: "first", in_the_helper(end), lambda: "last"]) == ["first", "drawn here", "last"]


def test_a_chart_that_cannot_be_drawn_is_told_by_this_process():
    with pytest.raises(ZeroDivisionError):
        drawn_by_two([lambda: "first", lambda: 1 / 0])


def test_work_beside_is_done_by_another_process_and_had_when_asked_for():
    with forked(os.getpid) as made:
        assert made() != os.getpid()


def test_an_error_that_tells_a_person_what_to_do_is_passed_on_and_not_made_again():
    def fail():
        raise ReportError(f"told by {os.getpid()}")

    with pytest.raises(ReportError, match="told by") as told, forked(fail) as made:
        made()
    assert str(os.getpid()) not in str(told.value)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ReportError])
def test_a_helper_ends_with_the_block_that_it_works_beside(tmp_path, error):
    note = tmp_path / "helper"

    def work():
        note.write_text(str(os.getpid()))
        time.sleep(60)

    def block():
        with forked(work):
            assert holds(lambda: note.exists() and note.read_text() != "")
            raise error

    with pytest.raises(error):
        block()
    assert not alive(int(note.read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_to_both_processes_is_answered_by_the_first_alone(number, capfd):
    def heard(*_):
        sys.stderr.write("cleaning up")
        raise KeyboardInterrupt

    before = signal.signal(number, heard)
    try:
        with forked(in_the_helper(lambda: os.kill(os.getpid(), number))) as made:
            assert made() == "drawn here"
    finally:
        signal.signal(number, before)
    assert capfd.readouterr().err == ""


def test_a_helper_whose_process_is_killed_ends_too(tmp_path):
    written = tmp_path / "helper"
    program = (
        "import os, pathlib, time\n"
        "from segmenter.report.fork import drawn_by_two\n"
        "parent = os.getpid()\n"
        f"note = lambda: pathlib.Path({str(written)!r}).write_text(str(os.getpid())) and time.sleep(60)\n"
        "wait = lambda: time.sleep(60)\n"
        "drawn_by_two([wait, note])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    assert holds(lambda: written.exists() and written.read_text() != "")
    helper = int(written.read_text())
    process.kill()
    process.wait()
    assert holds(lambda: not alive(helper))


def holds(condition):
    """Whether `condition` holds within ten seconds."""
    return any(condition() or time.sleep(0.05) for _ in range(200))


def alive(number):
    """Whether a process of this number runs; one that ended and is not yet waited for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().split(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False
