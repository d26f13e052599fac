"""An archive with one finished run, and more of them."""

from dataclasses import replace
from datetime import date

import pytest

from tests.kept import kept
from tests.report.made_up import made_up_run


class Archive:
    """A folder of made-up runs."""

    def __init__(self, root):
        self.root = root
        self.made = made_up_run(n_customers=120)

    def run(self, run_id, as_of=None):
        day = date.fromisoformat(as_of) if as_of else self.made.manifest.as_of
        return replace(self.made, manifest=replace(self.made.manifest, run_id=run_id, as_of=day))

    def write(self, run_id="20260105T080000Z-ab12", finish=lambda aside: None, as_of=None):
        return kept(self.run(run_id, as_of), self.root, finish)


@pytest.fixture
def shelf(tmp_path):
    return Archive(tmp_path / "runs")
