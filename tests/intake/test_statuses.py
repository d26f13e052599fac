"""An order's status: what came to nothing is no sale, in the words of shops of many languages; how words are read is told."""

import pytest

from segmenter.intake.statuses import in_words

WORDS = {
    "cancelled": (
        "cancelled", "Canceled", "wc-cancelled", "Order cancelled", "Customer cancelled", "Auto-cancelled", "storniert", "Anulado",
        "annullato", "geannuleerd", "anulowane", "Avbruten", "voided", "payment failed", "Payment Cancelled", "declined", "expired",
        "abandoned", "uncollectible", "draft", "wc-checkout-draft", "pending payment", "wc-pending", "test", "Quote",
    ),
    "refunded": (
        "refunded", "Refund", "fully refunded", "refunded - full", "erstattet", "remboursé", "Remboursement", "Reembolsado", "Devuelto",
        "Rimborsato", "Returned", "Retourniert", "Retoure", "Reversed", "Chargeback", "charge back",
    ),
    "sales": (
        "completed", "paid", "shipped", "processing", "on-hold", "pending", "authorized", "unpaid", "open", "partially refunded",
        "partially_refunded", "return requested", "tested", "in Vorbereitung", "Quoted price accepted", "not cancelled",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "word"), [(kind, word) for kind, words in WORDS.items() for word in words])
def test_a_word_is_read_as_what_it_says(kind, word):
    assert in_words([word]) == f"{kind}: “{word}”"


@pytest.mark.parametrize(("kind", "word"), [(kind, word) for kind, words in WORDS.items() for word in words[::3]])
def test_what_is_told_of_a_word_is_what_becomes_of_its_rows(export, kind, word):
    rows = [f"c{n % 5},2024-01-{n % 15 + 13},{n + 1},{'paid' if n % 4 else word}" for n in range(40)]
    loaded = export.read("\n".join(["customer,date,amount,status", *rows, ""]))
    assert loaded.fates == ({"sale": 40} if kind == "sales" else {"sale": 30, "cancelled_status": 10})
    assert f"{kind}: “" in loaded.intake.recognition.reasons["status"]
    assert f"“{word}”" in loaded.intake.recognition.reasons["status"]


def test_each_kind_names_its_commonest_words_and_says_where_there_are_more():
    words = [word for n, word in enumerate("abcdefgh", start=1) for _ in range(n)]
    assert in_words([*words, "cancelled"]) == "sales: “h”, “g”, “f”, “e”, “d”, “c”, …; cancelled: “cancelled”"
