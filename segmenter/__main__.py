"""The command line as a process: the command `segmenter`, and `python -m segmenter`."""

import atexit
import os
import signal
import sys


def process() -> None:
    """Run the command line, then the exit functions of libraries, and end the process.

    The interpreter is not finalised: that takes longer than some commands do, and crashes where an interrupted run left
    a library's thread running.
    """
    _let_interrupts_end_us()  # before more is imported
    from contextlib import suppress

    from segmenter.cli import main

    try:
        status = main()
    except KeyboardInterrupt:  # it came while `main` reported an error
        status = 128 + signal.SIGINT
    _let_interrupts_end_us()
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing ends its processes
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError):  # nobody reads it any more
            stream.flush()
    os._exit(status)


def _let_interrupts_end_us() -> None:
    """Let Ctrl-C end the process at once and without a traceback, unless it is ignored, as under nohup."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    process()
