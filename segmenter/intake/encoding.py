"""Converts bytes of unknown encoding to UTF-8 text with line feeds, the only form that is passed to DuckDB."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from segmenter.errors import SourceError
from segmenter.intake.sources import SourceFile, literal_path, wide_encoding
from segmenter.intake.tally import HEAD, LONGEST_LINE, Tally, line_of_zero, tally_of

CHUNK = 1 << 22
MOST_EXPANSION = 200  # a text export compresses ten- to fiftyfold; a bomb a thousandfold
FREE_EXPANSION = 1 << 28  # bytes to which any archive may expand
EVIDENCE = 1 << 18  # bytes from which an encoding is detected
WESTERN = "éèêëàâäáãåöôóòõøüûúùçñíìîïœæß"
CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžäöüőűăâîşţđß"
# Letters of languages by encodings of Latin script; the first wins a tie.
LATIN = (
    ("cp1252", WESTERN),
    ("latin-1", WESTERN),
    ("cp1254", "çğıİöşüâîû"),
    ("cp1252", "áðéíóúýþæö"),  # Icelandic, whose letters have the same codes as Turkish ones
    ("cp1250", CENTRAL),
    ("iso8859_2", CENTRAL),
    ("mac_roman", WESTERN),
)
HUNGARIAN = set("áéíóöőúüűÁÉÍÓÖŐÚÜŰ")  # in cp1252 ő and ű are õ and û, which are plausible too
# Encodings of other scripts: Cyrillic, Greek, Hebrew, Arabic, Japanese, Korean, Chinese.
OTHERS = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp932", "cp949", "gb18030", "big5")
HEBREW = bytes((*range(128), *range(0xE0, 0xFB)))  # with ASCII; Cyrillic also uses other bytes
MIN_IN_RUNS = 0.5  # share of the high bytes that are adjacent to others in non-Latin scripts
PLAUSIBLE = 0.65  # plausibility as Latin script below which other scripts are tried
COMMON_MARKS = set("‘’‚“”„–—…€£™®©•«»°ªº¡¿²³")  # other encodings have letters in their place
ASCII = 127  # its last code
HIGH = re.compile(r"[^\x00-\x7f]")
MIXED = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")  # letters of two scripts in one word
SEPARATORS = re.compile(rb'[\r\n\t,;"]')


@dataclass(frozen=True)
class Text:
    """An export as UTF-8 with line feeds at `path`, its original encoding, and the tally of the bytes at `path`."""

    source: SourceFile
    path: Path
    encoding: str
    tally: Tally


def as_utf8(source: SourceFile, folder: Path, encoding: str | None) -> Text:
    """`source` as UTF-8, copied into `folder` only where its bytes have to change.

    Raises
    ------
    SourceError
        The text is not valid in `encoding`, holds a zero byte or too long a line, or expands beyond reason.
    """
    _check_lines(source)
    found = encoding or _detect(source)
    is_utf8 = codecs.lookup(found).name in {"utf-8", "ascii"} and not source.tally.head.startswith(codecs.BOM_UTF8)
    if is_utf8 and source.tally.has_even_ends and not source.is_gzip:  # as DuckDB's reader needs it
        return _text(source, literal_path(source, folder), "utf-8", source.tally)
    target = folder / f"{source.copy_name}.csv"
    try:
        _transcode(source, target, found)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source.path} is not {found} text: byte {error.start} of a block cannot be decoded. "
            "Set source.encoding to the encoding that it was written in."
        ) from None
    return _text(source, target, found, tally_of(target))


def _text(source: SourceFile, path: Path, encoding: str, tally: Tally) -> Text:
    if tally.is_endless:
        raise SourceError(f"{source.path} has a line of more than {LONGEST_LINE:,} bytes: it is not a table of lines.")
    refuse_zeros(source, path, tally)
    return Text(source, path, encoding, tally)


def refuse_zeros(source: SourceFile, path: Path, tally: Tally) -> None:
    """Refuse `source` if its text at `path`, which has the `tally`, holds a zero byte.

    Raises
    ------
    SourceError
        There is one.
    """
    if tally.has_nul:
        raise SourceError(
            f"{source.path} holds a zero byte on line {line_of_zero(path):,}: it was damaged, or fields were padded with zeros. "
            "Export it again without them."
        )


def _chunks(source: SourceFile) -> Iterator[bytes]:
    """The decompressed bytes; an archive that expands beyond reason is refused."""
    total = 0
    try:
        with gzip.open(source.path) if source.is_gzip else source.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                total += len(chunk)
                if source.is_gzip and total > FREE_EXPANSION and total > MOST_EXPANSION * source.tally.n_bytes:
                    raise SourceError(f"{source.path} unfolds to more than {MOST_EXPANSION} times its size; refused.")
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{source.path} cannot be unpacked: {error}. Compress it again.") from None


def _detect(source: SourceFile) -> str:
    head = next(_chunks(source), b"")
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if wide := wide_encoding(head[:HEAD]):
        return wide
    is_utf8 = _decodes(source) if source.is_gzip else source.tally.is_utf8
    return "utf-8" if is_utf8 else _guessed(source)


def _decodes(source: SourceFile) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(source):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(source: SourceFile) -> str:
    """The most plausible encoding of text that is not valid UTF-8.

    UTF-8 where at least half of the words with high bytes are valid: the other rows are then rejected, and no name is
    garbled. Else the encoding of Latin script under which the high bytes are most plausible, or one of another script where
    none is plausible enough.
    """
    high = _high(source)
    words = high.split()
    if sum(_is_utf8(word) for word in words) >= len(words) / 2:
        return "utf-8"
    shares = [_plausibility(high, encoding, {*letters, *letters.upper()}) for encoding, letters in LATIN]
    best = LATIN[shares.index(max(shares))][0]
    if max(shares) < PLAUSIBLE or _in_runs(high, 3) >= MIN_IN_RUNS:
        return _other_script(source) or best
    return "cp1250" if best == "cp1252" and _is_hungarian(high) else best


def _high(source: SourceFile) -> bytes:
    """Words of the export with bytes above 127, up to a limit."""
    found = b""
    for chunk in _chunks(source):
        found += _high_words(chunk)
        if len(found) >= CHUNK:
            break
    return found[:CHUNK]


def _in_runs(text: bytes, length: int) -> float:
    """Share of the bytes above 127 that form runs of at least `length`; runs of three are rare in Latin script."""
    n_high = sum(byte > ASCII for byte in text)
    return sum(map(len, re.findall(rb"[\x80-\xff]{%d,}" % length, text))) / max(1, n_high)


def _is_hungarian(high: bytes) -> bool:
    letters = {letter for letter in high[:EVIDENCE].decode("cp1250", errors="replace") if ord(letter) > ASCII}
    return letters <= HUNGARIAN and not letters.isdisjoint("őűŐŰ") and not letters.isdisjoint("öüÖÜ")


def _other_script(source: SourceFile) -> str | None:
    """The encoding of cells in another script; None where they seem to be in none.

    Whole cells are looked at, because a multi-byte letter may end in a byte below 128. Letters of another script are
    adjacent to each other, unlike signs such as ×.
    """
    from charset_normalizer import from_bytes

    cells: set[bytes] = set()
    for chunk in _chunks(source):
        cells.update(cell for cell in SEPARATORS.split(chunk) if not cell.isascii())
        if sum(map(len, cells)) >= EVIDENCE:
            break
    text = b"; ".join(sorted(cells))[:EVIDENCE]
    if _in_runs(text, 2) < MIN_IN_RUNS:
        return None
    if not text.translate(None, HEBREW):
        return "cp1255"
    found = from_bytes(text, cp_isolation=[*OTHERS]).best()
    if found is None:
        return None
    foreign, mixed = len(HIGH.findall(str(found))), len(MIXED.findall(str(found)))
    return found.encoding if mixed < (1 - PLAUSIBLE) * foreign else None


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _high_words(chunk: bytes) -> bytes:
    """The distinct words of `chunk` with bytes above 127."""
    table = bytes(byte if byte > 127 or chr(byte).isalpha() else 32 for byte in range(256))
    return b" ".join(word for word in set(chunk.translate(table).split()) if not word.isascii()) + b" "


def _plausibility(high: bytes, encoding: str, letters: Container[str]) -> float:
    """The share of high bytes that an encoding turns into plausible letters and marks, minus that of implausible ones.

    A sign that is not adjacent to a letter, such as × or a no-break space between digits, is not counted.
    """
    text = high[:EVIDENCE].decode(encoding, errors="replace")
    places = (
        (text[at - 1 : at], text[at], text[at + 1 : at + 2]) for at in (found.start() for found in HIGH.finditer(text))
    )
    fits = [(_fit(*place, letters), place[0].isalpha() or place[2].isalpha()) for place in places]
    telling = [fit for fit, is_in_word in fits if fit or is_in_word]
    return sum(telling) / len(telling) if telling else PLAUSIBLE


def _fit(before: str, letter: str, after: str, letters: Container[str]) -> int:
    """1 for a letter or mark that is plausible between its neighbours, -1 if it is not, 0 if nothing can be said.

    Implausible are an upper-case letter after a lower-case one (CafÈ), a lower-case one before an upper-case one (OíNeill),
    a letter between two others with accents (Ïðèâåò), and any mark but an apostrophe between two letters (JAB”N).
    """
    if letter == "\ufffd" or "\x7f" < letter < "\xa0":
        return -1
    if letter in letters:
        if not before.isalpha() and not after.isalpha():
            return int(letter in "àÀéèó")
        is_odd = before.islower() if letter.isupper() else after.isupper() and not before.islower()
        is_foreign = bool(before and after) and before in letters and after in letters
        return -1 if is_odd or is_foreign else 1
    if letter in COMMON_MARKS:
        return -1 if before.isalpha() and after.isalpha() and letter != "’" else 1
    return 0


def _check_lines(source: SourceFile) -> None:
    """Refuse text whose first line is too long to be a record, before the whole of it is read."""
    head = next(_chunks(source), b"")[: 2 * LONGEST_LINE]
    if len(head) > LONGEST_LINE and b"\n" not in head[:LONGEST_LINE] and b"\r" not in head[:LONGEST_LINE]:
        raise SourceError(
            f"{source.path} has a line of more than {LONGEST_LINE:,} characters: it is not a table of lines."
        )


def _transcode(source: SourceFile, target: Path, encoding: str) -> None:
    """Write the text as UTF-8; invalid bytes in UTF-8 text are kept, so that their rows are rejected."""
    faults = "surrogateescape" if encoding in {"utf-8", "utf-8-sig"} else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors=faults)
    pending = ""
    with target.open("w", encoding="utf-8", errors=faults, newline="\n") as out:
        for chunk in _chunks(source):
            text = pending + decoder.decode(chunk)
            pending = "\r" if text.endswith("\r") else ""
            out.write(_with_feeds(text[: len(text) - len(pending)]))
        out.write(_with_feeds(pending + decoder.decode(b"", final=True)))


def _with_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("﻿")
