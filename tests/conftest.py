"""Fixtures that every test may use."""

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def exports():
    """Folder of the public exports, named by SEGMENTER_EXPORTS or beside the project."""
    folder = Path(os.environ.get("SEGMENTER_EXPORTS", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public exports are not on this machine; SEGMENTER_EXPORTS names their folder")
    return folder
