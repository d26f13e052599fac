"""Ways in which exports are damaged, each a function of bytes and a random source."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from random import Random

from fuzz_corpus import Base

Damage = Callable[[bytes, Random], bytes]
MARKS = (b",", b";", b"\t", b"|")
HUGE = (10_000, 70_000, 400_000, 3_000_000)
ODD = (
    b"\x1b[31m",
    b"=1+1",
    b"\xe2\x80\xae",
    b"NaN",
    b"1e400",
    b"-0",
    b"\x85",
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"'; --",
    b"../",
)


def truncated(data: bytes, rng: Random) -> bytes:
    """The beginning of it."""
    return data[: rng.randrange(len(data) + 1)]


def beheaded(data: bytes, rng: Random) -> bytes:
    """The end of it."""
    return data[rng.randrange(min(len(data), 3000) + 1) :]


def flipped(data: bytes, rng: Random) -> bytes:
    """One to fifty bits turned."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 50)) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def zeroed(data: bytes, rng: Random) -> bytes:
    """NUL bytes put in, early or late."""
    return _inserted(data, rng, lambda: b"\0" * rng.choice((1, 1, 4, 600)), 4)


def mixed_encodings(data: bytes, rng: Random) -> bytes:
    """Pieces written in another encoding than the rest."""
    letters = "Zoë Größe naïve Ελλάδα"
    return _inserted(
        data, rng, lambda: letters.encode(rng.choice(("utf-8", "cp1253", "utf-16", "cp437")), "replace"), 5
    )


def half_wide(data: bytes, rng: Random) -> bytes:
    """A tail in UTF-16, as when two programs append to one file."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at:].decode("latin-1").encode("utf-16-le")


def swapped_delimiters(data: bytes, rng: Random) -> bytes:
    """Another delimiter from some line on, or in some lines only."""
    lines, (old, new) = data.split(b"\n"), (rng.choice(MARKS), rng.choice(MARKS))
    start, share = rng.randrange(len(lines)), rng.choice((0.05, 0.5, 1.0))
    return b"\n".join(
        line.replace(old, new) if n >= start and rng.random() < share else line for n, line in enumerate(lines)
    )


def unbalanced_quotes(data: bytes, rng: Random) -> bytes:
    """Quotes opened or closed where none belong."""
    return _inserted(data, rng, lambda: b'"', 5)


def quoted_starts(data: bytes, rng: Random) -> bytes:
    """A quote opened right behind a delimiter or a line end, where it counts."""
    places = [at + 1 for at, byte in enumerate(data[:200_000]) if byte in b",;\t|\n"] or [0]
    for at in sorted(rng.choices(places, k=rng.choice((1, 2, 3))), reverse=True):
        data = data[:at] + b'"' + data[at:]
    return data


def merged_lines(data: bytes, rng: Random) -> bytes:
    """Line ends lost."""
    lines = data.split(b"\n")
    return b"".join(line + (b"" if rng.random() < 0.05 else b"\n") for line in lines)


def blank_lines(data: bytes, rng: Random) -> bytes:
    """Empty lines, lines of delimiters, and lines of spaces."""
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 5, 40))):
        lines.insert(rng.randrange(len(lines) + 1), rng.choice((b"", b"\r", b"   ", b",,,,,,,", b";;", b"\x0c", b"\t")))
    return b"\n".join(lines)


def huge_field(data: bytes, rng: Random) -> bytes:
    """A field of up to three million letters."""
    return _inserted(data, rng, lambda: rng.choice((b"x", b'"', b"9", b",")) * rng.choice(HUGE), 1)


def doubled_header(data: bytes, rng: Random) -> bytes:
    """The header again further down, or the same names twice in it."""
    lines = data.split(b"\n")
    if rng.random() < 0.5:
        lines.insert(rng.randrange(len(lines)), lines[0])
    else:
        mark = max(MARKS, key=lines[0].count)
        names = lines[0].rstrip(b"\r").split(mark)
        names[rng.randrange(len(names))] = rng.choice(names)
        lines[0] = mark.join(names)
    return b"\n".join(lines)


def titled(data: bytes, rng: Random) -> bytes:
    """Lines above the header."""
    titles = (b"Report", b"made by the till,2024", b'"open', b"", b"a,b,c,d,e,f,g,h", b"1,2,3")
    return b"".join(rng.choice(titles) + b"\n" for _ in range(rng.choice((1, 2, 30)))) + data


def shuffled(data: bytes, rng: Random) -> bytes:
    """Lines dropped, repeated and out of order."""
    lines = data.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines[: rng.randrange(len(lines)) + 1] + lines[: rng.randrange(3)])


def returned(data: bytes, rng: Random) -> bytes:
    """Carriage returns where none belong."""
    return _inserted(data, rng, lambda: rng.choice((b"\r", b"\r\r\n", b"\n\r", b"\x0b", b"\xe2\x80\xa8")), 6)


def odd_letters(data: bytes, rng: Random) -> bytes:
    """Escapes, formulas, marks of direction, and numbers that are none."""
    return _inserted(data, rng, lambda: rng.choice(ODD), 8)


def other_beginning(data: bytes, rng: Random) -> bytes:
    """The first bytes of another format."""
    magic = (
        b"PAR1",
        b"PK\x03\x04",
        b"\x1f\x8b\x08\0",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"{",
        b"[{",
        b"12345678DUCK",
    )
    return rng.choice(magic) + data[rng.choice((0, 0, 4)) :]


def appended(data: bytes, rng: Random) -> bytes:
    """Bytes of anything behind it."""
    return data + rng.randbytes(rng.choice((1, 40, 5000)))


TEXT: tuple[Damage, ...] = (
    truncated, beheaded, flipped, zeroed, mixed_encodings, half_wide, swapped_delimiters, unbalanced_quotes, quoted_starts,
    merged_lines, blank_lines, huge_field, doubled_header, titled, shuffled, returned, odd_letters, other_beginning, appended,
)  # fmt: skip
BYTES: tuple[Damage, ...] = (truncated, beheaded, flipped, zeroed, other_beginning, appended)


def _inserted(data: bytes, rng: Random, what: Callable[[], bytes], most: int) -> bytes:
    for _ in range(rng.randrange(most) + 1):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + what() + data[at:]
    return data


def damaged(base: Base, rng: Random) -> tuple[bytes, str]:
    """`base` after one to three damages, and their names; packed formats are damaged inside or outside."""
    if base.kind == "workbook" and rng.random() < 0.75:
        return (wrong_sheet if rng.random() < 0.2 else _inside_workbook)(base.content, rng)
    if base.kind == "gzip" and rng.random() < 0.6:
        content, names = _several(gzip.decompress(base.content), TEXT, rng)
        return gzip.compress(content, 1, mtime=0), names
    return _several(base.content, TEXT if base.kind in {"text", "json"} else BYTES, rng)


def _several(data: bytes, choice: tuple[Damage, ...], rng: Random) -> tuple[bytes, str]:
    names = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        damage = rng.choice(choice)
        data = damage(data, rng)
        names.append(damage.__name__)
    return data, "+".join(names)


def _inside_workbook(content: bytes, rng: Random) -> tuple[bytes, str]:
    """One member of the workbook damaged, and packed again."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        members = {name: book.read(name) for name in book.namelist()}
    name = rng.choice(sorted(members))
    members[name], how = _several(
        members[name], (*BYTES, huge_field, odd_letters, unbalanced_quotes, merged_lines), rng
    )
    return zipped(members), f"inside:{how}"


def wrong_sheet(content: bytes, rng: Random) -> tuple[bytes, str]:
    """Sheets exchanged, lost, doubled, or called something else."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        members = {name: book.read(name) for name in book.namelist()}
    sheets = sorted(name for name in members if name.startswith("xl/worksheets/sheet"))
    one, other = rng.choice(sheets), rng.choice(sheets)
    how = rng.choice(("exchanged", "doubled", "lost", "empty", "renamed"))
    if how == "exchanged":
        members[one], members[other] = members[other], members[one]
    elif how == "doubled":
        members[one] = members[other]
    elif how == "lost":
        del members[one]
    elif how == "empty":
        members[one] = b"<worksheet/>"
    else:
        names = members["xl/workbook.xml"]
        members["xl/workbook.xml"] = names.replace(
            b'name="S', rng.choice((b'name="', b'name="../S', b'name="=S', b'name="\xff'))
        )
    return zipped(members), f"sheet {how}"


def zipped(members: dict[str, bytes]) -> bytes:
    """`members` as an archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, data in members.items():
            book.writestr(name, data)
    return target.getvalue()


def bombs(book: bytes) -> dict[str, bytes]:
    """Small files that unfold to much, or ask a reader for more than they hold; `book` is a whole workbook."""
    with zipfile.ZipFile(io.BytesIO(book)) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    sheet = "xl/worksheets/sheet2.xml"
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    ) + b"]>"  # fmt: skip
    outside = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    link = b'<externalLink><externalBook r:id="rId1"/></externalLink>'
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    zeros = b"\0" * (600 << 20)
    swollen = zipped({**members, "xl/sharedStrings.xml": b" " * (600 << 20)})
    return {
        "bomb.csv.gz": gzip.compress(zeros, 6, mtime=0),
        "lines.csv.gz": gzip.compress(b"0,0,0,0\n" * (80 << 20), 6, mtime=0),
        "endless.csv": b"x" * (30 << 20),
        "columns.csv": b",".join(b"c%d" % n for n in range(16_384)) + b"\n" + b"," * 16_383 + b"\n",
        "bomb.xlsx": swollen,
        "forged.xlsx": _forged(swollen),
        "laughs.xlsx": zipped({**members, sheet: entity + members[sheet].replace(b"<v>", b"<v>&j;", 3)}),
        "outside.xlsx": zipped({**members, sheet: outside + members[sheet].replace(b"<v>", b"<v>&e;", 3)}),
        "linked.xlsx": zipped({**members, "xl/externalLinks/externalLink1.xml": link}),
        "far.xlsx": zipped({**members, sheet: members[sheet].replace(b"</sheetData>", far)}),
        "raw.csv.gz": zlib.compress(zeros, 6),
    }


def _forged(archive: bytes) -> bytes:
    """The archive with every announced size a thousand bytes."""
    changed = bytearray(archive)
    for magic, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = changed.find(magic)
        while at >= 0:
            changed[at + offset : at + offset + 4] = (1000).to_bytes(4, "little")
            at = changed.find(magic, at + 4)
    return bytes(changed)
