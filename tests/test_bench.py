"""What measures the program must start with it: a script that has fallen behind is found here, not on the day it is needed."""

import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1] / "bench"
IMPORT_ALL = """
import importlib, pathlib, sys
sys.path.insert(0, sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    importlib.import_module(path.stem)
"""


def test_every_script_of_bench_finds_what_it_imports():
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, str(BENCH)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


def test_every_script_that_writes_figures_down_is_one_of_all_measurements():
    listed = set(re.findall(r'Measurement\("(\w+)"', (BENCH / "run.py").read_text(encoding="utf-8")))
    writers = {
        path.stem
        for path in BENCH.glob("*.py")
        if re.search(r"^(from|import) results\b", path.read_text(), re.MULTILINE)
    }
    assert writers <= listed


def test_the_head_of_the_results_names_every_measurement():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import results; print(results._head(), end='')"
    head = subprocess.run([sys.executable, "-c", code, str(BENCH)], capture_output=True, text=True, check=True).stdout
    assert (BENCH / "RESULTS.md").read_text(encoding="utf-8").startswith(head)
