"""Converts timestamps with words and signs to digits: names of months, weekdays, time zones, 2024年3月15日."""

from __future__ import annotations

import re
import unicodedata

# Prefixes of the names of months in the languages of Europe, without accents. A prefix that extends another month's comes
# before it, as Czech July before June and Finnish November before March.
MONTHS = (
    (6, "lipanj|lipnja"),
    (7, "jul|juil|lug|lip|cerven?c|srpanj|srpnja|tem|iul|июл|лип|heina"),
    (11, "nov|noi|lis|kas|ноя|лис|marras"),
    (1, "jan|ene|gen|sty|led|oca|ian|янв|січ|tammi"),
    (2, "feb|fev|lut|uno|sub|фев|лют|helmi"),
    (3, "mar|maa|mrt|mrz|brez|мар|бер"),
    (4, "apr|abr|avr|kwi|dub|nis|апр|кві|huhti"),
    (5, "mai|maj|may|mag|mei|kve|маи|мая|тра|touko"),
    (6, "jun|juin|giu|cze|cerv|haz|iun|июн|чер|kesa"),
    (8, "aug|aou|ago|sie|srp|agu|авг|сер|elo"),
    (9, "sep|set|szep|wrz|zar|eyl|сен|вер|syys"),
    (10, "oct|okt|ott|out|paz|rij|eki|окт|жов|loka"),
    (12, "dec|dez|dic|des|gru|pro|ara|дек|гру|joulu"),
)
ENGLISH = "|".join(f"{name[:3]}({name[3:]})?" for name in (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"
))  # fmt: skip
DAY, YEAR = "([0-9]{1,2})[. /-]*(?:de )?", "[. /,-]+(?:del? )?([0-9]{4}|[0-9]{2})"
# Timestamps that need no conversion, apart from an offset or a comma.
PLAIN = (
    f"([0-9]{{1,4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,4}}|[0-9]{{1,2}}[- ](?i:{ENGLISH})[- ][0-9]{{2,4}}"
    f"|(?i:{ENGLISH})[ -][0-9]{{1,2}},?[ -][0-9]{{2,4}}|[0-9]{{8}})"
    "([T ,]+[0-9]{1,2}:[0-9:]+([.][0-9]{1,6})?( ?[AaPp][Mm])?(Z| ?[+-][0-9:]+| UTC)?)?"
)
OFFSET = "(:[0-9]{2}([.][0-9]+)?) ?[+-][0-9]{2}(:?[0-9]{2})?$"  # from UTC
# Patterns and their replacements, in order, in RE2's syntax.
STEPS = (
    ("^[A-Za-z\u00c0-\u024f\u0400-\u04ff]+[.]?, ?", ""),  # a weekday
    (" ?[(][^()0-9]+[)]$", ""),
    (OFFSET, r"\1"),
    ("([0-9]|[AaPp][Mm]) ?(Uhr|[A-Z]{3,4})$", r"\1"),  # a time zone is dropped like an offset
    ("([.][0-9]{6})[0-9]+Z?$", r"\1"),
    ("^([0-9]{4}) ?[年.] ?([0-9]{1,2}) ?[月.] ?([0-9]{1,2}) ?[日.]?,?", r"\1-\2-\3"),
    ("([0-9]),? (-|–|à|um|at|kl[.]?|om|o|a las) ([0-9]{1,2}[:.][0-9])", r"\1 \3"),
    (" ([0-9]{1,2})[.]([0-9]{2})$", r" \1:\2"),
    (" ?([AaPp])[.] ?[Mm][.]?$", r" \1m"),
    ("^([A-Za-z]+ [0-9]{1,2})(st|nd|rd|th)", r"\1"),
    (",? ([0-9]{1,2}:[0-9:.]+)[ \u00a0\u202f]?", r" \1 "),
)


def digits_sql(column: str) -> str:
    """SQL of the timestamp in text `column`, with a month's name replaced by its number and other words removed."""
    text = column
    for pattern, by in STEPS:
        text = f"regexp_replace({text}, '{pattern}', '{by}')"
    plain = f"trim({text})"
    named = f"lower(strip_accents({plain}))"
    for number, names in MONTHS:
        named = f"regexp_replace({named}, '^{DAY}(?:{names})[^0-9 ./-]*{YEAR}( ?г[.]?)?,?', '\\1/{number}/\\2')"
    return f"CASE WHEN regexp_matches({column}, '^([^0-9]*, ?)?{DAY}[^0-9 ./:-]') THEN {named} ELSE {plain} END"


def are_digits(column: str) -> str:
    """SQL that is true where a timestamp is written plainly, as nearly all are, and needs no `digits_sql`."""
    return f"regexp_full_match({column}, '{PLAIN}')"


def is_in_words(text: str) -> bool:
    """Whether a text looks like a date with a month's name, or with the characters of East Asia as separators."""
    if len(text) > 60 or not re.search("[0-9]", text):
        return False
    bare = re.sub("^[^0-9]*, ?", "", text)
    if re.match("[0-9]{4} ?[年.] ?[0-9]{1,2} ?[月.] ?[0-9]{1,2}", text):
        return True
    plain = "".join(each for each in unicodedata.normalize("NFD", bare.lower()) if not unicodedata.combining(each))
    return bool(re.match(f"{DAY}(?:{'|'.join(names for _, names in MONTHS)})[^0-9 ./-]*{YEAR}", plain))
