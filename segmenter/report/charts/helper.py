"""Charts drawn by two processes at once: drawing is half of a report's time, and one chart knows nothing of another."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Drawn = TypeVar("Drawn")


def drawn_by_two(charts: Sequence[Callable[[], Drawn]]) -> list[Drawn]:
    """What each of `charts` draws, in their order; every second one by a copy of this process.

    The copy is a fork, which alone is quick enough and has the fonts and settings of this moment: it draws, hands
    over and ends, touching no file, thread or connection. Where it fails, or where the system cannot fork safely,
    this process draws everything, and tells what is wrong with a chart.
    """
    if sys.platform != "linux" or (os.cpu_count() or 1) < 2 or len(charts) < 2:
        return [draw() for draw in charts]
    from multiprocessing import get_context

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    helper = context.Process(target=_hand_over, args=(receiver, sender, charts[1::2]), daemon=True)
    helper.start()
    sender.close()
    found: list[Drawn] = [None] * len(charts)  # type: ignore[list-item]
    found[::2] = [draw() for draw in charts[::2]]
    theirs: list[Drawn] | None = _received(receiver)
    found[1::2] = [draw() for draw in charts[1::2]] if theirs is None else theirs
    helper.join()
    return found


def _hand_over(receiver: Connection, sender: Connection, charts: Sequence[Callable[[], Drawn]]) -> None:
    """In the helper: send the charts, or nothing where one of them cannot be drawn: the other process will tell."""
    gc.disable()  # what other threads of the first process held must not be cleared up here
    receiver.close()  # else a helper whose process was killed would wait for ever to be heard
    with suppress(Exception):
        sender.send([draw() for draw in charts])


def _received(receiver: Connection) -> Any:
    """What the helper drew, None where it could not, or is gone."""
    try:
        return receiver.recv()
    except EOFError:
        return None
