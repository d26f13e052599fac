"""Measures the stages of a run: their seconds, and the process's peak memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

STATM = Path("/proc/self/statm")
INTERVAL = 0.05  # seconds between two measurements of memory


class Stopwatch:
    """Announces and measures stages; its figures include the stage in progress.

    Memory is measured twenty times a second by a thread, within the context. It is this process's, without its children's;
    without /proc no stage has a peak.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._begun: list[tuple[str, float]] = []
        self._peaks: dict[str, float] = {}
        self._over = Event()

    def __enter__(self) -> Stopwatch:
        Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def begin(self, stage: str) -> None:
        """End the stage in progress, and begin another."""
        self._measure()
        self._begun.append((stage, time.perf_counter()))
        self._measure()
        self._tell(stage)

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds per stage."""
        ends = [*(since for _, since in self._begun[1:]), time.perf_counter()]
        return {stage: round(end - since, 3) for (stage, since), end in zip(self._begun, ends, strict=True)}

    @property
    def peaks(self) -> dict[str, float]:
        """Peak memory per stage, in MiB."""
        self._measure()
        return {stage: round(self._peaks[stage], 1) for stage, _ in self._begun if self._peaks.get(stage)}

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            self._measure()

    def _measure(self) -> None:
        if self._begun:
            stage = self._begun[-1][0]
            self._peaks[stage] = max(self._peaks.get(stage, 0.0), resident())


def resident() -> float:
    """Memory of this process in MiB; 0 without /proc."""
    try:
        pages = int(STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
