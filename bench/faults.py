"""A service through faults of its surroundings: disks that fill, sources that vanish, a ledger whose bits flip.

    python bench/faults.py [disk] [sources] [ledger] [--sizes 60] [--rounds 20]

Without a word all three are measured. The disks are small file systems in memory: mounting them needs root.
"""

from __future__ import annotations

import argparse
import logging
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import results

from segmenter.commands.schedule import command_of
from segmenter.runs import archive
from segmenter.runs.state import FILE, open_state, read_state
from segmenter.sample import generate
from segmenter.schedule import Service, Settings

DUE = datetime(2026, 3, 2, 8, tzinfo=UTC)


def main() -> None:
    """Measure what is asked for and write the figures down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=["disk", "sources", "ledger", []], default=[])
    parser.add_argument("--sizes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    logging.getLogger("segmenter").addHandler(logging.NullHandler())  # keeps the log off standard error
    measures = {
        "disk": ("Disks that fill", lambda root: disks(root, options.sizes), f" --sizes {options.sizes}"),
        "sources": ("Sources and disks that fail while the service runs", lambda root: sources(root, options.rounds),
                    f" --rounds {options.rounds}"),
        "ledger": ("A ledger that is damaged", damage, ""),
    }  # fmt: skip
    for name in options.what or measures:
        title, measure, words = measures[name]
        with tempfile.TemporaryDirectory() as folder:
            about, header, rows = measure(Path(folder))
        table = results.table(header, rows)
        results.write(title, f"{about}\n\n{table}\n\n`python bench/faults.py {name}{words}`")
        print(title, table, sep="\n")


CONFIG = """
[engine]
archive = "{archive}"
[service]
min_free_mib = 0
[views]
tsne_sample = 60
hierarchy_sample = 60
themes = 0
[kmeans]
bootstraps = 0
[[schedule]]
name = "weekly"
cron = "0 8 * * 1"
retries = 0
formats = ["html"]
sources = ["{root}/sales.csv"]
recipients = ["folder:{root}/out"]
owner = ["folder:{root}/owner"]
"""


class Shop:
    """A service on a shop's archive, its clock set by hand; the reports are made by the program itself."""

    def __init__(self, root: Path, archive_folder: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root, self.archive, self.moment = root, archive_folder, DUE - timedelta(hours=1)
        (root / "config.toml").write_text(CONFIG.format(root=root, archive=archive_folder))
        generate(root / "sales.csv", 120, seed=2)
        self.service = Service(Settings(root / "config.toml"), command_of, lambda: self.moment)
        self.settle(1)

    def settle(self, ticks: int = 4) -> None:
        for _ in range(ticks):
            self.service._tick_safely()  # noqa: SLF001 - what `serve` calls
            while not self.service.is_idle:
                time.sleep(0.02)
            self.moment += timedelta(minutes=1)

    def slot(self) -> tuple[str, str]:
        """State and cause of the latest due time, also where the ledger could not be written."""
        with read_state(self.archive) as state:
            row = state.execute("SELECT state, cause FROM slot ORDER BY due DESC LIMIT 1").fetchone()
        return (row["state"], row["cause"]) if row else ("not on the ledger", "")

    def next_week(self) -> str:
        self.moment = DUE + timedelta(days=7)
        self.settle()
        return self.slot()[0]

    def owner_heard(self) -> int:
        return len(list((self.root / "owner").glob("*/message.html")))

    def faults(self) -> int:
        """Runs in the archive that are incomplete or cannot be read."""
        found = 0
        for path in self.archive.iterdir():
            if path.is_dir() and path.name[0] != ".":
                try:
                    archive.read(path)
                except Exception:  # noqa: BLE001 - whatever it is, it counts
                    found += 1
        return found


def _mount(folder: Path, kib: int) -> None:
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)], check=True)


def disks(root: Path, sizes: int) -> tuple[str, tuple[str, ...], list[tuple[object, ...]]]:
    """A due time on disks of growing size, then with room."""
    counts: Counter[str] = Counter()
    for number in range(sizes):
        kib = 160 + number * 3840 // max(1, sizes - 1)
        there, disk = root / str(number), root / str(number) / "runs"
        _mount(disk, kib)
        try:
            counts.update(_on_small_disk(Shop(there, disk), disk))
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
    about = (
        f"{sizes} disks of 160 to 4,000 KiB hold the archive, so that a run of 120 customers finds no room at each of its stages; "
        "min_free_mib = 0 lets it begin all the same. Then the disk is made larger, and the next due time comes."
    )
    order = ["done at once", "failed, the cause names the space", "failed, another cause", "the ledger had no room, made up for when it had",
             "of all, half or damaged runs in sight", "of the failed, told to the owner", "of all, the next due time done without hands"]  # fmt: skip
    return about, ("what", "of " + str(sizes)), [(name, counts[name]) for name in order]


def _on_small_disk(shop: Shop, disk: Path) -> list[str]:
    shop.moment = DUE
    shop.settle()
    state, cause = shop.slot()
    found = []
    if state == "done":
        found.append("done at once")
    elif state == "failed":
        is_named = "space" in cause.lower() or "MiB left" in cause
        found.append("failed, the cause names the space" if is_named else "failed, another cause")
        if not is_named:
            print(cause, file=sys.stderr)
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    shop.settle()
    if state not in {"done", "failed"} and shop.slot()[0] in {"done", "failed"}:
        found.append("the ledger had no room, made up for when it had")
    found += ["of the failed, told to the owner"] if shop.slot()[0] == "failed" and shop.owner_heard() else []
    found += ["of all, half or damaged runs in sight"] * shop.faults()
    found += ["of all, the next due time done without hands"] if shop.next_week() == "done" else []
    return found


def sources(root: Path, rounds: int) -> tuple[str, tuple[str, ...], list[tuple[object, ...]]]:
    """A source that is gone, one that is being written, and a disk that turned read-only."""
    kinds = {
        "the source is deleted": (_deleted, "sales.csv"),
        "the source is being written": (_written, "still being written"),
    }
    rows = [_failing(root / name.replace(" ", "-"), name, *kind, rounds) for name, kind in kinds.items()]
    rows.append(_read_only(root / "read-only", rounds))
    about = (
        f"{rounds} times each; then the fault is mended and the next due time comes. Rightly told: the cause in the ledger and in the "
        "owner's notice names it."
    )
    header = (
        "fault",
        "times",
        "rightly told",
        "half or damaged runs",
        "next due time done, or made up for, without hands",
    )
    return about, header, rows


def _failing(
    folder: Path, name: str, spoil: Callable[[Path, threading.Event], None], words: str, rounds: int
) -> tuple[object, ...]:
    told = faults = mended = 0
    for number in range(rounds):
        shop, ended = Shop(folder / str(number), folder / str(number) / "runs"), threading.Event()
        source = shop.root / "sales.csv"
        whole = source.read_bytes()
        spoiler = threading.Thread(target=spoil, args=(source, ended))
        spoiler.start()
        time.sleep(0.1)
        shop.moment = DUE
        shop.settle()
        ended.set()
        spoiler.join()
        bodies = "".join(path.read_text() for path in (shop.root / "owner").glob("*/message.html"))
        told += words in shop.slot()[1] and words in bodies
        faults += shop.faults()
        source.write_bytes(whole)
        mended += shop.next_week() == "done"
    return name, rounds, told, faults, mended


def _deleted(source: Path, _: threading.Event) -> None:
    source.unlink()


def _written(source: Path, ended: threading.Event) -> None:
    """Add lines every few milliseconds until `ended`."""
    line = source.read_bytes().splitlines(keepends=True)[-1]
    while not ended.is_set():
        with source.open("ab") as file:
            file.write(line * 20)
        time.sleep(0.002)


def _read_only(folder: Path, rounds: int) -> tuple[object, ...]:
    told = faults = mended = 0
    for number in range(rounds):
        there, disk = folder / str(number), folder / str(number) / "runs"
        _mount(disk, 64_000)
        try:
            shop = Shop(there, disk)
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            shop.moment = DUE
            handler = CauseHandler()
            logging.getLogger("segmenter.service").addHandler(handler)
            shop.settle()
            logging.getLogger("segmenter.service").removeHandler(handler)
            told += any("readonly" in each or "Read-only" in each for each in handler.causes)
            faults += shop.faults()
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            shop.settle()
            mended += shop.slot()[0] == "done"
        finally:
            with suppress(subprocess.CalledProcessError):
                subprocess.run(["umount", "-l", str(disk)], check=True)
    return "the archive turned read-only (told in the log)", rounds, told, faults, mended


class CauseHandler(logging.Handler):
    """Keeps the causes that the service logs."""

    def __init__(self) -> None:
        super().__init__()
        self.causes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.causes.append(str(getattr(record, "cause", "")))


KILLED = """
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from segmenter.runs.state import keep_copy, open_state
from segmenter.schedule import ledger
root, due = Path(sys.argv[1]), datetime(2026, 1, 1, tzinfo=UTC)
with open_state(root) as state:
    for n in range(60):
        ledger.claim(state, "weekly", due + timedelta(hours=n), "o", due)
keep_copy(root)
with open_state(root) as state:
    for n in range(60, 100):
        ledger.claim(state, "weekly", due + timedelta(hours=n), "o", due)
    os.kill(os.getpid(), 9)
"""


def damage(root: Path) -> tuple[str, tuple[str, ...], list[tuple[object, ...]]]:
    """Bits flipped and ends cut off in a ledger of a hundred entries, of which the copy holds sixty or all."""
    generator, rows = random.Random(1), []
    subprocess.run([sys.executable, "-c", KILLED, str(root / "killed")], check=False)
    in_log = _files(root / "killed", without="-shm")
    with open_state(root / "killed"):
        pass  # the entries go from the log into the file
    in_file = _files(root / "killed", without="-shm")
    rows.append(
        _damaged(root, "a bit flipped in the file", [_with(in_file, FILE, _flipped, generator) for _ in range(150)])
    )
    rows.append(_damaged(root, "the file cut off", [_with(in_file, FILE, _cut, generator) for _ in range(40)]))
    log = f"{FILE}-wal"
    rows.append(
        _damaged(root, "a bit flipped in its log", [_with(in_log, log, _flipped, generator) for _ in range(80)])
    )
    about = (
        "A ledger with a hundred due times; the copy was kept after the sixtieth, and the other forty lie in the file, or in the "
        "write-ahead log of a process that was killed. Each damaged one is opened as any command opens it. Harmless: the "
        "bit said nothing, and all hundred are there. Mended: it was set aside, a note for the owner is on record, and the "
        "entries are the first ones in order, without a wrong one."
    )
    header = ("damage", "times", "harmless", "mended", "fewest entries left", "wrong, or fewer in silence", "errors")
    return about, header, rows


def _files(folder: Path, without: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(without)}


Spoil = Callable[[bytes, random.Random], bytes]


def _with(files: dict[str, bytes], name: str, spoil: Spoil, generator: random.Random) -> dict[str, bytes]:
    return {**files, name: spoil(files[name], generator)}


def _flipped(raw: bytes, generator: random.Random) -> bytes:
    found = bytearray(raw)
    found[generator.randrange(len(found))] ^= 1 << generator.randrange(8)
    return bytes(found)


def _cut(raw: bytes, generator: random.Random) -> bytes:
    return raw[: generator.randrange(len(raw))]


def _damaged(root: Path, name: str, variants: list[dict[str, bytes]]) -> tuple[object, ...]:
    counts: Counter[str] = Counter()
    fewest = 100
    for number, files in enumerate(variants):
        folder = root / name.replace(" ", "-") / str(number)
        folder.mkdir(parents=True)
        for each, raw in files.items():
            (folder / each).write_bytes(raw)
        try:
            with open_state(folder) as state:
                found = [row["due"] for row in state.execute("SELECT due FROM slot ORDER BY due")]
                n_repairs = state.execute("SELECT count(*) FROM repair").fetchone()[0]
        except Exception as error:  # noqa: BLE001 - whatever it is, it counts
            print(type(error).__name__, error, file=sys.stderr)
            counts["error"] += 1
            continue
        first = datetime(2026, 1, 1, tzinfo=UTC)
        right = found == [(first + timedelta(hours=n)).isoformat() for n in range(len(found))]
        fewest = min(fewest, len(found))
        counts[
            "wrong" if not right or (len(found) < 100 and not n_repairs) else "mended" if n_repairs else "harmless"
        ] += 1
    return name, len(variants), counts["harmless"], counts["mended"], fewest, counts["wrong"], counts["error"]


if __name__ == "__main__":
    main()
