"""Hostile texts through every output: the figures of tests/hostile/test_text.py.

python bench/hostile.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import results

TESTS = Path(__file__).resolve().parents[1] / "tests" / "hostile" / "test_text.py"


def main() -> int:
    """Run the tests, and write what they tried and how they ended down."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", str(TESTS)]
        status = subprocess.run(words, check=False).returncode
        (suite,) = ElementTree.parse(report).getroot().iter("testsuite")
    figures = {each.get("name"): f"{int(each.get('value', 0)):,}" for each in suite.iter("property")}
    figures |= {f"tests {how}": suite.get(how) for how in ("tests", "failures", "errors", "skipped")}
    about = (
        "A shop whose customers, products, columns, files and titles are called like attacks, two runs with every format, "
        "and every command that shows them. The tests hold each output against code that runs, addresses that are asked "
        "for, formulas, headers, escapes and names outside the archive."
    )
    rows = [(name.replace("tests tests", "tests"), figure) for name, figure in figures.items()]
    table = results.table(("what", "figure"), rows)
    print(table)
    results.write("Hostile texts", f"{about}\n\n{table}\n\n`python bench/hostile.py`")
    return status


if __name__ == "__main__":
    sys.exit(main())
