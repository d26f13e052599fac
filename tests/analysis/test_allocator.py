"""Memory that is done with goes back to the system."""

import subprocess
import sys

import pytest

LEFT_OVER = """
from concurrent.futures import ThreadPoolExecutor
from segmenter.analysis.allocator import few_arenas, give_back

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

def many(_):
    made = [bytes(60_000) for _ in range(4_000)]
    return made[-1]  # lies above all the others, which alone would keep their memory

few_arenas()
few_arenas()  # once more changes nothing
with ThreadPoolExecutor(2) as pool:
    kept = list(pool.map(many, range(2)))
before = resident()
give_back()
print(before, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_what_threads_left_is_given_back_to_the_system():
    told = subprocess.run(
        [sys.executable, "-c", LEFT_OVER], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    before, after = map(int, told.split())
    assert before > 200
    assert after < before / 2


def test_another_c_library_than_glibc_is_left_alone():
    without = (
        "import ctypes\n"
        "def missing(name): raise OSError(name)\n"
        "ctypes.CDLL = missing\n"
        "from segmenter.analysis.allocator import few_arenas, give_back\n"
        "few_arenas(), give_back()"
    )
    subprocess.run([sys.executable, "-c", without], check=True, timeout=120)
