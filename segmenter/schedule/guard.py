"""Runs a command that must not outlive the service: ``python guard.py COMMAND...``.

The service keeps the guard's standard input open. When the service dies, however it dies, the operating system
closes it; the guard then kills the command and everything that it started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command of the arguments; its exit status, 128 + N where signal N ended it."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=_watch, daemon=True).start()
    status = child.wait()
    return 128 - status if status < 0 else status


def _watch() -> None:
    """Kill the whole process group when standard input ends."""
    while os.read(0, 1):
        continue
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
