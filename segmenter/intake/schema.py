"""How the files of one layout are read: which column plays which role, and how dates and numbers are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segmenter.intake.formats import Evidence, Formats
from segmenter.intake.raw import Layout
from segmenter.intake.roles import Roles


@dataclass(frozen=True)
class Schema:
    """How the records of a layout are read: roles of the columns, formats of dates and numbers."""

    roles: Roles
    formats: Formats


@dataclass(frozen=True)
class Parsed:
    """The result of reading the files of one layout.

    `dialects` describes per file number, in order, how the file was split into columns; `evidence` covers only the files
    that did not come from the cache.
    """

    layout: Layout
    schema: Schema
    dialects: Mapping[int, str]
    evidence: Mapping[int, Evidence]
