"""What a user can do wrong, each error with the fix in its message.

The tree, and the exit status of each branch::

    SegmenterError            1   the program failed
    ├── UsageError            2   the command is wrong
    ├── ConfigError           2   the configuration is wrong
    ├── SourceError           3   an export cannot be read
    │   └── UndecidedError    3   an export can be read in several ways (`segmenter.intake.undecided`)
    ├── DataError             3   an export was read but cannot be used
    ├── RunError              3   a run's folder or the archive is missing, damaged or foreign
    ├── ReportError           1   a report could not be made
    ├── DeliveryError         1   a report could not be brought to its recipients
    ├── ResourceError         1   the machine lacks memory, space or a permission
    └── HeldError            75   another process holds the archive

A message is one paragraph: what is wrong, where (file, line, column, key), what to do. Lines that a person can paste into
the configuration are notes (PEP 678).
Anything that is not a ``SegmenterError`` is a bug and is never caught on the way.
"""

from __future__ import annotations

import errno

TOO_MANY_FILES = {errno.EMFILE, errno.ENFILE}


def remedy(error: Exception) -> str:
    """What to do about a fault of the machine: a full or read-only disk, a missing permission, too many open files."""
    if getattr(error, "errno", None) in TOO_MANY_FILES:
        return "Raise the limit on open files (ulimit -n), or end other programs."
    return "Free space, grant write permission, or name another place."


class SegmenterError(Exception):
    """Base of everything that a person can mend; `exit_status` is the process's."""

    exit_status = 1


class UsageError(SegmenterError):
    """The command line asks for something that does not exist."""

    exit_status = 2


class ConfigError(SegmenterError):
    """The configuration has unknown keys or values outside their range."""

    exit_status = 2


class SourceError(SegmenterError):
    """An export cannot be found, opened or read."""

    exit_status = 3


class DataError(SegmenterError):
    """An export was read, but what it holds cannot be analysed."""

    exit_status = 3


class RunError(SegmenterError):
    """A run's folder or the archive is missing, damaged or from another program."""

    exit_status = 3


class ReportError(SegmenterError):
    """A report could not be rendered."""


class DeliveryError(SegmenterError):
    """A report could not be brought to its recipients."""


class ResourceError(SegmenterError):
    """The machine lacks memory, disk space or the permission to write."""


class HeldError(SegmenterError):
    """Another process holds the archive; the exit status is EX_TEMPFAIL of sysexits.h."""

    exit_status = 75
