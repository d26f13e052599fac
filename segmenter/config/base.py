"""What every section of the configuration has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen table of config.toml; unknown keys are errors.

    Each key is a field with a ``description`` (its meaning, unit and range), from which
    config.toml and the reference in docs/ are written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
