"""A time limit for a whole step of a conversation with a peer.

A socket's own timeout starts anew with every byte received, so that a peer could answer slowly for ever.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def within(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Shut `connection` down when the block takes longer than `seconds`.

    Raises
    ------
    TimeoutError
        It took longer, whether or not the block failed.
    """
    cutter = socket.socket(fileno=os.dup(connection.fileno()))  # a duplicate, as TLS takes the original over
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):  # the peer has closed the connection
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
        if late.is_set():  # the shutdown may look like the end of an answer
            raise TimeoutError(f"it took longer than {seconds:g} seconds")
    finally:
        timer.cancel()
        cutter.close()
