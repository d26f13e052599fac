"""What a message says: the run in brief, its alerts, or the paragraphs of a notice; and the files that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.config.report import ReportConfig
from segmenter.delivery.outbox import Message
from segmenter.errors import RunError

if TYPE_CHECKING:
    from segmenter.report.brief import Brief
    from segmenter.report.language import Voice
    from segmenter.report.types import AlertLine, AlertPage, Stat
    from segmenter.runs.types import Run

FILES = {
    "html": ("report.html",), "pdf": ("report.pdf",), "csv": ("customers.csv", "segments.csv", "anomalies.csv"), "xlsx": ("report.xlsx",),
    "parquet": ("customers.parquet",),
}  # fmt: skip
ORDER = "by the money that acting can move, a rule of thumb"
OF_CUSTOMERS = {"customers.csv", "anomalies.csv", "customers.parquet"}  # a row per customer
PAGES = {"report.html", "report.pdf", "report.xlsx"}  # name customers unless the run had report.customer_rows = false


def files_of(kind: str, *, customer_rows: bool) -> tuple[str, ...]:
    """The files of a format that go with a report, without single customers where `customer_rows` is off."""
    return tuple(name for name in FILES[kind] if customer_rows or name not in OF_CUSTOMERS)


@dataclass(frozen=True)
class Content:
    """A message ready for any channel: subject, paragraphs of plain text, an HTML page, and files that exist.

    `figures` and `alerts` (the new and worsened ones) are for machines; `voice` translates into the reader's language.
    """

    subject: str
    text: tuple[str, ...]
    html: str
    files: tuple[Path, ...]
    voice: Voice
    company: str
    figures: tuple[Stat, ...] = ()
    alerts: tuple[AlertLine, ...] = ()


def content(message: Message, archive: Path, config: ReportConfig) -> Content:
    """The content of `message`.

    Raises
    ------
    RunError
        The run that it is about is gone or damaged, or names customers where `config` wants none named.
    ReportError
        A template of the team's own is broken.
    """
    from segmenter.report.language import Voice
    from segmenter.report.templating import fill
    from segmenter.runs.archive import read
    from segmenter.runs.news import as_news

    if message.run_id is None:
        voice = Voice(config.locale)
        values = {"title": message.title, "text": message.text, "accent": config.accent, "voice": voice}
        page = fill("mail_notice.html", config.templates, **values)
        return Content(message.title, message.text, page, (), voice, config.company)
    run = read(archive / message.run_id)
    names = run.manifest.settings.report.customer_rows
    files = _files(message, archive / message.run_id, names=names, may_name=config.customer_rows)
    config = config.in_currency(run.manifest.currency)
    config = config.model_copy(update={"customer_rows": names and config.customer_rows})
    voice = Voice(config.locale, config.currency, run.manifest.own_names)
    if message.kind == "alerts":
        return _alerts(message, as_news(run, archive, message.since), config, voice, files)
    return _report(message, run, config, voice, files)


def _files(message: Message, folder: Path, *, names: bool, may_name: bool) -> tuple[Path, ...]:
    """The files that go with `message`; none with a row per customer where the run does not, or may not, name them.

    Raises
    ------
    RunError
        The report names customers and may not.
    """
    if names and not may_name and PAGES.intersection(name for kind in message.formats for name in FILES[kind]):
        raise RunError(
            f"The report of {folder.name} names customers, which report.customer_rows = false forbids. Run again."
        )
    allowed = [name for kind in message.formats for name in files_of(kind, customer_rows=names and may_name)]
    return tuple(folder / name for name in allowed if (folder / name).is_file())


def _report(message: Message, run: Run, config: ReportConfig, voice: Voice, files: tuple[Path, ...]) -> Content:
    from segmenter.report.brief import brief
    from segmenter.report.templating import fill

    known = brief(run, config)
    html = fill("mail_report.html", config.templates, brief=known, opening=message.text, say=voice)
    text = (*message.text, *_plain(known, voice))
    return Content(f"{known.title}, {known.date}", text, html, files, voice, known.company, known.stats)


def _plain(known: Brief, voice: Voice) -> tuple[str, ...]:
    """The run in brief as paragraphs."""
    todo = tuple(f"{number}. {each.name}: {each.text} ({each.money})" for number, each in enumerate(known.actions, 1))
    figures = "; ".join(f"{each.value} {each.label}" for each in known.stats)
    return (
        *known.sentences,
        *((f"{voice('What changed since last time')}:", *known.changed) if known.changed else ()),
        *((f"{voice('What to do first')}, {voice(ORDER)}:", *todo) if todo else ()),
        figures,
    )


def _alerts(message: Message, run: Run, config: ReportConfig, voice: Voice, files: tuple[Path, ...]) -> Content:
    """The alerts of a run, whose states are relative to the run `message.since`."""
    from segmenter.report.alerts import alert_lines, alert_view
    from segmenter.report.templating import fill
    from segmenter.runs.alerts import FRESH

    lines, counts = alert_lines(run), run.history.alerts
    page = alert_view(lines, config, run.manifest.as_of, counts)
    html = fill("mail_alerts.html", config.templates, page=page, opening=message.text)
    fresh = tuple(line for line in lines if line.state in FRESH)
    subject = (
        voice("Odd customers in the first run: {n}, {date}", n=voice.number(len(lines)), date=page.date)
        if counts is not None and counts.is_baseline
        else voice("Odd customers: {n} new or worse, {date}", n=voice.number(len(fresh)), date=page.date)
    )
    shown = fresh if config.customer_rows else ()
    text = (*message.text, *_plain_alerts(page))
    return Content(subject, text, html, files, voice, page.company, page.stats, shown)


def _plain_alerts(page: AlertPage) -> tuple[str, ...]:
    """New and worsened alerts, customer by customer, and the rest in numbers, as paragraphs."""
    paragraphs: list[str] = []
    for group in page.groups:
        if group.is_news:
            paragraphs.append(f"{group.heading} ({group.meaning}):")
            for row in group.rows:
                head = ", ".join(filter(None, (row.customer_id, row.severity, row.amount)))
                paragraphs.append(f"{head}. {' '.join(filter(None, (_sentence(row.reason), row.step, row.evidence)))}")
            paragraphs += [group.more] if group.more else []
    figures = ", ".join(f"{each.label}: {each.value}" for each in page.stats)
    return (page.headline, *paragraphs, *filter(None, [figures]), *page.notes)


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
