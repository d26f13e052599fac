"""An export that brings nothing new is told as such: in the report's mail, and once to the owner."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from segmenter.intake.types import Reading
from tests.kept import kept
from tests.report.made_up import made_up_run

from .test_service import MONDAY, weekly


class Weeks:
    """A shop whose schedule makes another run each week, from an export whose newest transaction is of a given day."""

    def __init__(self, shop, **keys):
        self.shop, self.n = shop, 0
        shop.write(weekly(shop, **keys))
        self.service = shop.service()
        shop.settle(self.service)

    def report(self, newest, n_transactions=1000, export="a", as_of=None):
        """The paragraphs that the week's report opens with, None where none was sent."""
        moment = MONDAY + timedelta(days=7 * self.n)
        made = made_up_run(n_customers=40)
        period = replace(
            made.manifest.period,
            last_day=newest,
            n_transactions=n_transactions,
            usual_pause=1,
            first_day=date(2025, 1, 1),
        )
        config = {**made.manifest.config, "features": {**made.manifest.config["features"], "as_of": as_of}}
        manifest = replace(
            made.manifest, run_id=f"{moment:%Y%m%dT%H%M%SZ}-ab12", started_at=moment, period=period, config=config,
            as_of=as_of or newest + timedelta(days=1), readings=(Reading("e.csv", export * 64, 1, 1, "utf-8"),),
        )  # fmt: skip
        whole = self.shop.run_folder

        def finish(aside):
            for name in ("report.html", "report.pdf"):
                (aside / name).write_bytes((whole / name).read_bytes())

        folder = kept(replace(made, manifest=manifest), self.shop.archive, finish)
        before, self.n = len(self.shop.mail("report")), self.n + 1
        self.shop.run_folder, self.shop.clock.moment = folder, moment
        self.shop.settle(self.service, ticks=2)
        self.shop.run_folder = whole
        sent = self.shop.mail("report")
        return json.loads(sent[-1]["body"])["text"] if len(sent) > before else None

    def to_owner(self):
        return [json.loads(row["body"])["text"][0] for row in self.shop.mail("owner")]


def on(n):
    """Day `n` of the weeks: 0 is the first Monday."""
    return MONDAY.date() + timedelta(days=n)


@pytest.fixture
def weeks(shop):
    return Weeks(shop)


def test_a_report_on_the_same_files_says_that_no_new_transactions_came_since_the_last(weeks):
    assert weeks.report(on(-1)) == []
    (told,) = weeks.report(on(-1))
    assert told.startswith("No new transactions have arrived since the report of March 2, 2026.")
    assert "is from March 1, 2026, 8 days before March 9, 2026" in told


@pytest.mark.parametrize(
    ("newest", "n_transactions", "is_told"),
    [(on(-1), 1000, True), (on(-2), 1200, False), (on(-1), 1001, False), (on(4), 900, False), (on(-1), 900, False)],
    ids=["written anew", "an older file", "more of the last day", "a newer day", "a window that moved on"],
)
def test_other_files_are_news_where_they_hold_anything_else_than_the_last_ones(weeks, newest, n_transactions, is_told):
    weeks.report(on(-1))
    told = " ".join(weeks.report(newest, n_transactions, export="b"))
    assert ("No new transactions" in told) == is_told


def test_a_wrong_date_that_was_corrected_does_not_hide_what_comes_after_it(shop):
    weeks = Weeks(shop, condition="changed")
    assert weeks.report(date(2062, 1, 1)) == []
    assert weeks.report(on(6), 1100, export="b") == []
    assert weeks.report(on(13), 1200, export="c") == []


def test_a_wrong_date_that_stays_says_nothing_of_what_is_new(weeks):
    weeks.report(date(2062, 1, 1))
    assert weeks.report(date(2062, 1, 1), export="b") == []
    (told,) = weeks.report(date(2062, 1, 1), export="b")
    assert told.startswith("No new transactions")


def test_the_owner_hears_once_while_an_export_stays_as_it_is_and_again_when_it_stops_anew(weeks):
    weeks.report(on(-1))
    assert weeks.to_owner() == []
    weeks.report(on(-1))
    weeks.report(on(-1))
    (told,) = weeks.to_owner()
    assert "is from March 1, 2026, 8 days before March 9, 2026" in told
    weeks.report(on(20), export="b")
    weeks.report(on(20), export="b")
    assert len(weeks.to_owner()) == 2


def test_an_export_that_is_old_from_the_start_is_told_to_the_owner_though_nothing_went_before(weeks):
    (told,) = weeks.report(date(2025, 11, 30))
    assert told.startswith("The latest transaction is from November 30, 2025, 92 days before March 2, 2026")
    assert len(weeks.to_owner()) == 1


def test_a_day_that_the_configuration_names_is_the_one_that_transactions_should_reach(weeks):
    assert weeks.report(date(2025, 11, 30), as_of=date(2025, 12, 1)) == []


def test_a_report_that_is_only_wanted_of_changes_is_not_sent_of_an_unchanged_export(shop):
    weeks = Weeks(shop, condition="changed")
    assert weeks.report(on(-1)) == []
    assert weeks.report(on(-1)) is None
    assert shop.slots("cause")[-1] == ("No transactions have come since the last report.",)
    assert len(weeks.to_owner()) == 1


def test_the_day_of_the_last_report_is_that_of_the_schedules_own_clock(shop):
    weeks = Weeks(shop, time_zone="Pacific/Auckland", cron="0 21 * * 1")
    assert MONDAY.hour == 8  # 21:00 of the same day in Auckland
    weeks.report(on(-1))
    (told,) = weeks.report(on(-1))
    assert "since the report of March 2, 2026" in told
