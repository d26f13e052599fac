"""The program speaks to nobody by itself: no module asks for anything when it is loaded, and no run when it is made."""

import subprocess
import sys

EVERYTHING = """
import importlib, pkgutil, segmenter
for module in pkgutil.walk_packages(segmenter.__path__, "segmenter."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
HEARING = "import sys; from tests.hostile.hearing import listen; listen(sys.argv[1])\n"


def heard(code, path):
    subprocess.run([sys.executable, "-P", "-c", HEARING + code, str(path)], check=True)
    return path.read_text()


def test_no_module_opens_a_socket_when_it_is_loaded(tmp_path):
    assert heard(EVERYTHING, tmp_path / "heard") == ""


def test_the_ear_hears_a_socket_of_a_process_and_of_one_that_it_forks(tmp_path):
    connect = "import os, socket; os.fork(); socket.socket(socket.AF_UNIX).connect_ex('/nowhere')\n"
    assert heard(connect, tmp_path / "heard").count("socket.connect ") == 2


def test_a_run_with_every_file_opens_no_socket(shop):
    assert {path.suffix for path in shop.runs[-1].iterdir()} >= {".html", ".pdf", ".csv", ".xlsx", ".parquet"}
    assert shop.heard == ""
