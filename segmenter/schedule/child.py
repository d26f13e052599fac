"""A run in a process of its own, with limits of time and memory; it dies with the service."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from segmenter.config import Config
from segmenter.schedule import guard

GUARD = Path(__file__).with_name("guard.py")
TAIL = 2000  # characters kept of the child's standard error as the cause of a failure


@dataclass(frozen=True)
class Made:
    """A run that a child made, from its JSON document; `as_of` is None where that lacks it."""

    run_id: str
    folder: Path
    as_of: date | None
    n_customers: int
    new_alerts: int
    changed: bool


@dataclass(frozen=True)
class Outcome:
    """How a child ended: the run that it made, or why there is none, in words."""

    made: Made | None
    cause: str = ""


def run(command: Sequence[str], time_limit: float, memory_mib: int) -> Outcome:
    """Run `command`, which prints one JSON document, for at most `time_limit` seconds within `memory_mib` (0: no limit)."""
    # the guard is started by its file, as it imports nothing of ours
    guarded = [sys.executable, str(GUARD), str(memory_mib), *command]
    pipe = subprocess.PIPE
    with subprocess.Popen(guarded, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        # the guard takes the closing of this pipe for the death of the service: keep it open until the child ends
        keep, process.stdin = process.stdin, None
        try:
            out, err = process.communicate(timeout=time_limit)
        except subprocess.TimeoutExpired:
            return Outcome(None, f"It took longer than its limit of {time_limit / 60:,.0f} minutes and was stopped.")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if keep is not None:
                keep.close()
    if process.returncode == guard.TOO_LARGE:
        return Outcome(
            None, f"It took more than {memory_mib:,} MiB of memory (service.run_memory_mib) and was stopped."
        )
    return _outcome(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def memory_limit(config: Config) -> int:
    """MiB that a run may take: the configuration's, else twice DuckDB's and 2 GiB, but nine tenths of the machine's at most."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return config.service.run_memory_mib or min(2 * config.engine.memory_mib + 2048, machine * 9 // 10)


def _outcome(status: int, out: str, err: str) -> Outcome:
    if status != 0:
        message = err.strip()[-TAIL:].removeprefix("segmenter: ") or "It said nothing."
        ended = f"It was ended by signal {status - 128}. " if status > 128 else ""
        return Outcome(None, ended + message)
    try:
        return Outcome(_made(json.loads(out)))
    except (ValueError, KeyError, TypeError):
        return Outcome(None, f"It ended without naming its run: {out[-200:]!r}.")


def _made(document: dict[str, Any]) -> Made:
    as_of = document.get("as_of")
    return Made(
        run_id=str(document["run"]),
        folder=Path(str(document["folder"])),
        as_of=date.fromisoformat(str(as_of)) if as_of else None,
        n_customers=int(document.get("n_customers", 0)),
        new_alerts=int(document.get("new_alerts", 0)),
        changed=bool(document.get("changed", True)),
    )
