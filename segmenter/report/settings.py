"""The settings of a report that is made again: those of the run, and over them what is asked for now.

Two of them are of the run and not of its report. Its money keeps its currency, as nothing is converted. And a report that
may circulate names nobody: customers are named only where both the run's own report and what is asked for name them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segmenter.config.report import ReportConfig
from segmenter.runs.types import Manifest


@dataclass(frozen=True)
class Settings:
    """How a report is made, and in sentences what of the settings given could not be used."""

    report: ReportConfig
    notes: tuple[str, ...] = ()


def settled(manifest: Manifest, wanted: ReportConfig) -> Settings:
    """The run's own settings with those laid over them that `wanted` sets itself, not by default."""
    own = manifest.settings.report
    given = {key: getattr(wanted, key) for key in wanted.model_fields_set}
    notes = [*_unusable(manifest)]
    if given.get("currency") and manifest.currency not in {"", given["currency"]}:
        notes.append(
            f"The run's money is in {manifest.currency} and stays so, as nothing is converted: report.currency = "
            f'"{given["currency"]}" is not used.'
        )
    if given.get("customer_rows") and not own.customer_rows:
        notes.append(
            "The run's own report names no customer, so this one names none either, whatever report.customer_rows says now."
        )
    laid = own.model_copy(update=given)
    kept = {
        "currency": manifest.currency or laid.currency,
        "customer_rows": own.customer_rows and laid.customer_rows,
    }
    return Settings(laid.model_copy(update=kept), tuple(notes))


def _unusable(manifest: Manifest) -> Iterator[str]:
    """A sentence on the settings of the run's report that this version does not know or takes no more."""
    usable = manifest.settings.report.model_dump(mode="json")
    recorded = manifest.config.get("report", {})
    if left := sorted(f"report.{key}" for key, value in recorded.items() if key not in usable or usable[key] != value):
        yield f"The run was made with settings that this version cannot use, and goes without: {', '.join(left)}."
