"""Whether the schedules of a configuration can be served, checked at the start and after every edit."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from segmenter.config import Config
from segmenter.config.schedule import ScheduleConfig
from segmenter.delivery import UnreachedError, channel_of, check
from segmenter.errors import ConfigError

log = logging.getLogger("segmenter.service")


def refuse_unready(config: Config, *, connect: bool = False) -> None:
    """Refuse schedules with a recipient or secret that cannot be served; with `connect` the mail server is tried, too.

    A temporary fault, such as a mail server that is down, is only logged.

    Raises
    ------
    ConfigError
        There is no schedule, or a fault that does not pass by itself.
    """
    if not config.schedule:
        raise ConfigError("There is no [[schedule]] in the configuration; add one, or name its file with -c.")
    people = [each for schedule in config.schedule for each in (*schedule.recipients, *schedule.owner)]
    found = check(people, config.delivery, connect=connect)
    for problem in found:
        if isinstance(problem, UnreachedError):
            log.warning("cannot be reached now", extra={"cause": str(problem)})
    lasting = [str(problem) for problem in found if not isinstance(problem, UnreachedError)]
    if lasting:
        raise ConfigError(" ".join(lasting))


def silent_failures(config: Config) -> Iterable[tuple[ScheduleConfig, str]]:
    """Schedules of whose failures nobody would hear, and why."""
    for schedule in config.schedule:
        owners = {channel_of(each) for each in schedule.owner}
        if not schedule.owner:
            yield schedule, "It has no owner: nobody hears when it fails. Set owner."
        elif owners == {"email"} and any(channel_of(each) == "email" for each in schedule.recipients):
            why = (
                "Its owner is reached by the mail server of its recipients alone, and hears nothing while that is down. "
                "Add webhook:NAME or folder:PATH to owner."
            )
            yield schedule, why
