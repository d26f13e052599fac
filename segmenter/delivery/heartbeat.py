"""Signs of life to a dead-man's switch: an address outside that raises the alarm when it stays silent."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from typing import Literal

from segmenter.config.delivery import DeliveryConfig
from segmenter.delivery.webhook import post
from segmenter.errors import DeliveryError

ATTEMPTS = 5
SECONDS = 10.0  # that one attempt may take
WAITING = 200  # signs that wait at most, while the switch cannot be reached
ENDING = {"start": "/start", "success": "", "fail": "/fail"}  # healthchecks.io's way
log = logging.getLogger("segmenter.service")


class Heartbeat:
    """Tells the dead-man's switch what happens, one sign after the other in their order, beside the work."""

    def __init__(self, pause: Callable[[float], object] = time.sleep) -> None:
        """`pause` waits so many seconds between two attempts: 1, 2, 4, 8."""
        self._pause = pause
        self._signs: Queue[tuple[str, bytes, DeliveryConfig]] = Queue(WAITING)
        self._teller: threading.Thread | None = None
        self._lock = threading.Lock()

    def tell(self, config: DeliveryConfig, kind: Literal["start", "success", "fail"], what: str) -> None:
        """Tell that a run starts, succeeded or failed; nothing where no address is named."""
        url = os.environ.get(config.heartbeat_env or "", "")
        if not url:
            return
        with self._lock:
            try:
                self._signs.put_nowait((url.rstrip("/") + ENDING[kind], what.encode(), config))
            except Full:
                log.warning("no sign of life", extra={"cause": f"{WAITING} signs wait already"})
            if self._teller is None:
                self._teller = threading.Thread(target=self._tell_all, daemon=True)
                self._teller.start()

    def finish(self, seconds: float = 30.0) -> None:
        """Wait until all is told, but no longer than so many `seconds`."""
        with self._lock:
            teller = self._teller
        if teller is not None:
            teller.join(seconds)

    def _tell_all(self) -> None:
        """Tell until nothing waits; the next sign begins a thread anew."""
        while True:
            try:
                sign = self._signs.get_nowait()
            except Empty:
                with self._lock:
                    if self._signs.empty():
                        self._teller = None
                        return
                continue
            self._tell_one(*sign)

    def _tell_one(self, url: str, data: bytes, config: DeliveryConfig) -> None:
        limits = config.model_copy(update={"connect_seconds": SECONDS, "command_seconds": SECONDS})
        for attempt in range(1, ATTEMPTS + 1):
            try:
                post(url, data, {"Content-Type": "text/plain"}, limits, datetime.now(UTC))
            except DeliveryError as error:
                log.warning("no sign of life", extra={"attempt": attempt, "cause": str(error)})
                if attempt < ATTEMPTS:
                    self._pause(2.0 ** (attempt - 1))
            else:
                return
