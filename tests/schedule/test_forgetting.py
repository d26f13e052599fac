"""What the ledger tells goes with the runs of its time, but for what the schedules still go by."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from segmenter import delivery
from segmenter.runs import archive
from segmenter.runs.state import open_state
from segmenter.schedule import ledger
from segmenter.schedule.ledger import Slot
from tests.shell import command

from .conftest import Shop, folder_of

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)


def hourly(shop):
    """The shop's service with an hourly report into a folder."""
    shop.write({"name": "hourly", "cron": "0 * * * *", "recipients": (folder_of(shop.root),), "retries": 0})
    return shop.service()


@pytest.fixture(scope="module")
def worked(tmp_path_factory, run_folder):
    """A shop whose service made twelve hourly reports and ended."""
    shop = Shop(tmp_path_factory.mktemp("worked"), run_folder)
    shop.clock.moment = BEGIN
    service = hourly(shop)
    shop.settle(service)
    for _ in range(12):
        shop.clock.advance(hours=1)
        shop.settle(service, ticks=2)
    service.finish()
    return shop


@pytest.fixture
def busy(shop, worked):
    """A shop with a service that goes on where twelve hourly reports were made."""
    shutil.copytree(worked.archive, shop.archive, dirs_exist_ok=True)
    shop.clock.moment = worked.clock.moment
    shop.running = hourly(shop)
    return shop


def forgotten(shop, before):
    with open_state(shop.archive) as state:
        return ledger.forget(state, before), delivery.forget(state, before)


def test_what_was_closed_before_is_forgotten_and_nothing_else(busy):
    kept = [row for row in busy.slots() if row[1] >= (BEGIN + timedelta(hours=6)).isoformat()]
    assert forgotten(busy, BEGIN + timedelta(hours=6)) == (5, 5)
    assert busy.slots() == kept
    assert len(busy.mail()) == len(kept) == 7
    assert forgotten(busy, BEGIN + timedelta(hours=6)) == (0, 0)


def test_a_forgotten_due_time_is_not_made_again(busy):
    forgotten(busy, BEGIN + timedelta(days=9))
    assert len(busy.slots()) == 1
    busy.settle(busy.service(), ticks=2)
    assert len(busy.slots()) == 1
    busy.clock.advance(hours=1)
    busy.settle(busy.running, ticks=2)
    assert [state for *_, state in busy.slots()] == ["done", "done"]


def test_the_gap_since_the_last_report_is_told_as_before(busy):
    busy.script = "import sys; sys.exit('broken')"
    for _ in range(3):
        busy.clock.advance(hours=1)
        busy.settle(busy.running, ticks=2)
    slot = Slot("hourly", busy.clock.moment + timedelta(hours=1), 0)
    with open_state(busy.archive) as state:
        before = ledger.gap(state, slot), ledger.last_heard(state, slot)
    assert before[0][1] == 3
    assert forgotten(busy, BEGIN + timedelta(days=9))[0] == 11
    with open_state(busy.archive) as state:
        assert (ledger.gap(state, slot), ledger.last_heard(state, slot)) == before


def test_reports_that_their_condition_kept_back_are_forgotten_too(shop):
    shop.write(
        {"name": "hourly", "cron": "0 * * * *", "recipients": (folder_of(shop.root),), "condition": "new anomalies"}
    )
    shop.clock.moment = BEGIN
    service = shop.service()
    for _ in range(8):
        shop.settle(service, ticks=2)
        shop.clock.advance(hours=1)
    slots = shop.slots()
    slot = Slot("hourly", shop.clock.moment, 0)
    with open_state(shop.archive) as state:
        before = ledger.gap(state, slot), ledger.last_heard(state, slot)
    assert forgotten(shop, BEGIN + timedelta(days=9))[0] == len(slots) - 2
    assert shop.slots() == [slots[0], slots[-1]]
    with open_state(shop.archive) as state:
        assert (ledger.gap(state, slot), ledger.last_heard(state, slot)) == before


def test_messages_that_still_wait_and_failures_that_nobody_was_told_of_stay(busy):
    with open_state(busy.archive) as state:
        state.execute("UPDATE delivery SET state = 'pending', finished_at = NULL WHERE number = 1")
        state.execute("UPDATE delivery SET state = 'failed' WHERE number = 2")
        state.execute("UPDATE delivery SET state = 'failed', told = 2 WHERE number = 3")
    forgotten(busy, BEGIN + timedelta(days=9))
    assert [row["number"] for row in busy.mail()] == [1, 2]


def test_pruning_runs_forgets_what_is_older_than_the_last_that_goes(busy):
    names = [f"20260302T{9 + hour:02d}3000Z-{hour:04x}" for hour in range(4)]
    for name in names:
        (busy.archive / name).mkdir()
    busy.run_folder.rename(busy.root / "elsewhere")  # the run that the reports were of was made in another year
    told = json.loads(command("runs", "prune", "--keep", "2", "--json", "-o", busy.archive, cwd=busy.root).stdout)
    assert told["removed"] == names[:2]
    assert (told["due_times_forgotten"], told["messages_forgotten"]) == (2, 2)
    assert min(due for _, due, _ in busy.slots()) > archive.made_at(names[1]).isoformat()
