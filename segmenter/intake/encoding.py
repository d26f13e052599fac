"""Bytes of unknown encoding -> UTF-8 text with line feeds, which is all that DuckDB is given."""

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
FREE_EXPANSION = 1 << 28  # bytes that any archive may unfold to
EVIDENCE = 1 << 18  # bytes of words that an encoding is judged by
WESTERN = "éèêëàâäáãåöôóòõøüûúùçñíìîïœæß"
CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžäöüőűăâîşţđß"
# The letters of languages by encodings of Latin script; where two make as much sense, the first has it.
LATIN = (
    ("cp1252", WESTERN),
    ("latin-1", WESTERN),
    ("cp1254", "çğıİöşüâîû"),
    ("cp1252", "áðéíóúýþæö"),  # Icelandic, whose own letters are those that Turkish has in their places
    ("cp1250", CENTRAL),
    ("iso8859_2", CENTRAL),
    ("mac_roman", WESTERN),
)
HUNGARIAN = set("áéíóöőúüűÁÉÍÓÖŐÚÜŰ")  # of which õ and û, in the place of ő and ű, make sense in the West too
# Encodings of other scripts: Cyrillic, Greek, Hebrew, Arabic, Japanese, Korean, Chinese.
OTHERS = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp932", "cp949", "gb18030", "big5")
HEBREW = bytes((*range(128), *range(0xE0, 0xFB)))  # with ASCII; Cyrillic has its capitals and ы, ь, э, ю, я elsewhere
MOST = 0.5  # of the high bytes stand beside others in the words of other scripts
PLAUSIBLE = 0.65  # share of the high bytes that make sense in Latin script, below which another script is looked for
COMMON_MARKS = set("‘’‚“”„–—…€£™®©•«»°ªº¡¿²³")  # where one encoding has these, another has letters
ASCII = 127  # the last of its codes
HIGH = re.compile(r"[^\x00-\x7f]")
MIXED = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")  # letters of two scripts in one word
SEPARATORS = re.compile(rb'[\r\n\t,;"]')


@dataclass(frozen=True)
class Text:
    """An export as UTF-8 with line feeds at `path`, the encoding it came in, and the tally of the bytes at `path`."""

    source: SourceFile
    path: Path
    encoding: str
    tally: Tally


def as_utf8(source: SourceFile, folder: Path, encoding: str | None) -> Text:
    """`source` as UTF-8; copied into `folder` only where its bytes have to change.

    Raises
    ------
    SourceError
        The text is no valid `encoding`, holds a zero byte or a line too long to be a record, or unfolds endlessly.
    """
    _check_lines(source)
    found = encoding or _detect(source)
    is_utf8 = codecs.lookup(found).name in {"utf-8", "ascii"} and not source.tally.head.startswith(codecs.BOM_UTF8)
    if is_utf8 and source.tally.has_even_ends and not source.is_gzip:  # others DuckDB's pinned reader does not take
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
    """Refuse `source`, whose text at `path` has the `tally`, where it holds a zero byte.

    Raises
    ------
    SourceError
        It does.
    """
    if tally.has_nul:
        raise SourceError(
            f"{source.path} holds a zero byte on line {line_of_zero(path):,}: it was damaged, or fields were padded with zeros. "
            "Export it again without them."
        )


def _chunks(source: SourceFile) -> Iterator[bytes]:
    """The unpacked bytes; an archive that unfolds beyond reason is refused."""
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
    """Windows-1252, Latin-1, MacRoman or another encoding of Latin script, whichever makes most sense of the high bytes.

    UTF-8 where half of the words are: its other rows are then rejected, and no customer's name is garbled. Where Latin
    letters make little sense, that of another script.
    """
    high = _high(source)
    words = high.split()
    if sum(_is_utf8(word) for word in words) >= len(words) / 2:
        return "utf-8"
    shares = [_plausibility(high, encoding, {*letters, *letters.upper()}) for encoding, letters in LATIN]
    best = LATIN[shares.index(max(shares))][0]
    if max(shares) < PLAUSIBLE or _in_runs(high, 3) >= MOST:
        return _other_script(source) or best
    return "cp1250" if best == "cp1252" and _is_hungarian(high) else best


def _high(source: SourceFile) -> bytes:
    """Words of the export that have bytes above 127, as many as are judged."""
    found = b""
    for chunk in _chunks(source):
        found += _high_words(chunk)
        if len(found) >= CHUNK:
            break
    return found[:CHUNK]


def _in_runs(text: bytes, length: int) -> float:
    """Share of the bytes above 127 that stand several in a row, which three such letters seldom do in Latin script."""
    n_high = sum(byte > ASCII for byte in text)
    return sum(map(len, re.findall(rb"[\x80-\xff]{%d,}" % length, text))) / max(1, n_high)


def _is_hungarian(high: bytes) -> bool:
    letters = {letter for letter in high[:EVIDENCE].decode("cp1250", errors="replace") if ord(letter) > ASCII}
    return letters <= HUNGARIAN and not letters.isdisjoint("őűŐŰ") and not letters.isdisjoint("öüÖÜ")


def _other_script(source: SourceFile) -> str | None:
    """The encoding of another script that cells with high bytes are in, None where they seem to be in none.

    Whole cells, as half of a letter may be a byte below 128. Letters of another script stand beside each other, which
    signs such as × do not.
    """
    from charset_normalizer import from_bytes

    cells: set[bytes] = set()
    for chunk in _chunks(source):
        cells.update(cell for cell in SEPARATORS.split(chunk) if not cell.isascii())
        if sum(map(len, cells)) >= EVIDENCE:
            break
    text = b"; ".join(sorted(cells))[:EVIDENCE]
    if _in_runs(text, 2) < MOST:
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
    """The words of `chunk` that have bytes above 127."""
    table = bytes(byte if byte > 127 or chr(byte).isalpha() else 32 for byte in range(256))
    return b" ".join(word for word in set(chunk.translate(table).split()) if not word.isascii()) + b" "


def _plausibility(high: bytes, encoding: str, letters: Container[str]) -> float:
    """How much sense the high bytes make under an encoding: the share of letters and marks in their place, less impossible ones.

    A sign beside no letter, such as a × or a no-break blank between digits, says nothing; neither does a text of nothing
    else.
    """
    text = high[:EVIDENCE].decode(encoding, errors="replace")
    places = (
        (text[at - 1 : at], text[at], text[at + 1 : at + 2]) for at in (found.start() for found in HIGH.finditer(text))
    )
    fits = [(_fit(*place, letters), place[0].isalpha() or place[2].isalpha()) for place in places]
    telling = [fit for fit, is_in_word in fits if fit or is_in_word]
    return sum(telling) / len(telling) if telling else PLAUSIBLE


def _fit(before: str, letter: str, after: str, letters: Container[str]) -> int:
    """1 for a letter or mark that fits between its neighbours, -1 for what does not, 0 for what says nothing.

    A capital does not follow a small letter (CafÈ), nor a small letter stand before a capital (OíNeill), nor one of the
    letters between two others (Ïðèâåò); but for an apostrophe no mark stands between two letters (JAB”N).
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
    """Refuse text whose first lines are too long to be records, before anything else reads it whole."""
    head = next(_chunks(source), b"")[: 2 * LONGEST_LINE]
    if len(head) > LONGEST_LINE and b"\n" not in head[:LONGEST_LINE] and b"\r" not in head[:LONGEST_LINE]:
        raise SourceError(
            f"{source.path} has a line of more than {LONGEST_LINE:,} characters: it is not a table of lines."
        )


def _transcode(source: SourceFile, target: Path, encoding: str) -> None:
    """Write the text as UTF-8; bytes that are none in a text of UTF-8 stay as they are, so that their rows are rejected."""
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
