"""The command line as a shell calls it: each command a process of its own, forked from one that has its libraries.

To start an interpreter and load the libraries takes longer than most commands do; a process that has loaded them and
done nothing else is copied instead. `tests/test_cli.py` starts the interpreter too.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

LIBRARIES = (
    "segmenter.commands.analysis",
    "segmenter.commands.runs",
    "segmenter.commands.alerts",
    "segmenter.commands.schedule",
    "segmenter.study",
    "segmenter.report.charts.views",
    "segmenter.report.context",
    "segmenter.report.tables",
    "sklearn.cluster",
    "sklearn.manifold",
    "sklearn.mixture",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
    "xlsxwriter",
)


def command(*words, cwd=None, env=None):
    """What ``segmenter words`` ended with, and the bytes that it wrote to standard output and standard error."""
    context, words = get_context("forkserver"), [*map(str, words)]
    context.set_forkserver_preload([*LIBRARIES])
    with tempfile.TemporaryDirectory() as aside:
        process = context.Process(target=_run, args=(words, str(cwd or Path.cwd()), env or dict(os.environ), aside))
        process.start()
        process.join()
        out, err = ((Path(aside) / name).read_bytes() for name in ("out", "err"))
    return subprocess.CompletedProcess(["segmenter", *words], process.exitcode, out, err)


def _run(words, folder, environment, aside):
    """In the copy: what a shell sets up, then the command."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        with (Path(aside) / name).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    from segmenter.cli import main

    try:
        raise SystemExit(main(words))
    finally:
        atexit._run_exitfuncs()  # a copy ends without them
