"""What the stages of a run cost: their seconds, and the most memory that the process held meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

STATM = Path("/proc/self/statm")
EVERY = 0.05  # seconds between two looks at the memory


class Stopwatch:
    """Tells which stage begins; its figures are those of the stages so far, the one that runs among them.

    Memory is looked at twenty times a second, by a thread that lives as long as the context. It is this process's own,
    without its helpers'; where the system does not tell it, no stage has a peak.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._begun: list[tuple[str, float]] = []
        self._peaks: dict[str, float] = {}
        self._over = Event()

    def __enter__(self) -> Stopwatch:
        Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    def begin(self, stage: str) -> None:
        """End the stage that runs, and begin another."""
        self._look()
        self._begun.append((stage, time.perf_counter()))
        self._look()
        self._tell(stage)

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds per stage."""
        ends = [*(since for _, since in self._begun[1:]), time.perf_counter()]
        return {stage: round(end - since, 3) for (stage, since), end in zip(self._begun, ends, strict=True)}

    @property
    def peaks(self) -> dict[str, float]:
        """Most memory per stage, in MiB."""
        self._look()
        return {stage: round(self._peaks[stage], 1) for stage, _ in self._begun if self._peaks.get(stage)}

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        if self._begun:
            stage = self._begun[-1][0]
            self._peaks[stage] = max(self._peaks.get(stage, 0.0), resident())


def resident() -> float:
    """Memory of this process in MiB; 0 where the system does not tell."""
    try:
        pages = int(STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
