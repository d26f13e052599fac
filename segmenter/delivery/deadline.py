"""A limit on what a peer may take over a whole step, however little by little it answers.

A socket's own time limit begins anew with every byte that comes.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def within(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Cut `connection` off when the block takes longer than `seconds`.

    Raises
    ------
    TimeoutError
        It took longer, whatever the cut made of the block.
    """
    cutter = socket.socket(fileno=os.dup(connection.fileno()))  # an end of our own: TLS takes the first one over
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):  # the peer was quicker and is gone
            cutter.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if late.is_set():
            raise TimeoutError(f"it took longer than {seconds:g} seconds") from None
        raise
    else:
        if late.is_set():  # the cut may look like the end of an answer
            raise TimeoutError(f"it took longer than {seconds:g} seconds")
    finally:
        timer.cancel()
        cutter.close()
