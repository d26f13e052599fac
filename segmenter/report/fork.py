"""Work done by a forked copy of this process while this one goes on."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Made = TypeVar("Made")


@contextmanager
def forked(work: Callable[[], Made]) -> Iterator[Callable[[], Made]]:
    """Run `work` in a child process while the block runs; the callable given to the block waits for its result.

    The child is a fork, which starts quickly and has the fonts and settings of this moment. It touches no thread or
    connection of this process, and ends with the block at the latest. Where it dies without a result, or where the
    system cannot fork safely, this process does the work when the result is asked for, and raises its errors itself.

    Raises
    ------
    SegmenterError
        The work raised it, in the child.
    """
    if sys.platform != "linux" or (os.cpu_count() or 1) < 2:
        yield work
        return
    from multiprocessing import get_context

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    helper = context.Process(target=_hand_over, args=(receiver, sender, work), daemon=True)
    helper.start()
    sender.close()
    try:
        yield lambda: _received(receiver, work)
    except BaseException:
        helper.kill()
        raise
    finally:
        receiver.close()
        helper.join()


def drawn_by_two(charts: Sequence[Callable[[], Made]]) -> list[Made]:
    """The result of each of `charts`, in their order; every second one is drawn by a child process."""
    if len(charts) < 2:
        return [draw() for draw in charts]
    found: list[Any] = [None] * len(charts)
    with forked(lambda: [draw() for draw in charts[1::2]]) as theirs:
        found[::2] = [draw() for draw in charts[::2]]
        found[1::2] = theirs()
    return found


def _hand_over(receiver: Connection, sender: Connection, work: Callable[[], object]) -> None:
    """In the child: send the result or a SegmenterError; nothing after any other exception."""
    gc.disable()  # objects of the parent's other threads must not be finalised here
    receiver.close()  # else, once the parent has failed, a result larger than the pipe would block for ever
    Thread(target=_end_with_parent, daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if callable(signal.getsignal(number)):  # the parent's handlers clean up and report: the child just ends
            signal.signal(number, signal.SIG_DFL)
    with suppress(Exception):
        try:
            sender.send((work(), None))
        except SegmenterError as error:
            sender.send((None, error))


def _end_with_parent() -> None:
    """End when the parent was killed: what it had open, such as the lock of its folder, is open here too."""
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)


def _received(receiver: Connection, work: Callable[[], Made]) -> Made:
    """The child's result; where the child ended without one, this process does the work."""
    try:
        made, error = receiver.recv()
    except EOFError:
        return work()
    if error is not None:
        raise error
    return made  # type: ignore[no-any-return]
