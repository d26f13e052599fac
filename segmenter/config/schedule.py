"""[[schedule]]: when which report is made for whom."""

from __future__ import annotations

from segmenter.config.base import Section


class ScheduleConfig(Section):
    """[[schedule]]: one recurring report."""
