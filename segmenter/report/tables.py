"""The customers as tables for people and their tools: CSV, XLSX and Parquet, none of which can start a formula.

Columns are called as in the archive. What people read in them (names of segments, actions, reasons) speaks the
report's language; the archive's own customers.parquet, segments.parquet and anomalies.csv stay in English. The workbook is
for people: its numbers are numbers, which a spreadsheet writes as its own language does. CSV is for programs: commas
between fields and decimal points in every locale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from segmenter.analysis.findings import SegmentCard
from segmenter.config.report import ReportConfig
from segmenter.report.language import Voice
from segmenter.report.translated import translated_reasons, translated_run
from segmenter.runs.tables import LINE_END, safe_cell, write_parquet
from segmenter.runs.types import Run

MOST_ROWS = 1_048_575  # of a sheet, beside its heading
LONGEST = 60  # letters of a segment's name in a file's name: up to four bytes each, of 255 that a name may have
MONEY = {"revenue", "amount_at_stake", "period_revenue", "expected_revenue"}
NUMBER_FORMATS = {
    "share": "0.0%",
    "ratio": "0.00",
    "change": "0.00",
    "days": "#,##0",
    "count": "#,##0",
    "other": "General",
}


def write_tables(run: Run, config: ReportConfig, folder: Path) -> list[Path]:
    """Write the tables of `config.formats` into `folder`; the files, workbook first.

    Without ``customer_rows`` only the segments are written.
    """
    if not {"csv", "xlsx", "parquet"} & set(config.formats):
        return []
    voice = Voice(config.locale, config.currency, run.manifest.own_names)
    run, kinds = translated_run(run, voice), _kinds(run)
    if config.customer_rows:
        run = replace(run, customers=translated_reasons(run.customers, voice))
    files: list[Path] = []
    if "xlsx" in config.formats:
        files.append(_workbook(run, config, voice, kinds, folder / "report.xlsx"))
    if "csv" in config.formats:
        files.append(_write_csv(run.segments, folder / "segments.csv", kinds, bom=config.csv_bom))
    if not config.customer_rows:
        return files
    if "csv" in config.formats:
        files.append(_write_csv(run.customers, folder / "customers.csv", kinds, bom=config.csv_bom))
        files.append(_write_csv(marketing_list(run), folder / "marketing.csv", kinds, bom=False))
    for suffix in ("csv", "parquet"):
        if suffix in config.formats:
            files += _lists(run, folder / "segments", suffix, kinds, bom=config.csv_bom)
    return files


def _kinds(run: Run) -> dict[str, str]:
    """What each column measures: a feature's kind, its median's too."""
    kinds: dict[str, str] = {feature.name: feature.kind for feature in run.manifest.features}
    kinds |= {f"median_{name}": kind for name, kind in kinds.items()}
    return {**kinds, **dict.fromkeys(MONEY, "money"), "customer_share": "share", "revenue_share": "share"}


def marketing_list(run: Run) -> pd.DataFrame:
    """Who belongs on which segment's list, as tools for campaigns take it, sorted by segment and customer.

    One row per customer and list with a change: ``added`` (not on it in the previous run; everybody in a
    first run), ``kept``, or ``removed`` (on it then and no more). Columns: segment, change, customer_id, email_sha256
    where the export has addresses, action.
    """
    columns = [name for name in ("customer_id", "email_sha256") if name in run.customers]
    now = run.customers[columns].assign(segment=run.customers["segment_name"], change="added")
    gone = pd.DataFrame(columns=now.columns, dtype=str)
    if run.moves is not None:
        left = run.moves[run.moves["segment_before"].notna()].set_index("customer_id")["segment_before"]
        before = now["customer_id"].map(left)
        now["change"] = np.where(before == now["segment"], "kept", "added")
        current = now.set_index("customer_id")["segment"]
        gone = left[left != current.reindex(left.index)].rename("segment").reset_index().assign(change="removed")
        gone = gone.merge(now[columns], on="customer_id", how="left")
    actions = {card.name: card.action for card in run.findings.cards}
    place = {name: number for number, name in enumerate(actions)}
    rows = pd.concat([now, gone], ignore_index=True)
    rows["action"] = rows["segment"].map(actions)
    rows["place"] = rows["segment"].map(place).fillna(len(place))
    ordered = rows.sort_values(["place", "segment", "customer_id"], ignore_index=True)
    return ordered[["segment", "change", *columns, "action"]]


def _lists(run: Run, folder: Path, suffix: str, kinds: dict[str, str], *, bom: bool) -> list[Path]:
    """A file per segment."""
    folder.mkdir(exist_ok=True)
    files = []
    for card in run.findings.cards:
        own = run.customers[run.customers["segment"] == card.label]
        files.append(folder.parent / list_file(card, suffix))
        if suffix == "csv":
            _write_csv(own, files[-1], kinds, bom=bom)
        else:
            write_parquet(own, files[-1], order_by="customer_id")
    return files


def list_file(card: SegmentCard, suffix: str) -> str:
    """Where in the run's folder the list of a segment's customers is, as CSV or Parquet."""
    return f"segments/{card.label + 1:02d}-{_slug(card.name)}.{suffix}"


def _write_csv(frame: pd.DataFrame, path: Path, kinds: dict[str, str], *, bom: bool) -> Path:
    """Write CSV; spreadsheets need the byte order mark to recognise UTF-8, other tools stumble over it."""
    encoding = "utf-8-sig" if bom else "utf-8"
    tidy = _tidied(frame, kinds)
    written = {name: _written(tidy[name], kinds.get(str(name), "")) for name in tidy}
    pd.DataFrame(written, index=tidy.index).to_csv(path, index=False, encoding=encoding, lineterminator=LINE_END)
    return path


def _written(column: pd.Series, kind: str) -> pd.Series:
    """A column as CSV holds it: money with cents, text that starts no formula."""
    if kind == "money":
        return column.map("{:.2f}".format, na_action="ignore")
    return column if pd.api.types.is_numeric_dtype(column) else column.map(safe_cell)


def _tidied(frame: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """`frame` with money in cents, whole numbers whole, and no more than four decimals of anything else."""
    return pd.DataFrame({name: _tidy(frame[name], kinds.get(str(name), "")) for name in frame}, index=frame.index)


def _tidy(column: pd.Series, kind: str) -> pd.Series:
    if not pd.api.types.is_float_dtype(column):
        return column
    if kind == "money":
        return column.round(2)
    values = column.to_numpy(float, na_value=np.nan)
    if not np.isinf(values).any() and (np.isnan(values) | (values == np.rint(values))).all():
        return column.astype("Int64")
    return column.round(4)


def _slug(name: str) -> str:
    """A segment's name as part of a file's name: letters of any script, digits and hyphens, at most `LONGEST`."""
    return re.sub(r"[\W_]+", "-", name.lower())[:LONGEST].strip("-") or "segment"


def _workbook(run: Run, config: ReportConfig, voice: Voice, kinds: dict[str, str], path: Path) -> Path:
    """A sheet each for the segments, the customers and the anomalies, several where the rows are too many for one."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        formats = _formats(workbook, config)
        frames = {"Segments": run.segments}
        if config.customer_rows:
            frames |= {"Customers": run.customers, "Anomalies": translated_reasons(run.anomalies, voice)}
        for name, frame in frames.items():
            for title, part in _parts(voice(name), _tidied(frame, kinds)):
                sheet = workbook.add_worksheet(title)
                if voice.direction == "rtl":
                    sheet.right_to_left()
                _sheet(sheet, part, kinds, formats)
    return path


def _parts(name: str, frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows divided into sheets of at most `MOST_ROWS`, each with its name."""
    for number, start in enumerate(range(0, max(len(frame), 1), MOST_ROWS), 1):
        yield name if number == 1 else f"{name} {number}", frame.iloc[start : start + MOST_ROWS]


def _formats(workbook: Any, config: ReportConfig) -> dict[str, Any]:
    money = f'#,##0.00 "{config.currency}"' if config.currency else "#,##0.00"
    patterns = {"money": money, **NUMBER_FORMATS}
    formats = {kind: workbook.add_format({"num_format": pattern}) for kind, pattern in patterns.items()}
    return {**formats, "head": workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})}


def _sheet(sheet: Any, frame: pd.DataFrame, kinds: dict[str, str], formats: dict[str, Any]) -> None:
    for number, name in enumerate(frame.columns):
        sheet.write_string(0, number, name, formats["head"])
        sheet.set_column(number, number, _width(name, frame[name]), formats[kinds.get(name, "other")])
        _fill(sheet, number, frame[name])
    sheet.freeze_panes(1, 1)
    if len(frame.columns):
        sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)


def _width(name: str, column: pd.Series) -> float:
    """Characters that fit the heading and the first hundred values."""
    return float(min(60, max(len(name), *(len(str(value)) for value in column.head(100)), 8) + 2))


def _fill(sheet: Any, number: int, column: pd.Series) -> None:
    """Cells by their own type; what is missing stays empty."""
    for row, value in enumerate(column.tolist(), 1):
        if isinstance(value, str):
            sheet.write_string(row, number, value)
        elif isinstance(value, bool):
            sheet.write_boolean(row, number, value)
        elif not pd.isna(value):
            sheet.write_number(row, number, value)
