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
    """Have `work` done by a copy of this process while the block runs; calling what is given waits for what it made.

    The copy is a fork, which alone is quick enough and has the fonts and settings of this moment: it works, hands
    over and ends, touching no thread or connection. It ends with the block, whatever ends that. Where it fails, or
    where the system cannot fork safely, this process does the work when it is asked for, and tells what is wrong.

    Raises
    ------
    SegmenterError
        The work raised it, in the copy.
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
    """What each of `charts` draws, in their order; every second one by a copy of this process."""
    if len(charts) < 2:
        return [draw() for draw in charts]
    found: list[Any] = [None] * len(charts)
    with forked(lambda: [draw() for draw in charts[1::2]]) as theirs:
        found[::2] = [draw() for draw in charts[::2]]
        found[1::2] = theirs()
    return found


def _hand_over(receiver: Connection, sender: Connection, work: Callable[[], object]) -> None:
    """In the helper: send what was made or the error that tells a person why not; nothing after any other failure."""
    gc.disable()  # what other threads of the first process held must not be cleared up here
    receiver.close()  # else an error of the first process would leave this one waiting for ever to be heard
    Thread(target=_end_with_parent, daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if callable(signal.getsignal(number)):  # the first process cleans up and has its say: this one just ends
            signal.signal(number, signal.SIG_DFL)
    with suppress(Exception):
        try:
            sender.send((work(), None))
        except SegmenterError as error:
            sender.send((None, error))


def _end_with_parent() -> None:
    """End with a first process that was killed: what it had open, such as the lock of its folder, is open here too."""
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)


def _received(receiver: Connection, work: Callable[[], Made]) -> Made:
    """What the helper made; this process makes it where the helper could not, or is gone."""
    try:
        made, error = receiver.recv()
    except EOFError:
        return work()
    if error is not None:
        raise error
    return made  # type: ignore[no-any-return]
