"""A sign of life to a dead-man's switch: an address outside that raises the alarm when it stays silent."""

from __future__ import annotations

import logging
import os
import threading
from typing import Literal

from segmenter.config.delivery import DeliveryConfig
from segmenter.delivery.webhook import post
from segmenter.errors import DeliveryError

ATTEMPTS = 5
SECONDS = 10.0
log = logging.getLogger("segmenter.service")


def ping(config: DeliveryConfig, kind: Literal["start", "success", "fail"], what: str) -> threading.Thread | None:
    """Tell the dead-man's switch that a run starts, succeeded or failed, beside the work and never in its way.

    The address is that of delivery.heartbeat_env; /start and /fail are added to it (healthchecks.io's way).
    None where there is no such address.
    """
    url = os.environ.get(config.heartbeat_env or "", "")
    if not url:
        return None
    address = url.rstrip("/") + {"start": "/start", "success": "", "fail": "/fail"}[kind]
    beside = threading.Thread(target=_ping, args=(address, what.encode(), config), daemon=True)
    beside.start()
    return beside


def _ping(url: str, data: bytes, config: DeliveryConfig) -> None:
    limits = config.model_copy(update={"connect_seconds": SECONDS, "command_seconds": SECONDS})
    for attempt in range(1, ATTEMPTS + 1):
        try:
            post(url, data, {"Content-Type": "text/plain"}, limits)
        except DeliveryError as error:
            log.warning("no sign of life", extra={"attempt": attempt, "cause": str(error)})
        else:
            return
