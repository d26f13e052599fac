"""bench/RESULTS.md: one section per measurement, each rewritten by the script that measures it."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
HEADER = """\
# Measured results

Written by the scripts in this folder; every figure is from one run of a script, on the machine and with the versions
that the section names. `make bench` runs planted, sweep, labelled, retail and process; what takes hours or a machine of
its own is run by itself: `python bench/service.py`, `replay.py`, `kills.py`, `fuzz.py`, `scale.py`.
"""


def write(title: str, text: str) -> None:
    """Replace the section `title` in RESULTS.md, or add it at the end."""
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEADER
    section = f"## {title}\n\n{text.strip()}\n\n{machine()}\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if pattern.search(before):
        after = pattern.sub(lambda _: section + "\n", before)
    else:
        after = before.rstrip() + "\n\n" + section
    RESULTS.write_text(after.rstrip() + "\n", encoding="utf-8")


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine() -> str:
    """The machine and the versions that matter, in one sentence."""
    packages = ("numpy", "pandas", "scipy", "scikit-learn", "duckdb")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"Machine: {_processor()}, {os.cpu_count()} cores, {_memory():.0f} GiB. Python {platform.python_version()}, {versions}."


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
