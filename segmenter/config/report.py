"""[report]: what the pages look like and which files are made."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from segmenter.config.base import Section

Format = Literal["html", "pdf", "csv", "xlsx", "parquet"]


class ReportConfig(Section):
    """[report]: language, brand and files."""

    title: str = Field("Customer segmentation", description="title of the report")
    company: str = Field("", description="company name in the running title")
    currency: str = Field(
        "",
        pattern=r"^([A-Z]{3})?$",
        description="ISO 4217 code; empty: the one that the export names, plain numbers where it names none",
    )
    locale: str = Field("en", description="language and number format, such as en, en_GB or de")
    page: Literal["A4", "Letter"] = Field("A4", description="paper size of the PDF")
    formats: tuple[Format, ...] = Field(("html", "pdf"), description="files made in addition to the tables of a run")
    accent: str = Field("#1f4e79", pattern=r"^#[0-9a-fA-F]{6}$", description="accent colour of headings and rules")
    logo: str | None = Field(None, description="image file (PNG, JPEG or SVG) for the first page")
    templates: str | None = Field(
        None, description="folder with templates of your own; a block given there replaces ours"
    )
    csv_bom: bool = Field(
        True,
        description="byte order mark in a run's CSV files, by which spreadsheets know UTF-8; marketing.csv and lists that --to asks for have none. CSV has commas and decimal "
        "points whatever the locale: xlsx is the format for people",
    )
    customer_rows: bool = Field(
        True, description="false leaves single customers out of the report, for wide circulation"
    )
    max_anomalies: int = Field(50, ge=1, description="anomalies listed in the report; all are in anomalies.csv")

    def in_currency(self, currency: str) -> ReportConfig:
        """These settings with the `currency` that an export names, where they leave it open themselves."""
        return self if self.currency or not currency else self.model_copy(update={"currency": currency})

    @property
    def language(self) -> str:
        """The language of `locale`: en of en_GB."""
        return self.locale.replace("-", "_").partition("_")[0]
