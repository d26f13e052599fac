"""The program speaks to nobody by itself: no module asks for anything when it is loaded, and no run when it is made."""

import subprocess
import sys

from segmenter.sample import generate

HEARING = """
import sys
heard = []
sys.addaudithook(lambda event, given: heard.append((event, str(given))) if event.startswith("socket.") else None)
"""
EVERYTHING = """
import importlib, pkgutil, segmenter
for module in pkgutil.walk_packages(segmenter.__path__, "segmenter."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
RUN = """
from segmenter.cli import main
words = ["run", sys.argv[1], "-o", sys.argv[2], "--format", "html,pdf,csv,xlsx,parquet", "--quiet"]
assert main(words) == 0
try:
    main(["--help"])
except SystemExit:
    pass
"""
TOLD = "print(heard, file=sys.stderr)"


def heard(code, *words):
    done = subprocess.run(
        [sys.executable, "-P", "-c", HEARING + code + TOLD, *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.strip()


def test_no_module_opens_a_socket_when_it_is_loaded():
    assert heard(EVERYTHING) == "[]"


def test_the_hook_hears_a_socket():
    assert "socket.connect" in heard("import socket; socket.socket(socket.AF_UNIX).connect_ex('/nowhere')\n")


def test_a_run_with_every_file_opens_no_socket(tmp_path):
    generate(tmp_path / "sales.csv", 60, seed=1)
    assert heard(RUN, tmp_path / "sales.csv", tmp_path / "runs") == "[]"
