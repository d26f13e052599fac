"""The measurements of quality and cost, written to bench/RESULTS.md.

    python bench/run.py [FOLDER-OF-THE-EXPORTS]

Without a folder, SEGMENTER_EXPORTS names it; where the public exports are absent, only what needs none is
measured. What takes hours or a machine of its own (service, replay, kills, fuzz, scale) is run each by its script.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import labelled
import planted
import process
import retail
import sweep


def main() -> None:
    """Measure everything that can be measured here."""
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SEGMENTER_EXPORTS")
    planted.main()
    sweep.main()
    if named is None or not Path(named).is_dir():
        print("The public exports are not here; name their folder to measure on them too.", file=sys.stderr)
        return
    labelled.main(Path(named))
    retail.main(Path(named))
    process.main(Path(named))


if __name__ == "__main__":
    main()
