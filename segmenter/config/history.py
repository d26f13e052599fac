"""[history]: what a run takes over from the runs before it."""

from __future__ import annotations

from pydantic import Field

from segmenter.config.base import Section


class HistoryConfig(Section):
    """[history]: the accepted model, movement between runs, and alerts that live through them."""

    follow: bool = Field(
        True,
        description="keep the accepted model's segments and compare with earlier runs; false: every run stands alone",
    )
    period_days: int = Field(
        28,
        ge=1,
        le=3660,
        description="days before a run's date whose money the bridge compares; in whole weeks every weekday counts alike",
    )
    worsened_by: float = Field(
        10.0, gt=0, le=100, description="rise in severity, in points, since the last report that makes an alert worse"
    )
    remember_days: int = Field(
        90, ge=0, description="days within which a resolved customer who turns odd again is not reported as new"
    )
    hold_days: int = Field(90, ge=1, description="days that a verdict holds a customer's alerts back, unless it says")
