"""Due times follow the wall clock: one fire a local day, through every change of every zone's clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from segmenter.schedule import times

from .conftest import schedule

BERLIN = "Europe/Berlin"


def due(cron, zone, start, end):
    chosen = schedule(cron=cron, time_zone=zone)
    return list(takewhile(lambda moment: moment < end, times.after(chosen, start)))


def local(moments, zone):
    return [moment.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M") for moment in moments]


def test_a_time_in_the_gap_fires_at_the_first_instant_after_it():
    found = due("30 2 * * *", BERLIN, datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    assert local(found, BERLIN) == ["03-28 02:30", "03-29 03:00", "03-30 02:30", "03-31 02:30"][: len(found)]
    assert len(found) == 3


def test_a_time_that_comes_twice_fires_once():
    found = due("30 2 * * *", BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC))
    assert local(found, BERLIN) == ["10-25 02:30", "10-26 02:30"]


def test_an_hourly_schedule_fires_once_per_real_hour():
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=6, seconds=1)
        found = due("0 * * * *", BERLIN, start, start + timedelta(hours=24))
        assert [later - earlier for earlier, later in pairwise(found)] == [timedelta(hours=1)] * 23


START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)


def faults(zone, cron, start=START, end=END):
    """Local days on which a daily schedule does not fire exactly once.

    Where a gap ends at midnight, as in Nuuk, the first instant after it is on the next day: the fire still belongs
    to the day whose time was left out, which the second before it tells.
    """
    fires = due(cron, zone, start, end)
    found = [_not_once(fires, zone, timedelta(seconds=shift)) for shift in (0, 1)]
    return min(found, key=len)


def _not_once(fires, zone, shift):
    fired = [(moment - shift).astimezone(ZoneInfo(zone)).date() for moment in fires]
    whole = [fired[0] + timedelta(days=number) for number in range((fired[-1] - fired[0]).days + 1)]
    return [day for day in whole if fired.count(day) != 1] if fired != whole else []


@pytest.mark.parametrize(
    "zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "UTC"]
)
@pytest.mark.parametrize("clock", ["0 0", "30 0", "0 1", "30 1", "0 2", "30 2", "0 3", "30 23"])
def test_a_daily_schedule_fires_exactly_once_on_each_local_day(zone, clock):
    assert faults(zone, f"{clock} * * *") == []


def offsets(zone):
    """The zone's offsets from UTC through both years, and those about its changes to the quarter of an hour."""
    clock, day = ZoneInfo(zone), timedelta(days=1)
    days = [START + number * day for number in range((END - START).days)]
    known = {moment: moment.astimezone(clock).utcoffset() for moment in (*days, END)}
    changing = [moment for moment in days if known[moment] != known[moment + day]]
    quarters = [moment + timedelta(minutes=15 * number) for moment in changing for number in range(97)]
    return tuple(known.items()), tuple((moment, moment.astimezone(clock).utcoffset()) for moment in quarters)


@pytest.mark.slow
def test_in_every_zone_at_every_half_hour_a_daily_schedule_fires_once_a_day_whenever_the_clock_changes():
    alike, day = {}, timedelta(days=1)
    for zone in sorted(available_timezones()):
        alike.setdefault(offsets(zone), zone)  # zones whose clocks are the same throughout are tried once
    assert len(alike) > 50
    times_of_day = [f"{minute} {hour} * * *" for hour in range(24) for minute in (0, 30)]
    weeks = [
        (zone, max(START, quarters[0][0] - 3 * day), quarters[0][0] + 4 * day)
        for (_, changes), zone in alike.items()
        for quarters in batched(changes, 97)
    ]
    assert len(weeks) > 100
    wrong = [
        (*week, cron, found) for week in weeks for cron in times_of_day if (found := faults(week[0], cron, *week[1:]))
    ]
    wrong += [
        (zone, cron, found)
        for zone in alike.values()
        for cron in ("0 0 * * *", "30 2 * * *")
        if (found := faults(zone, cron))
    ]
    assert wrong == []


def batched(items, size):
    """`items` in tuples of `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]


crons = st.sampled_from(["0 8 * * 1", "30 2 * * *", "*/15 * * * *", "0 0 1 * *", "0 1 * * *", "0 */6 * * *"])
zones = st.sampled_from([BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "Africa/Cairo"])
moments = st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001


@given(crons, zones, moments, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_was_missed_is_what_would_have_been_due(cron, zone, since, length):
    chosen, now = schedule(cron=cron, time_zone=zone), since + length
    expected = list(takewhile(lambda each: each <= now, times.after(chosen, since)))
    assert list(times.missed(chosen, since, now, 10_000)) == expected
    assert list(times.missed(chosen, since, now, 3)) == expected[-3:]


def test_a_clock_that_ran_ahead_by_centuries_costs_no_more_than_the_limit():
    chosen = schedule(cron="* * * * *")
    found = times.missed(chosen, datetime(2026, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), 100)
    assert len(found) == 100
    assert found[-1] == datetime(2200, 1, 1, tzinfo=UTC)


def test_schedules_are_told_in_words():
    assert times.in_words(schedule(time_zone=BERLIN)) == "At 08:00 on Monday (Europe/Berlin)"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"cron": "0 25 * * *"}, "bad hour"),
        ({"cron": "0 8 * *"}, "five fields"),
        ({"cron": "0 0 31 2 *"}, "day-of-month"),
        ({"time_zone": "Europe/Atlantis"}, "not an IANA time zone"),
        ({"name": "../x"}, "pattern"),
    ],
)
def test_a_schedule_that_never_could_be_due_is_refused_in_words(keys, message):
    with pytest.raises(ValidationError, match=message):
        schedule(**keys)
