"""A torn record is nowhere but in ``rejected``, whole and under the line that an editor shows, whatever stands before it."""

import contextlib
import random
import re

import numpy as np
import pytest

from segmenter.errors import SourceError
from segmenter.intake import torn
from segmenter.intake.texts import TextBatch

HEADER = "order_id,customer_id,order_date,description,amount"
NOTES = ('"pipe {}, ""big"", ""red""\nthin"', '"a ""b"", c\n{}, ""x"", red"', "plain {}")
N = 40


@pytest.fixture
def uncounted(monkeypatch):
    """Files are read on whose number of records two readers differ: most that are torn so are refused for it, by chance."""
    monkeypatch.setattr(TextBatch, "_check_counts", lambda *_: None)


def token(n):
    return f"T{n:05d}T"


def sales(note, n_rows=N):
    """Records by number; each holds its token twice, and most are folded over two lines."""
    notes = [note.format(token(n)) for n in range(n_rows)]
    return [f"{token(n)},c{n % 5},2024-01-{n % 15 + 13},{each},5" for n, each in enumerate(notes)]


def joined(rows, newline="\n"):
    return "\n".join([HEADER, *rows, ""]).replace("\n", newline)


def tokens(text):
    return re.findall(r"T\d{5,6}T", text)


def kept(loaded):
    rows = loaded.connection.execute("SELECT order_id, description FROM records").fetchall()
    return {each for row in rows for each in tokens(row[0] or "")}


def told(loaded):
    return {each for row in loaded.rejected for each in tokens(row[-1])}


def stray_quote(row):
    """The record with a quote behind which its note goes on."""
    at = row.index('"') + 2
    return f'{row[:at]}"{row[at:]}'


@pytest.mark.parametrize(
    ("begin", "newline", "note"),
    [("", "\n", NOTES[0]), ("\ufeff", "\n", NOTES[1]), ("", "\r\n", NOTES[1]), ("\ufeff", "\r\n", NOTES[0])],
)
@pytest.mark.parametrize("at", [0, 1, 20, N - 1])
def test_a_record_torn_behind_a_folded_one_is_in_rejected_from_its_line_on(uncounted, export, at, note, newline, begin):
    rows = sales(note)
    rows[at] = stray_quote(rows[at])
    text = joined(rows, newline)
    loaded = export.read((begin + text).encode())
    assert kept(loaded) == {token(n) for n in range(N) if n != at}
    assert told(loaded) == {token(at)}
    lines = text.split(newline)
    assert rows[at].split("\n")[0] in loaded.rejected[0][-1]
    for _, line, _, _, verbatim in loaded.rejected:
        assert verbatim.startswith(lines[line - 1])


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 60))])
def test_every_token_of_a_damaged_file_is_among_the_lines_or_the_rejected(uncounted, export, seed):
    rng = random.Random(seed)
    rows = [rng.choice(sales(rng.choice(NOTES))[n : n + 1]) for n in range(N)]
    for _ in range(rng.randint(1, 4)):
        n = rng.randrange(N)
        at = rng.randrange(rows[n].index("T", 1) + 1, len(rows[n]))
        rows[n] = rows[n][:at] + rng.choice(['"', '"', "\n", ",", "\udcff"]) + rows[n][at:]
    text = joined(rows, rng.choice(["\n", "\r\n"]))
    with contextlib.suppress(SourceError):  # for a quote that swallows lines
        loaded = export.read(text.encode(errors="surrogateescape"))
        assert kept(loaded) | told(loaded) >= set(tokens(text))
        assert all(row[-1].strip() for row in loaded.rejected)


def test_several_files_in_one_scan_keep_their_torn_records_apart(uncounted, export, tmp_path):
    for number in range(3):
        rows = [row.replace("T", f"T{number}", 1) for row in sales(NOTES[0])]
        rows[number + 5] = stray_quote(rows[number + 5])
        (tmp_path / f"{number}.csv").write_text(joined(rows))
    loaded = export.load(tmp_path)
    found = {(row[0], row[1]) for row in loaded.rejected if row[-1].startswith("T")}
    assert found == {(f"{number}.csv", 2 * (number + 5) + 2) for number in range(3)}


@pytest.mark.slow
def test_a_torn_record_beyond_the_readers_buffer_is_found_by_any_number_of_threads(uncounted, export):
    rows = sales(NOTES[0], 800_000)  # more than the 32 MB that are read at once
    for at in (5, 790_000):
        rows[at] = stray_quote(rows[at])
    text = joined(rows)
    loaded = export.read(text)
    assert told(loaded) == {token(5), token(790_000)}
    lines = text.split("\n")
    assert all(verbatim.startswith(lines[line - 1]) for _, line, _, _, verbatim in loaded.rejected)


def test_a_value_that_cannot_be_read_keeps_its_line_behind_torn_records(uncounted, export):
    rows = sales(NOTES[0])
    rows[10], rows[30] = stray_quote(rows[10]), rows[30].replace("2024", "never")
    loaded = export.read(joined(rows))
    assert [row[1] for row in loaded.rejected if token(30) in row[-1]] == [62]


def test_a_torn_record_that_is_very_long_is_cut_and_says_so(uncounted, export):
    rows = sales(NOTES[0])
    rows[20] = stray_quote(rows[20].replace("pipe", "pipe" * 5000).replace("\n", " "))
    loaded = export.read(joined(rows))
    assert {row[-1].endswith(torn.CUT) for row in loaded.rejected if token(20) in row[-1]} == {True}
    assert all(len(row[-1]) <= torn.LONGEST + len(torn.CUT) for row in loaded.rejected)


def test_lines_of_bytes_are_those_that_an_editor_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(torn, "CHUNK", 7)
    data = b"ab\n\ncdefghijklm\n\n\nno\np"
    (tmp_path / "a.txt").write_bytes(data)
    places = np.array(random.Random(1).sample(range(len(data)), len(data)))
    expected = [data[:place].count(b"\n") + 1 for place in places]
    assert torn.lines_of(tmp_path / "a.txt", places).tolist() == expected
