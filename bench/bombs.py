"""Small files that ask for much, each given to the command line: how it ends, after how many seconds, and with how much memory.

    python bench/bombs.py [--seconds 5] [--mib 300] [--results]

Every one has to be refused with one paragraph and exit status 2 or 3. The exit status is 1 where one was not, or took
longer or more than the limits.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import results
from process import Cost, ended

LINE = 1 << 30  # bytes of a line without an end
CHUNK = b"x" * (1 << 22)
HARMLESS = {"linked.xlsx", "outside.xlsx"}  # may be read, as their references are never followed


@dataclass(frozen=True)
class Ending:
    """How the command ended on one file."""

    name: str
    n_bytes: int
    status: int
    cost: Cost
    errors: str

    def faults(self, seconds: float, mib: float) -> Iterator[str]:
        """The promises that it breaks."""
        if self.status not in ({0, 2, 3} if self.name in HARMLESS else {2, 3}):
            yield f"ended with {self.status}"
        if self.status and (self.errors.count("\n") != 1 or not self.errors.startswith("segmenter: ")):
            yield f"no paragraph: {self.errors[-300:]!r}"
        if "root:" in self.errors:
            yield "a file of this machine was read"
        if self.cost.seconds > seconds:
            yield f"took {self.cost.seconds:.1f} s"
        if self.cost.peak_mib > mib:
            yield f"took {self.cost.peak_mib:.0f} MiB"

    @property
    def row(self) -> tuple[object, ...]:
        """The row of the table."""
        seconds, cpu, mib = f"{self.cost.seconds:.1f}", f"{self.cost.cpu:.1f}", f"{self.cost.peak_mib:.0f}"
        return self.name, f"{self.n_bytes / 1024:,.0f} KiB", self.status, seconds, cpu, mib


def main() -> int:
    """Give every bomb to the command line, and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--mib", type=float, default=300)
    parser.add_argument("--results", action="store_true", help="write the table to bench/RESULTS.md")
    parser.add_argument("--make", type=Path, help="only write the files into this folder")
    options = parser.parse_args()
    if options.make:
        _make(options.make)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        # by another process: a child's peak memory is at least that of its parent when it was started
        subprocess.run([sys.executable, __file__, "--make", folder], check=True)
        endings = [_ended(path) for path in sorted(Path(folder).iterdir())]
    heads = ("file", "size", "exit status", "seconds", "CPU seconds", "peak MiB")
    table = results.table(heads, [each.row for each in endings])
    print(table, *(f"{each.name}: {each.errors.strip()}" for each in endings), sep="\n")
    broken = [f"BROKEN {each.name} {fault}" for each in endings for fault in each.faults(options.seconds, options.mib)]
    print(*broken, sep="\n")
    if options.results:
        about = (
            "Files that ask for much, each given to `segmenter inspect` in a process of its own; the memory is the peak of "
            f"that process and of those that it starts. At most {options.seconds:g} s and {options.mib:g} MiB are promised."
        )
        results.write("Bombs", "\n\n".join([about, table, *broken, "`python bench/bombs.py --results`"]))
    return int(bool(broken))


def _make(folder: Path) -> None:
    """Write all files into `folder`."""
    from fuzz_corpus import bases
    from fuzz_damage import bombs

    known = {base.kind: base.content for base in bases(None)}
    for name, content in {**bombs(known["workbook"]), **_lying(known["parquet"])}.items():
        (folder / name).write_bytes(content)
    _endless(folder / "line-of-a-gib.csv")
    _endless_below_a_header(folder / "line-of-a-gib-below-a-header.csv")


def _endless(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(LINE // len(CHUNK)):
            file.write(CHUNK)


def _endless_below_a_header(path: Path) -> None:
    """A gibibyte of which the disk holds but a page: a header, a sale, and a line of zeros."""
    path.write_bytes(b"customer_id,order_date,amount\nc1,2024-01-13,5\n")
    os.truncate(path, LINE)


def _lying(parquet: bytes) -> dict[str, bytes]:
    """Parquet files that announce too many rows, too long a footer, too many row groups, or pages of 2 GiB.

    The number of rows is found by its bytes in the footer, which has it once per column and no other number so often.
    """
    length = int.from_bytes(parquet[-8:-4], "little")
    body, footer = parquet[: -8 - length], parquet[-8 - length : -8]
    announced = footer.replace(b"\x16" + _varint(200), b"\x16" + _varint(1 << 40))
    page = body.find(b"\x15", 6)
    end = next(at for at in range(page + 1, len(body)) if body[at] < 128) + 1
    swollen = body[: page + 1] + _varint((1 << 31) - 1) + body[end:]
    return {
        "rows.parquet": body + announced + len(announced).to_bytes(4, "little") + b"PAR1",
        "footer.parquet": body + footer + b"\xff\xff\xff\x7fPAR1",
        "pages.parquet": swollen + footer + parquet[-8:],
        "groups.parquet": body + footer.replace(b"\x19\x1c", b"\x19\xfc" + b"\xff\xff\xff\xff\x0f", 1) + parquet[-8:],
    }


def _varint(value: int) -> bytes:
    """`value` as Thrift's compact protocol writes a signed number."""
    value, found = value << 1, bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _ended(path: Path) -> Ending:
    status, errors, cost = ended([sys.executable, "-P", "-m", "segmenter", "inspect", str(path)])
    return Ending(path.name, path.stat().st_size, status, cost, errors)


if __name__ == "__main__":
    sys.exit(main())
