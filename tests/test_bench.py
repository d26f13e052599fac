"""What measures the program must start with it: a script that has fallen behind is found here, not on the day it is needed."""

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
