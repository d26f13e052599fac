"""Small files that ask for much are refused in one paragraph before they get it; bench/bombs.py makes and times them."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_every_bomb_is_refused_with_little_memory():
    words = [sys.executable, str(ROOT / "bench" / "bombs.py"), "--seconds", "60", "--mib", "300"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n| ") == 18  # the head and seventeen files
