"""Reads and validates a configuration file."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
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
        raise ConfigError(f"{name} is not valid TOML: {error}. {_correction(str(error))}") from None
    for section, keys in overrides.items():
        if isinstance(tables.setdefault(section, {}), dict):  # what is no table is refused below, with its line
            tables[section] = {**tables[section], **keys}
    try:
        return Config.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(_explain(error, name, text)) from None


def recorded_config(tables: Mapping[str, Any]) -> Config:
    """The configuration that a run recorded, by whatever version of segmenter.

    A key that this version does not know, or whose value it no longer takes, has its default: a run outlives the version
    that made it.
    """
    try:
        return Config.model_validate(tables)
    except ValidationError as error:
        refused = {".".join(map(str, fault["loc"][:2])) for fault in error.errors()}
    known = {
        section: {key: value for key, value in keys.items() if f"{section}.{key}" not in refused}
        for section, keys in tables.items()
        if isinstance(keys, dict) and section not in refused
    }
    return recorded_config(known if known != tables else {})


def _correction(fault: str) -> str:
    """What to do about text that is no TOML, by the faults that copied lines have most often."""
    if fault.startswith("Cannot declare"):
        return "That table stands further up: put its keys there, in the place of those that are there, and leave this one out."
    if fault.startswith("Cannot overwrite"):
        return "That key stands further up: leave one of the two lines, of two lists one that holds both."
    return "Correct that line and run again."


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
        if isinstance(error, UnicodeDecodeError):
            raise ConfigError(f"The configuration {path} is not UTF-8 text. Save it in that encoding.") from None
        raise ConfigError(
            f"The configuration {path} cannot be read: {error.strerror}. Name an existing file with -c."
        ) from None


def _explain(error: ValidationError, name: str, text: str) -> str:
    faults = "; ".join(_fault(fault, text) for fault in error.errors())
    return f"{name}: {faults}. The keys and their ranges are in the annotated config.toml."


def _fault(fault: Any, text: str) -> str:
    path = [str(part) for part in fault["loc"] if part != KEY]
    key = ".".join(path) or "the file"
    line = _line_of(path, text)
    where = f" (line {line})" if line else ""
    if fault["type"] == "missing":
        table = _line_of(path[:-1], text)
        return f"{key} is missing{f' in the table of line {table}' if table else ''}"
    if fault["type"] in {"extra_forbidden", "value_error"}:
        return f"unknown key {key}{where}" if fault["type"] == "extra_forbidden" else f"{fault['ctx']['error']}{where}"
    if fault["type"] == "tuple_type":
        return _no_list(key, fault["input"], where)
    if fault["type"] == "string_pattern_mismatch" and (meaning := _meaning(path)):
        return f"{key} = {fault['input']!r}{where} is not of the right form: {meaning}"
    return f"{key} = {fault['input']!r}{where}: {fault['msg'].lower()}"


def _no_list(key: str, value: object, where: str) -> str:
    if isinstance(value, dict):
        return f"[{key}]{where} is one table where any number may stand: write [[{key}]]"
    return f"{key} = {value!r}{where}: a list belongs here; write [{value!r}]"


def _meaning(path: Sequence[str]) -> str | None:
    """What is written of the key at `path` in the annotated configuration; None where it is not a section's own."""
    section = Config.model_fields[path[0]].annotation
    fields = getattr(section, "model_fields", {})
    return fields[path[1]].description if len(path) == 2 and path[1] in fields else None


def _line_of(path: list[str], text: str) -> int | None:
    """Line of the key or table at `path`, or of the list that it is an item of; None where it is not written plainly."""
    table: list[str] = []
    begun: Counter[str] = Counter()  # the tables of one name, which a path tells apart by their number
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        here = [*table, stripped.split("=")[0].strip("\"' \t")]
        if stripped.startswith("["):
            name = stripped.partition("]")[0].strip("[ ")
            here = table = [*name.split("."), *([str(begun[name])] if stripped.startswith("[[") else [])]
            begun[name] += 1
        if here == path or (path and path[-1].isdigit() and here == path[:-1]):
            return number
    return None
