"""What of a page stays in English: a catalogue that answers in one letter, and the texts that still hold others."""

import re
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
from babel.dates import get_month_names

from segmenter.report import language
from segmenter.report.catalogue import Catalogue, read

HOW = (
    "The texts below stay in English. Say each through the voice where it is shown, or, where an analysis writes it, see "
    "segmenter/report/translation.py; and translate it in every templates/locale/*/LC_MESSAGES/report.po:"
)
SPOKEN = {"alt", "aria-label", "title", "content", "placeholder"}  # attributes that a reader may hear or see
SILENT = {"script", "style", "meta", "link"}
VOID = {"meta", "link", "img", "input", "br", "hr", "source", "col", "wbr"}
KNOWN = re.compile(
    r"eps = |\((?:EUR|GBP)\)|utf-8|K-Means|t-SNE|Mio\.|segmenter runs (?:show|accept)|--figure NAME"
)  # the same in every language


@contextmanager
def one_letter(locale):
    """While it lasts a language's translations read жжж: what keeps another letter was never translated."""
    found = read(locale)
    masked = Catalogue(
        *({text: _mask(told) for text, told in texts.items()} for texts in (found.texts, found.analysis))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "catalogue", lambda _: masked)
        yield


def _mask(told):
    """Every letter outside the {names} as ж, which no language here writes."""
    return re.sub(r"(\{\w+\})|([^\W\d_])", lambda found: found[1] or ("Ж" if found[2].isupper() else "ж"), told)


def texts_of(page):
    """What a reader of an HTML page sees or hears, text by text in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.texts


def unspoken(texts, locale, raw=()):
    """Those of `texts` that no catalogue gave, in order; `raw` are words of users."""
    widths = [get_month_names(width, locale=locale) for width in ("wide", "abbreviated")]
    months = {name.rstrip(".") for names in widths for name in names.values()}
    return [text for text in map(str.strip, texts) if _has_letters(re.sub(r"\{\w+\}", "", text), {*months, *raw})]


def _has_letters(text, allowed):
    for known in sorted(allowed, key=len, reverse=True):
        text = text.replace(known, "")
    text = re.sub(
        r"(?i)\w+\.(?:csv|json|parquet|sql|period_days)\b|\bp_\w+|\d{8}T\d+Z-\w+|[0-9a-f]*\d[0-9a-f]*",
        "",
        KNOWN.sub("", text),
    )
    return re.search(r"[^\W\d_ж]{3,}", text, re.IGNORECASE) is not None


class _Reader(HTMLParser):
    """Collects texts and spoken attributes outside of scripts, styles and what is marked as never translated."""

    def __init__(self):
        super().__init__()
        self.texts, self.muted = [], []

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        if not self.muted and tag not in SILENT:
            self.texts += [known[name] for name in SPOKEN & known.keys() if known[name]]
        if tag not in VOID and (self.muted or tag in SILENT or known.get("translate") == "no"):
            self.muted.append(tag)

    def handle_endtag(self, tag):
        if self.muted and tag not in VOID:
            self.muted.pop()

    def handle_data(self, data):
        if not self.muted and data.strip():
            self.texts.append(data)
