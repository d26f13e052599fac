"""Text from right to left is drawn in the order that the Unicode algorithm gives it."""

import pytest

from segmenter.report.bidi import visual, with_direction_marks


@pytest.mark.parametrize("text", ["", "plain", "12 % (a, b)", "日本 100"])
def test_text_from_left_to_right_stays(text):
    assert visual(text) == text


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ("אבג", "גבא"),
        ("אב גד", "דג בא"),
        ("אב 12 גד", "דג 12 בא"),
        ("אב (12%)", "(12%) בא"),
        ("20% אב, 1,234.5 גד", "דג 1,234.5 ,בא 20%"),
        ("(אב)", "(בא)"),
        ("K-Means אב", "K-Means בא"),
        ("אב K-Means (גד)", "(דג) K-Means בא"),
        ("אב: ₪1,234", "₪1,234 :בא"),
        ("אב\u200fג", "גבא"),
        ("אב!", "!בא"),
    ],
)
def test_words_run_from_right_to_left_and_numbers_and_latin_the_other_way(written, drawn):
    assert visual(written) == drawn


def test_a_drawing_from_right_to_left_says_so_where_a_text_opens_with_a_number():
    drawing = "<text>20% אב</text><text>12</text>"
    assert with_direction_marks(drawing) == "<text>\u200f20% אב</text><text>12</text>"
    assert visual("\u200f20% אב, 45% גד") == "דג 45% ,בא 20%"


def test_nothing_is_lost():
    text = "לקוחות 12 (20%) t-SNE – 3, 4; „אב”"
    assert sorted(visual(text)) == sorted(text)
