"""The service's log: lines for people on standard error, and the same as JSON lines in the archive."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from segmenter.delivery.mail import one_line

FILE = "service.jsonl"
FIELDS = ("schedule", "due", "attempt", "run", "until", "archive", "schedules", "cause")


class _ForPeople(logging.Formatter):
    """``2026-01-05 08:00:02 UTC  weekly  2026-01-05 08:00  done``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line: the event, then the record's fields."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields = ", ".join(f"{name}: {value}" for name, value in _fields(record).items())
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC  {record.getMessage()}" + (f"  ({fields})" if fields else "")


class _ForMachines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The event, its time and level, and the record's fields."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat()
        return json.dumps(
            {"at": moment, "level": record.levelname.lower(), "event": record.getMessage(), **_fields(record)}
        )


def _fields(record: logging.LogRecord) -> dict[str, str]:
    """The record's fields that are set, each on one line, as a file name in a cause may hold a line break."""
    return {
        name: one_line(str(getattr(record, name))) for name in FIELDS if getattr(record, name, "") not in {"", None}
    }


def open_journal(archive: Path) -> None:
    """Log the service to standard error and to service.jsonl in the archive, which is rotated at 5 MB."""
    archive.mkdir(parents=True, exist_ok=True)
    (archive / FILE).touch(mode=0o600)
    people = _people()
    machines = RotatingFileHandler(archive / FILE, maxBytes=5_000_000, backupCount=3, encoding="utf-8", delay=True)
    machines.setFormatter(_ForMachines())
    log = logging.getLogger("segmenter.service")
    log.setLevel(logging.INFO)
    log.handlers[:] = [people, machines]
    log.propagate = False
    logging.raiseExceptions = False  # what a full disk keeps out of one handler is in the other
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it only wakes the service


def warn_people() -> None:
    """Log the warnings of a report made by hand to standard error, but not its failure, which the command shows."""
    people = _people()
    people.addFilter(lambda record: record.getMessage() != "failed")
    log = logging.getLogger("segmenter.service")
    log.handlers[:] = [people]
    log.propagate = False


def _people() -> logging.Handler:
    people = logging.StreamHandler(sys.stderr)
    people.setFormatter(_ForPeople())
    return people
