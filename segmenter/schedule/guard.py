"""Runs a command that must not outlive the service or take all memory: ``python guard.py MIB COMMAND...``.

The service keeps the guard's standard input open. When the service dies, in whatever way, the operating system
closes it; the guard then kills the command and everything that it started. It does the same when together they use
more than MIB mebibytes (0: no limit). The operating system's own limit counts address space, of which DuckDB maps
much and uses little.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

TOO_LARGE = 99  # the guard's exit status where the command took too much memory
INTERVAL = 0.5  # seconds between two measurements of memory
RESIDENT = re.compile(rb"^Rss(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)  # without pages of mapped files


def main() -> int:
    """Run the command of the arguments; returns its exit status, 128 + N where signal N ended it."""
    limit, command = int(sys.argv[1]), sys.argv[2:]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_watch, daemon=True).start()
    while True:
        try:
            status = child.wait(INTERVAL if limit else None)
        except subprocess.TimeoutExpired:
            if limit and resident() > limit * 2**20:
                _end_others()
                child.wait()
                return TOO_LARGE
        else:
            return 128 - status if status < 0 else status


def resident() -> int:
    """Bytes of memory that the processes of our group use; 0 without /proc."""
    total = 0
    for number in _group():
        with contextlib.suppress(OSError):  # it has ended
            total += sum(map(int, RESIDENT.findall(Path(f"/proc/{number}/status").read_bytes())))
    return total * 1024


def _group() -> list[int]:
    """The processes of our group, including ourselves."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if os.getpgid(int(folder.name)) == os.getpgrp():
                found.append(int(folder.name))
    return found


def _end_others() -> None:
    """Kill the command and all that it started, which would keep its output open."""
    for number in _group():
        if number != os.getpid():
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)


def _watch() -> None:
    """Kill the whole process group when standard input ends."""
    while os.read(0, 1):
        continue
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
