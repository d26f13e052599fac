"""Hears every socket that a process opens, or a process that it forks."""

import os
import sys


def listen(path):
    """Write from now on into the file `path` what is done with sockets; it is empty where nothing is."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event, given):
        if event.startswith("socket."):
            os.write(file, f"{event} {given}\n".encode())

    sys.addaudithook(note)
