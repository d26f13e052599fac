"""Damaged exports end in an account that balances or in one paragraph; bench/fuzz.py reads ten thousand of them."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


def fuzzed(n, seed):
    command = [sys.executable, str(ROOT / "bench" / "fuzz.py"), "--files", str(n), "--seed", str(seed)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_damaged_exports_and_bombs_are_accounted_for_or_refused():
    done = fuzzed(200, seed=7)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_two_thousand_damaged_exports_are_accounted_for_or_refused():
    done = fuzzed(2000, seed=8)
    assert done.returncode == 0, done.stdout + done.stderr
