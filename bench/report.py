"""The report step by itself: a finished run of 5,000 customers, drawn and written in each format.

    python bench/report.py [--customers 5000] [--repeats 5]

Each measurement is a process of its own that reads the run and then renders it; the reading is not counted, the loading
of the drawing libraries is. The formats take turns, so that a busy machine slows them alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from results import table, write

RENDER = """
import json, os, sys, time
from pathlib import Path
from tempfile import TemporaryDirectory
from segmenter import report
from segmenter.config.report import ReportConfig
from segmenter.runs import archive
run = archive.read(Path(sys.argv[1]))
config = ReportConfig.model_validate({**run.manifest.config["report"], "formats": sys.argv[2].split(",")})
with TemporaryDirectory() as folder:
    wall, busy = time.perf_counter(), sum(os.times()[:4])
    report.render(run, config, Path(folder))
    wall, busy = time.perf_counter() - wall, sum(os.times()[:4]) - busy  # with the helpers'
    sizes = {file.name: file.stat().st_size for file in Path(folder).iterdir() if file.is_file()}
print(json.dumps({"wall": wall, "busy": busy, "sizes": sizes, "customers": len(run.customers)}))
"""
FORMATS = ("html", "pdf", "html,pdf", "csv", "xlsx", "parquet", "html,pdf,csv,xlsx,parquet")
SHOWN = ("report.html", "report.pdf", "report.xlsx")


def main() -> None:
    """Make the run, measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = _finished_run(Path(folder), options.customers)
        found: dict[str, list[dict]] = {formats: [] for formats in FORMATS}
        for _ in range(options.repeats):
            for formats in FORMATS:
                found[formats].append(_rendered(run, formats))
    shown = table(("formats", "seconds (median)", "range", "CPU seconds", "files, kB"), [*map(_row, found.items())])
    text = (
        f"A sample of {found['html'][0]['customers']:,} customers, every view, all of them on the map; {options.repeats} "
        "repeats in turns, each a fresh process; from the finished run to the written files.\n\n"
    )
    write("The report step", text + shown + f"\n\n`python bench/report.py --customers {options.customers}`")
    print(shown)


def _finished_run(folder: Path, customers: int) -> Path:
    """A run of a sample of so many customers."""
    segmenter = [sys.executable, "-m", "segmenter"]
    export, config = folder / "sample.csv", folder / "config.toml"
    config.write_text(f'[report]\ncurrency = "GBP"\n\n[views]\ntsne_sample = {customers}\n', encoding="utf-8")
    subprocess.run([*segmenter, "sample", str(export), "--customers", str(customers)], check=True, capture_output=True)
    command = [*segmenter, "run", str(export), "-c", str(config), "-o", str(folder / "runs"), "--quiet"]
    subprocess.run([*command, "--format", "html"], check=True, capture_output=True)
    return next(path for path in (folder / "runs").iterdir() if (path / "run.json").exists())


def _rendered(run: Path, formats: str) -> dict:
    command = [sys.executable, "-c", RENDER, str(run), formats]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _row(measured: tuple[str, list[dict]]) -> tuple[str, ...]:
    formats, each = measured
    walls, sizes = [one["wall"] for one in each], each[-1]["sizes"]
    return (
        formats.replace(",", ", "),
        f"{statistics.median(walls):.2f}",
        f"{min(walls):.2f} to {max(walls):.2f}",
        f"{statistics.median(one['busy'] for one in each):.2f}",
        ", ".join(f"{name} {sizes[name] / 1000:,.0f}" for name in SHOWN if name in sizes),
    )


if __name__ == "__main__":
    main()
