"""The service's configuration file: read again when it changes, the previous one kept when it has a fault."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from segmenter.atomic import atomic_write
from segmenter.config import Config
from segmenter.config.load import parse_config, read_text
from segmenter.errors import ConfigError

log = logging.getLogger("segmenter.service")


class Settings:
    """The configuration in use, and the text that it was read from."""

    def __init__(
        self, path: Path | None, archive: str | None = None, check: Callable[[Config], None] = lambda _: None
    ) -> None:
        """Read `path` (None: all defaults); `archive` overrides engine.archive.

        `check` raises a ConfigError for an edit that can be read but not used.

        Raises
        ------
        ConfigError
            The file cannot be used.
        """
        self.path, self.archive, self._check = path, archive, check
        self.text = self._read()
        self.config = self._parsed(self.text)
        self.archive = self.config.engine.archive  # edits do not change the archive that the service holds
        self._seen: str | None = self.text

    def _read(self) -> str:
        return read_text(self.path) if self.path is not None else ""

    def _parsed(self, text: str) -> Config:
        overrides = {"engine": {"archive": self.archive}} if self.archive else {}
        return parse_config(text, str(self.path or "the configuration"), **overrides)

    def refresh(self) -> str | None:
        """Use the file if it was edited; returns the fault where it cannot be used, once per edit."""
        try:
            text = self._read()
        except ConfigError as error:
            fault, self._seen = str(error) if self._seen is not None else None, None
            return fault
        if text == self._seen:
            return None
        self._seen = text
        if text == self.text:
            return None
        try:
            config = self._parsed(text)
            self._check(config)
        except ConfigError as error:
            return str(error)
        self.config, self.text = config, text
        log.info("configuration read again")
        return None

    def file(self) -> Path | None:
        """A copy of the configuration in use, which runs are started with; None without a file.

        So a run reads the same configuration as the service, even if the file was edited since.
        """
        if self.path is None:
            return None
        name = hashlib.sha256(self.text.encode()).hexdigest()[:16]
        kept = Path(self.config.engine.archive) / f".config-{name}.toml"
        if not kept.exists():
            with atomic_write(kept) as aside:
                aside.write_text(self.text, encoding="utf-8")
        return kept

    def sweep(self) -> None:
        """Remove copies that earlier services left; only the service that holds the archive may do so."""
        kept = self.file()
        for path in Path(self.config.engine.archive).glob(".*config-*.toml*"):
            if path != kept:
                with contextlib.suppress(OSError):  # a few kilobytes, tried again at the next start
                    path.unlink()
