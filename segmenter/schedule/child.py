"""A run in a process of its own, with its time limit; it dies with the service."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GUARD = Path(__file__).with_name("guard.py")
TAIL = 2000  # characters of the child's standard error that are kept as the cause


@dataclass(frozen=True)
class Outcome:
    """How a child ended: the JSON document that it printed, or why there is none, in words."""

    document: dict[str, Any] | None
    cause: str = ""

    @property
    def run_id(self) -> str | None:
        """The run that was made."""
        return str(self.document["run"]) if self.document else None

    @property
    def folder(self) -> Path | None:
        """The run's folder."""
        return Path(str(self.document["folder"])) if self.document else None


def run(command: Sequence[str], time_limit: float) -> Outcome:
    """Run `command`, which prints one JSON document, for at most `time_limit` seconds."""
    guarded = [sys.executable, str(GUARD), *command]  # by its file: the guard needs nothing of ours
    pipe = subprocess.PIPE
    with subprocess.Popen(guarded, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        # the pipe to the guard stays open until the child ends: its closing is the sign that we died
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
    return _outcome(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def _outcome(status: int, out: str, err: str) -> Outcome:
    if status != 0:
        told = err.strip()[-TAIL:].removeprefix("segmenter: ") or "It said nothing."
        ended = f"It was ended by signal {status - 128}. " if status > 128 else ""
        return Outcome(None, ended + told)
    try:
        document = json.loads(out)
        _ = document["run"], document["folder"]
    except (ValueError, KeyError, TypeError):
        return Outcome(None, f"It ended without naming its run: {out[-200:]!r}.")
    return Outcome(document)
