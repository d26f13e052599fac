"""Reads and validates a configuration file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from segmenter.config.analysis import DbscanConfig, FeaturesConfig, KMeansConfig, PrepareConfig, ViewsConfig
from segmenter.config.base import Section
from segmenter.config.delivery import DeliveryConfig
from segmenter.config.engine import EngineConfig
from segmenter.config.history import HistoryConfig
from segmenter.config.privacy import PrivacyConfig
from segmenter.config.report import ReportConfig
from segmenter.config.schedule import ScheduleConfig, ServiceConfig
from segmenter.config.source import RulesConfig, SourceConfig
from segmenter.errors import ConfigError

KEY = "[key]"  # how pydantic ends the place of a fault that a key has, not its value


class Config(Section):
    """The whole configuration; each attribute is a table of config.toml."""

    source: SourceConfig = SourceConfig()
    rules: RulesConfig = RulesConfig()
    features: FeaturesConfig = FeaturesConfig()
    prepare: PrepareConfig = PrepareConfig()
    kmeans: KMeansConfig = KMeansConfig()
    dbscan: DbscanConfig = DbscanConfig()
    views: ViewsConfig = ViewsConfig()
    history: HistoryConfig = HistoryConfig()
    report: ReportConfig = ReportConfig()
    engine: EngineConfig = EngineConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    delivery: DeliveryConfig = DeliveryConfig()
    service: ServiceConfig = ServiceConfig()
    schedule: tuple[ScheduleConfig, ...] = ()

    @model_validator(mode="after")
    def _schedules_have_names_of_their_own(self) -> Config:
        names = [each.name for each in self.schedule]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two schedules are called {twice[0]}; rename one of them")
        return self

    @model_validator(mode="after")
    def _range_of_k_is_not_empty(self) -> Config:
        if self.kmeans.max_clusters < self.kmeans.min_clusters:
            raise ValueError("kmeans.max_clusters is smaller than kmeans.min_clusters; raise max_clusters")
        return self

    @model_validator(mode="after")
    def _pseudonyms_are_made_here(self) -> Config:
        if self.privacy.pseudonymise and self.engine.kind == "spark":
            raise ValueError('privacy.pseudonymise needs engine.kind = "duckdb": in a cluster the ids stay as they are')
        return self


def load_config(path: str | Path | None = None, **overrides: dict[str, Any]) -> Config:
    """Read `path` (None: all defaults) and lay `overrides`, tables of keys, over it.

    Raises
    ------
    ConfigError
        The file is missing, is not TOML, or has unknown or wrong keys; every fault is named,
        with the line where the key stands.
    """
    text = read_text(Path(path)) if path is not None else ""
    return parse_config(text, str(path or "the configuration"), **overrides)


def parse_config(text: str, name: str, **overrides: dict[str, Any]) -> Config:
    """The configuration that the TOML of `text` holds, `overrides` laid over it; errors call it `name`.

    Raises
    ------
    ConfigError
        It is not TOML, or has unknown or wrong keys.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not valid TOML: {error}. Correct that line and run again.") from None
    for section, keys in overrides.items():
        if isinstance(tables.setdefault(section, {}), dict):  # what is no table is refused below, with its line
            tables[section] = {**tables[section], **keys}
    try:
        return Config.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(_explain(error, name, text)) from None


def read_text(path: Path) -> str:
    """The text of a configuration file.

    Raises
    ------
    ConfigError
        It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(
            f"The configuration {path} cannot be read: {reason}. Name an existing file with -c."
        ) from None


def _explain(error: ValidationError, name: str, text: str) -> str:
    faults = "; ".join(_fault(fault, text) for fault in error.errors())
    return f"{name}: {faults}. The keys and their ranges are in the annotated config.toml."


def _fault(fault: Any, text: str) -> str:
    path = [str(part) for part in fault["loc"] if part != KEY]
    key = ".".join(path) or "the file"
    line = _line_of(path, text)
    where = f" (line {line})" if line else ""
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key}{where}"
    if fault["type"] == "value_error":
        return f"{fault['ctx']['error']}{where if KEY in fault['loc'] else ''}"
    if fault["type"] == "string_pattern_mismatch" and (meaning := _meaning(path)):
        return f"{key} = {fault['input']!r}{where} is not of the right form: {meaning}"
    return f"{key} = {fault['input']!r}{where}: {fault['msg'].lower()}"


def _meaning(path: Sequence[str]) -> str | None:
    """What is written of the key at `path` in the annotated configuration; None where it is not a section's own."""
    section = Config.model_fields[path[0]].annotation
    fields = getattr(section, "model_fields", {})
    return fields[path[1]].description if len(path) == 2 and path[1] in fields else None


def _line_of(path: list[str], text: str) -> int | None:
    """Line of the key at `path`, for messages; None where it is not written plainly."""
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = stripped.strip("[] ").split(".")
            if table == path:
                return number
        elif [*table, stripped.split("=")[0].strip("\"' \t")] == [part for part in path if not part.isdigit()]:
            return number
    return None
