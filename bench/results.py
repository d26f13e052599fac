"""bench/RESULTS.md: one section per measurement, each rewritten by the script that measures it."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
HEADER = """\
# Measured results

Every figure is from one run of the command that its section names, on the machine and with the versions that stand
below it. `make bench` runs {short}; `python bench/run.py --long` runs {long} as well, which take longer.
"""


def write(title: str, text: str, packages: Sequence[str] = ()) -> None:
    """Replace the section `title` in RESULTS.md, or add it at the end; `packages` are named beside the usual ones."""
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = before[before.find("\n## ") + 1 :] if "\n## " in before else ""
    section = f"## {title}\n\n{text.strip()}\n\n{_command(text)}{_machine(packages)}\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if pattern.search(sections):
        sections = pattern.sub(lambda _: section + "\n", sections)
    else:
        sections = f"{sections.rstrip()}\n\n{section}".lstrip()
    RESULTS.write_text(f"{_head()}\n{sections.rstrip()}\n", encoding="utf-8")


def _head() -> str:
    """The head of the file, which names the scripts."""
    from run import MEASUREMENTS

    short, long = (
        ", ".join(f"`{each.script}.py`" for each in MEASUREMENTS if each.is_long is kind) for kind in (False, True)
    )
    return HEADER.format(short=short, long=long)


def _command(text: str) -> str:
    """The command that measured, where the text does not name it; a folder of this machine is called FOLDER."""
    if "python bench/" in text:
        return ""
    words = ["FOLDER" if Path(word).is_dir() else word for word in sys.argv[1:]]
    return f"`python bench/{' '.join([Path(sys.argv[0]).name, *words])}`\n\n"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _machine(packages: Sequence[str]) -> str:
    """The machine and the versions that matter, in one sentence."""
    usual = ("numpy", "pandas", "scipy", "scikit-learn", "scikit-learn-intelex", "duckdb")
    versions = ", ".join(f"{name} {_version(name)}" for name in (*usual, *packages))
    return f"Machine: {_processor()}, {os.cpu_count()} cores, {_memory():.0f} GiB. Python {platform.python_version()}, {versions}."


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
