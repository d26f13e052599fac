"""Signs of life to a dead-man's switch: an external address that raises an alarm when they stop."""

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
MOST_QUEUED = 200  # signs of life, while the switch cannot be reached
SUFFIXES = {"start": "/start", "success": "", "fail": "/fail"}  # of the address, as healthchecks.io defines them
log = logging.getLogger("segmenter.service")


class Heartbeat:
    """Sends signs of life in order, in a background thread."""

    def __init__(self, pause: Callable[[float], object] = time.sleep) -> None:
        """`pause` sleeps between two attempts: 1, 2, 4 and 8 seconds."""
        self._pause = pause
        self._signs: Queue[tuple[str, bytes, DeliveryConfig]] = Queue(MOST_QUEUED)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def tell(self, config: DeliveryConfig, kind: Literal["start", "success", "fail"], what: str) -> None:
        """Send a sign that a run starts, succeeded or failed; nothing where no address is configured."""
        url = os.environ.get(config.heartbeat_env or "", "")
        if not url:
            return
        with self._lock:
            try:
                self._signs.put_nowait((url.rstrip("/") + SUFFIXES[kind], what.encode(), config))
            except Full:
                log.warning("no sign of life", extra={"cause": f"{MOST_QUEUED} signs wait already"})
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell_all, daemon=True)
                self._thread.start()

    def finish(self, seconds: float = 30.0) -> None:
        """Wait until every sign is sent, at most `seconds`."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _tell_all(self) -> None:
        """Send until the queue is empty; the next sign starts another thread."""
        while True:
            try:
                sign = self._signs.get_nowait()
            except Empty:
                with self._lock:
                    if self._signs.empty():
                        self._thread = None
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
