"""Every letter on paper has a font, or the reader is told that it has none."""

import logging

import pytest

from segmenter.assets import asset
from segmenter.report import fonts
from segmenter.report.brand import font_faces


def test_what_counts_as_shipped_is_in_every_shipped_face():
    for stem in (
        "source-sans-3-{}-400-normal",
        "source-sans-3-{}-400-italic",
        "source-sans-3-{}-600-normal",
        "source-serif-4-{}-600-normal",
    ):
        files = [asset("templates/fonts") / f"{stem.format(subset)}.woff2" for subset in ("latin", "latin-ext")]
        letters = frozenset().union(*map(fonts._letters, files))
        assert not [
            letter for letter in map(chr, range(32, 0x2300)) if fonts.SHIPPED.match(letter) and letter not in letters
        ]


@pytest.mark.parametrize("text", ["Zwölf Łódź €1,234 “so” – 5 %", "plain"])
def test_letters_of_latin_europe_ask_for_no_other_font(text):
    assert fonts.more_faces(text) == ""


@pytest.mark.parametrize("text", ["₪12", "שלום", "Привет", "a → b", "12\u202f345"])
def test_other_letters_bring_dejavu_along(text):
    assert "DejaVuSans.ttf" in fonts.more_faces(text)
    assert not fonts.without_font(text)


def test_no_face_claims_letters_that_it_may_lack():
    assert "unicode-range" not in font_faces("Łódź")


def test_letters_that_no_font_has_are_named_once_with_what_to_install(monkeypatch, caplog):
    monkeypatch.setattr(
        fonts, "_fonts", lambda: iter([asset("templates/fonts") / "source-sans-3-latin-400-normal.woff2"])
    )
    with caplog.at_level(logging.WARNING):
        fonts.warn_of_boxes("日本の会社 Ltd")
    assert len(caplog.records) == 1
    assert "shows boxes for these letters" in caplog.text
    assert "fonts-noto-cjk" in caplog.text


def test_a_file_that_is_no_font_has_no_letters(tmp_path):
    (tmp_path / "a.ttf").write_bytes(b"no font")
    assert not fonts._letters(tmp_path / "a.ttf")


def test_only_our_fonts_are_read_by_name():
    with pytest.raises(ValueError, match="passwd"):
        fonts.font_file("../../etc/passwd")
