"""[engine]: where a run is computed and the resources it may take."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from segmenter.config.base import Section


class EngineConfig(Section):
    """[engine]: where a run is computed and the resources it may take."""

    kind: Literal["duckdb", "spark"] = Field(
        "duckdb",
        description="what runs the queries: DuckDB on this machine, or Apache Spark (install segmenter[spark]; docs/scale.md)",
    )
    spark: str = Field(
        "local[*]",
        pattern=r"^(local(\[(\*|\d+)\])?|sc://.+|spark://.+|yarn|k8s://.+)$",
        description="Spark's address: sc://host:15002 (Spark Connect), spark://host:7077, yarn, k8s://..., or local[*]",
    )
    spark_folder: str | None = Field(
        None,
        description="folder or URL that this machine and the cluster both reach, for transactions read here and for everybody's segments; a local Spark needs none",
    )
    spark_sample: int = Field(
        200_000,
        ge=1_000,
        description="customers beyond which the cluster draws as many for the analysis and scores the others where they are",
    )
    seed: int = Field(42, ge=0, lt=2**32, description="seed of every random step")
    memory_limit: str = Field(
        "4GiB",
        pattern=r"^\d+(\.\d+)? ?[KMG]i?B$",
        description="DuckDB's share of the memory, beyond which it spills to disk, and a local Spark's; the analysis needs about 1 KiB per customer in addition, the libraries 0.4 GiB",
    )
    threads: int | None = Field(None, ge=1, description="DuckDB's threads; unset: one per core")
    archive: str = Field("runs", description="folder that holds the runs")

    @property
    def memory_mib(self) -> int:
        """`memory_limit` in MiB."""
        number, unit = re.fullmatch(r"([\d.]+) ?([KMG])i?B", self.memory_limit).groups()  # type: ignore[union-attr]
        return round(float(number) * {"K": 1 / 1024, "M": 1, "G": 1024}[unit])
