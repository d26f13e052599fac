"""Fixtures that every test may use."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
# Where two processes test at once, threads of OpenMP wait in a loop for others that have no core: a map of eighty customers
# took eleven seconds of it in place of a third of one. Read when the libraries are loaded, here and in what tests begin.
os.environ.setdefault("OMP_NUM_THREADS", "1")
gc.set_threshold(50_000, 20, 50)  # the libraries and tests of a session live as long as it does

# Examples of a law: `make slow` draws enough to find what is rare. How long one takes tells how busy the machine is, no more.
LAWS = {"few": 15, "many": 60}
for name, number in LAWS.items():
    settings.register_profile(
        name,
        max_examples=number,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
settings.load_profile("few")


def pytest_collection_finish():
    """Look for no garbage among what stays: it takes a tenth of the time in vain."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure():
    gc.unfreeze()


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def exports():
    """Folder of the public exports, named by SEGMENTER_EXPORTS or beside the project."""
    folder = Path(os.environ.get("SEGMENTER_EXPORTS", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public exports are not on this machine; SEGMENTER_EXPORTS names their folder")
    return folder
