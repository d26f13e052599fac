"""Tables on a terminal of eighty columns: words stay whole, long paths lose their middle, elsewhere nothing is cut."""

import io
import re

import pytest
from rich.console import Console

from segmenter.commands import runs
from segmenter.commands.schedule import _minute
from segmenter.console import Terminal, printable

HEADS = ("schedule", "due (UTC)", "to", "what", "state", "at (UTC)", "answer")
PATH = "/srv/reports/of/the/whole/company/20261129T150600Z-weekly"
ROW = ("weekly", "2026-11-29 15:06", "a.rather.long.address@shop.example", "report", "sent", "2026-11-29 15:06", PATH)


@pytest.fixture
def printed():
    def printed(is_terminal, *table):
        terminal, out = Terminal(), io.StringIO()
        terminal.console = Console(file=out, width=80, force_terminal=is_terminal, no_color=True, highlight=False)
        terminal.table(*table)
        return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())

    return printed


def test_on_a_terminal_no_line_is_wider_and_no_word_of_a_heading_is_broken(printed):
    text = printed(True, HEADS, [ROW])
    assert max(map(len, text.splitlines())) <= 80
    assert set(" ".join(HEADS).split()) <= set(text.split())
    assert "2026-11-29" in text
    assert "15:06" in text
    cut = [word for word in text.split() if "…" in word]
    assert len(cut) == 2
    assert all(len(word) >= 12 for word in cut)


def test_elsewhere_a_path_is_whole(printed):
    text = printed(False, HEADS, [ROW])
    assert PATH in text.split()
    assert ROW[2] in text.split()


def test_words_that_cannot_be_cut_any_shorter_stay_whole_on_a_narrow_terminal(printed):
    heads = tuple(f"heading-number-{number}" for number in range(6))
    assert set(heads) <= set(printed(True, heads, [("1",) * 6]).split())


def test_figures_are_written_as_people_read_them():
    assert runs._written(348671.2, "amount") == "348,671"
    assert runs._written(1234, "customers") == "1,234"
    assert runs._written("returning", "kind") == "revenue now only"
    assert runs._written(None, "kind") == ""
    assert runs._written(True, "is_anomaly") == "True"


def test_a_moment_is_a_day_and_a_minute():
    assert _minute("2026-11-29T15:06:31.123+00:00") == "2026-11-29 15:06"


def test_a_figure_reads_as_its_language_writes_it():
    from babel.numbers import format_currency, format_percent

    told = [format_currency(1234.5, "EUR", locale=each) for each in ("de", "fr", "he", "sv")]
    told += [format_percent(-0.192, locale=each, format="0.0 %") for each in ("de", "he")]
    for figure in told:
        assert "�" not in printable(figure)
    assert printable(told[0]) == "1.234,50 €"
    assert printable("a\u202ecsv.exe\n\x1b[2J") == "a�csv.exe��[2J"
