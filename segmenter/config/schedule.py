"""[[schedule]] and [service]: what is made when, for whom, and what happens when it cannot be made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from segmenter.config.base import Section
from segmenter.config.report import Format


class ScheduleConfig(Section):
    """[[schedule]]: one report that is made again and again; any number of these tables may stand."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="name in commands and in the ledger")
    cron: str = Field(description="minute hour day-of-month month day-of-week, such as 0 8 * * 1 for Mondays at 8")
    time_zone: str = Field("UTC", description="IANA time zone in which cron is read, such as Europe/Berlin")
    sources: tuple[str, ...] = Field((), description="files, folders or globs; empty: those of [source]")
    kind: Literal["segmentation", "alerts"] = Field("segmentation", description="the report, or only what is newly odd")
    formats: tuple[Format, ...] = Field(("html", "pdf"), description="files made and attached")
    recipients: tuple[str, ...] = Field(
        (), description="e-mail addresses, webhook:NAME, or folder:PATH; each is served separately"
    )
    condition: Literal["always", "new anomalies", "changed", "above"] = Field(
        "always",
        description="when to send: always, with new anomalies, with a real change, or with `threshold` new ones",
    )
    threshold: int = Field(1, ge=1, description="number of newly odd customers from which condition = above sends")
    catch_up: Literal["skip", "latest", "all"] = Field(
        "latest",
        description="due times missed while the machine was off: none, the last, or all of them are made up for",
    )
    retries: int = Field(
        2,
        ge=0,
        le=20,
        description="further attempts after a run that failed, after 1, 2, 4... minutes, an hour at most",
    )
    time_limit_minutes: int = Field(60, ge=1, le=1440, description="minutes after which a run is stopped")
    min_customers: int = Field(1, ge=1, description="fewer customers than this are not sent as a success")
    owner: tuple[str, ...] = Field(
        (), description="who hears of failures and recoveries: addresses, or webhook:NAME as a second way"
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name} is not an IANA time zone; write one such as Europe/Berlin or UTC") from None
        return name

    @field_validator("cron")
    @classmethod
    def _cron_is_five_fields(cls, text: str) -> str:
        from cronsim import CronSim, CronSimError

        try:
            if len(text.split()) != 5:
                raise CronSimError("there must be five fields")
            next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
        except (CronSimError, StopIteration) as error:
            reason = str(error) or "it never comes due"
            raise ValueError(
                f"cron = {text!r}: {reason[:1].lower()}{reason[1:]}; write for example 0 8 * * 1"
            ) from None
        return text

    @model_validator(mode="after")
    def _alerts_are_not_sent_on_change(self) -> Self:
        if self.kind == "alerts" and self.condition == "changed":
            raise ValueError(
                f"schedule {self.name}: alerts are sent on new anomalies; condition = changed is for reports"
            )
        return self


class ServiceConfig(Section):
    """[service]: how `segmenter schedule start` works through the due times."""

    parallel: int = Field(1, ge=1, le=16, description="runs at the same time")
    grace_minutes: int = Field(15, ge=1, description="lateness from which `schedule status` calls a due time late")
    run_memory_mib: int = Field(
        0,
        ge=0,
        description="memory in MiB beyond which a run is stopped; 0: twice engine.memory_limit and 2 GiB more, but no more than nine tenths of the machine's",
    )
    min_free_mib: int = Field(200, ge=0, description="free space in MiB below which no run is begun")
