"""What the files of one layout mean: which column plays which role, and how dates and numbers are written in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol

from segmenter.intake.formats import Evidence, Formats
from segmenter.intake.raw import Layout
from segmenter.intake.roles import Roles

SAMPLE = 2000  # first records that tell the columns' roles


@dataclass(frozen=True)
class Meaning:
    """How the records of a layout are read: roles of the columns, formats of dates and numbers."""

    roles: Roles
    formats: Formats


class Known(Protocol):
    """A file that was read before: how, and what was found in it."""

    @property
    def meaning(self) -> Meaning:
        """How it was read."""

    @property
    def evidence(self) -> Evidence:
        """What its dates and numbers looked like, in the columns of those roles."""


class ReadAgainError(Exception):
    """Cached files that would be read differently now: files that came since change what their layout means."""

    def __init__(self, files: frozenset[int]) -> None:
        super().__init__(files)
        self.files = files


@dataclass(frozen=True)
class Understood:
    """A layout with its meaning, its files in order, and the evidence of those that were read just now."""

    layout: Layout
    meaning: Meaning
    files: tuple[int, ...]
    evidence: dict[int, Evidence]


def check_same(known: Mapping[int, Known], is_same: Callable[[Meaning], bool]) -> None:
    """Check that cached files would be read as they were.

    Raises
    ------
    ReadAgainError
        They differ for some of `known`.
    """
    strays = frozenset(number for number, each in known.items() if not is_same(each.meaning))
    if strays:
        raise ReadAgainError(strays)


def total(evidence: Iterable[Evidence]) -> Evidence:
    """The evidence of several files together."""
    return reduce(add, evidence, Evidence())
