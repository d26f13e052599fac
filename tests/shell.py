"""The command line as a shell calls it: each command a process of its own, copied from one that has its libraries.

To start an interpreter and load the libraries takes longer than most commands do; a process that has loaded them and
done nothing else is forked instead. `tests/test_cli.py` holds that a command ends as one an interpreter is started for.
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
    "segmenter.commands.report",
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


def begun(*words, cwd, out, err, env=None, first=None):
    """The process of ``segmenter words``, whose streams go to the files `out` and `err`; `first` is called in it before."""
    context = get_context("forkserver")
    context.set_forkserver_preload([*LIBRARIES])
    given = ([*map(str, words)], str(cwd), env or dict(os.environ), (str(out), str(err)), first)
    process = context.Process(target=_run, args=given)
    process.start()
    return process


def command(*words, cwd, env=None, first=None):
    """What ``segmenter words`` ended with, and the bytes that it wrote to standard output and standard error."""
    with tempfile.TemporaryDirectory() as aside:
        out, err = Path(aside) / "out", Path(aside) / "err"
        process = begun(*words, cwd=cwd, out=out, err=err, env=env, first=first)
        process.join()
        return subprocess.CompletedProcess(
            ["segmenter", *map(str, words)], process.exitcode, out.read_bytes(), err.read_bytes()
        )


def _run(words, folder, environment, streams, first):
    """In the copy: what a shell sets up, then the command."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    for stream, path in zip((sys.stdout, sys.stderr), streams, strict=True):
        with Path(path).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    if first is not None:
        first()
    from segmenter.cli import main

    try:
        raise SystemExit(main(words))
    finally:
        atexit._run_exitfuncs()  # a copy ends without them
