"""[privacy]: how much of a customer a run keeps."""

from __future__ import annotations

from pydantic import Field

from segmenter.config.base import Section


class PrivacyConfig(Section):
    """[privacy]: pseudonyms in the place of customer ids."""

    pseudonymise: bool = Field(
        False,
        description="true: customer ids are keyed hashes everywhere but in a run's customer_key.csv; rejected rows are "
        "kept without their text, and nothing is cached between runs (SECURITY.md)",
    )
