"""The command line as a process: the command `segmenter`, and `python -m segmenter`."""

import atexit
import os
import sys
from contextlib import suppress
from typing import NoReturn

from segmenter.cli import main


def process() -> NoReturn:
    """Run the command line and end, as soon as what libraries asked for at the end is done.

    The interpreter is not taken apart: that takes longer than what some commands do, and crashes where an interrupted run
    left a thread of a library at work.
    """
    status = main()
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing ends its processes
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError):  # who hears no more was told as much as could be
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    process()
