"""A run goes by its id, by the day that it sees its customers from, or as the latest; what that leaves open is said."""

import pytest

from segmenter.errors import RunError
from segmenter.runs.naming import find, remark

FIRST, SECOND, THIRD = "20260105T080000Z-ab12", "20260112T080000Z-cd34", "20260112T090000Z-ef56"


@pytest.fixture
def runs(shelf):
    """Three runs, of which the last sees its customers from the earliest day."""
    for run_id, as_of in ((FIRST, "2025-12-31"), (SECOND, "2026-01-05"), (THIRD, "2025-12-01")):
        shelf.write(run_id, as_of=as_of)
    return shelf.root


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("latest", THIRD), (SECOND, SECOND), ("20260112T09", THIRD), ("20251231", FIRST), ("2025-12-31", FIRST),
        ("20260105", FIRST), ("2026-01-05", SECOND), ("2025-12-01", THIRD),
    ],
)  # fmt: skip
def test_a_run_is_found_by_its_id_its_day_or_as_the_latest(runs, name, found):
    assert find(runs, name).name == found


def test_of_several_runs_of_a_day_the_newest_is_meant(runs, shelf):
    shelf.write("20260119T080000Z-ab12", as_of="2025-12-31")
    assert find(runs, "20251231").name == "20260119T080000Z-ab12"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("20260112", rf"Several runs begin.*{THIRD} \(as of 2025-12-01\); {SECOND} \(as of 2026-01-05\)"),
        ("20250804", rf"none sees its customers from such a day. The last ones are {THIRD} \(as of 2025-12-01\)"),
        ("20259999", "No run begins"),
        ("monday", "No run begins"),
    ],
)
def test_what_names_no_single_run_is_answered_by_those_that_there_are(runs, name, words):
    with pytest.raises(RunError, match=words):
        find(runs, name)


def test_it_is_said_which_run_is_meant_where_a_day_begins_another_runs_id(runs):
    assert f"20260105 begins {FIRST}, which is seen from 2025-12-31. For {SECOND}" in remark(
        runs, "20260105", find(runs, "20260105")
    )
    for name in ("2026-01-05", "20251231", FIRST):
        assert remark(runs, name, find(runs, name)) == ""


def test_it_is_said_where_the_run_made_last_is_not_of_the_latest_day(runs, shelf):
    told = remark(runs, "latest", find(runs))
    assert f"{THIRD}, the run that was made last, is seen from 2025-12-01; from a later day is {SECOND}" in told
    shelf.write("20260119T080000Z-ab12", as_of="2026-01-19")
    assert remark(runs, "latest", find(runs)) == ""


def test_a_damaged_run_keeps_nobody_from_finding_another(runs):
    (runs / SECOND / "run.json").write_text("{}")
    assert find(runs, "20251231").name == FIRST
    assert remark(runs, "latest", find(runs)).count("from a later day") == 1
