"""Doubts: what an export leaves open, and the settings that would decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from segmenter.config.toml import Settings, tables_in_toml
from segmenter.errors import SourceError

LEAD = "Settle it in the configuration, such as a file columns.toml that is named with -c columns.toml:"


@dataclass(frozen=True)
class Way:
    """Settings that decide a doubt, and when or what for, in words."""

    settings: Settings
    when: str


@dataclass(frozen=True)
class Doubt:
    """What is open, where and why, in one paragraph; `ways` to decide it, none where only another export does."""

    what: str
    ways: tuple[Way, ...] = ()

    @property
    def in_words(self) -> str:
        """The paragraph, with what to do."""
        return f"{self.what} {LEAD}" if self.ways else self.what

    @property
    def remedy(self) -> str:
        """Lines of TOML that decide it in the first way, with the other ways as comments."""
        lines: list[str] = []
        for number, way in enumerate(self.ways):
            is_other = number > 0
            lines.append(f"# {'or, ' * is_other}{in_comment(way.when)}")
            lines += [f"{'# ' * is_other}{line}" for line in tables_in_toml(way.settings)]
        return "\n".join(lines)

    def marked(self, number: int) -> list[tuple[str, Way]]:
        """The ways with their marks in the configuration that `segmenter init` writes: 1a and 1b for doubt 1."""
        return [(f"{number}{letter}", way) for letter, way in zip(ascii_lowercase, self.ways, strict=False)]


class UndecidedError(SourceError):
    """An export can be read in several ways: the `doubts`, the first of which is told."""

    def __init__(self, doubts: Sequence[Doubt]) -> None:
        super().__init__(doubts[0].in_words)
        self.doubts = tuple(doubts)
        if remedy := doubts[0].remedy:
            self.add_note(remedy)


def in_comment(text: str) -> str:
    """`text` without what no comment may hold, such as a line end in the name of a file or a word of a column."""
    return "".join(each if each.isprintable() else " " for each in text)


def refuse(doubts: Sequence[Doubt]) -> None:
    """Refuse an export that leaves something open.

    Raises
    ------
    UndecidedError
        There are `doubts`.
    """
    if doubts:
        raise UndecidedError(doubts)


def naming(when: str, **columns: object) -> Way:
    """To name columns by their roles."""
    return Way({"source.columns": columns}, when)
