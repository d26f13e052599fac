"""All measurements, each by its own script, into bench/RESULTS.md.

    python bench/run.py [--exports FOLDER] [--size 1M,10M,50M] [--long] [--only scale,dbscan]

Without a folder, SEGMENTER_EXPORTS names it; where the public exports are absent, what needs them is left out, and said so.
`--size` is for the growth with rows. What takes longer than minutes is left to `--long`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Measurement:
    """A script of this folder and its arguments; {exports} and {size} stand for what is given here."""

    script: str
    arguments: tuple[str, ...] = ()
    is_long: bool = False


MEASUREMENTS = (
    Measurement("planted"),
    Measurement("labelled", ("{exports}",)),
    Measurement("sweep"),
    Measurement("retail", ("{exports}",)),
    Measurement("process", ("{exports}",)),
    Measurement("dbscan"),
    Measurement("scale", ("--size", "{size}")),
    Measurement("ways"),
    Measurement("spark"),
    Measurement("report"),
    Measurement("change"),
    Measurement("delivery"),
    Measurement("replay", ("{exports}",), is_long=True),
    Measurement("service", is_long=True),
    Measurement("kills", is_long=True),
    Measurement("faults", is_long=True),
    Measurement("soak", is_long=True),
    Measurement("fuzz", ("--results",), is_long=True),
    Measurement("hostile", is_long=True),
    Measurement("bombs", ("--results",), is_long=True),
)


def main() -> None:
    """Measure everything that can be measured here; one that fails stops none of the others."""
    options = _options()
    given = {"exports": options.exports, "size": options.size}
    wanted = set(options.only.split(",")) if options.only else {each.script for each in MEASUREMENTS}
    failed = []
    for each in MEASUREMENTS:
        if each.script not in wanted or (each.is_long and not (options.long or options.only)):
            continue
        if "{exports}" in each.arguments and not options.exports:
            print(f"{each.script}: needs the public exports; name their folder.", file=sys.stderr)
            continue
        print(f"{each.script} ...", file=sys.stderr)
        command = [sys.executable, str(HERE / f"{each.script}.py"), *(word.format(**given) for word in each.arguments)]
        if subprocess.run(command, check=False).returncode:
            failed.append(each.script)
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exports", default=os.environ.get("SEGMENTER_EXPORTS"), help="folder of the public exports")
    parser.add_argument("--size", default="1M", help="rows for the growth with rows, such as 1M,10M,50M")
    parser.add_argument("--long", action="store_true", help="also what takes longer than minutes")
    parser.add_argument("--only", default="", help="scripts to run, such as scale,dbscan")
    options = parser.parse_args()
    if options.exports and not Path(options.exports).is_dir():
        parser.error(f"{options.exports} is no folder")
    return options


if __name__ == "__main__":
    main()
