"""The settings of a report that is made again: those of the run, and over them what is asked for now.

Two of them are of the run and not of its report. Its money keeps its currency, as nothing is converted. And a report that
may circulate names nobody: customers are named only where both the run's own report and what is asked for name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segmenter.config.report import ReportConfig
from segmenter.runs.types import Manifest


@dataclass(frozen=True)
class Settings:
    """How a report is made, and in sentences what of the settings given could not be used."""

    report: ReportConfig
    notes: tuple[str, ...] = ()


def recorded(manifest: Manifest) -> Settings:
    """The settings that a run was made with; those that this version does not know, or takes no more, are left out."""
    from pydantic import ValidationError

    keys: dict[str, Any] = manifest.config.get("report", {})
    try:
        return Settings(ReportConfig.model_validate(keys))
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
    known = ReportConfig.model_validate({key: value for key, value in keys.items() if key not in wrong})
    left = ", ".join(f"report.{key}" for key in sorted(wrong))
    return Settings(known, (f"The run was made with settings that this version cannot use, and goes without: {left}.",))


def settled(manifest: Manifest, wanted: ReportConfig) -> Settings:
    """The run's own settings with those laid over them that `wanted` sets itself, not by default."""
    own = recorded(manifest)
    given = {key: getattr(wanted, key) for key in wanted.model_fields_set}
    notes = [*own.notes]
    if given.get("currency") and manifest.currency not in {"", given["currency"]}:
        notes.append(
            f"The run's money is in {manifest.currency} and stays so, as nothing is converted: report.currency = "
            f'"{given["currency"]}" is not used.'
        )
    if given.get("customer_rows") and not own.report.customer_rows:
        notes.append(
            "The run's own report names no customer, so this one names none either, whatever report.customer_rows says now."
        )
    laid = own.report.model_copy(update=given)
    kept = {
        "currency": manifest.currency or laid.currency,
        "customer_rows": own.report.customer_rows and laid.customer_rows,
    }
    return Settings(laid.model_copy(update=kept), tuple(notes))
